"""What a person reads on stdout: findings, levers, chains; wrapped to the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from causal_service.errors import Text
from causal_service.panel.findings import Finding
from causal_service.panel.summary import PanelSummary
from causal_service.report.composition import compose
from causal_service.report.document import ChainGroup, Document, FindingCard, OutcomeSection
from causal_service.report.labels import SEVERITIES
from causal_service.report.tables import lever_table
from causal_service.report.typesetting import cells, wrap
from causal_service.report.words import words
from causal_service.study_record import Study

__all__ = ["findings_text", "headline", "paragraph", "study_text"]

_DEFAULT_WIDTH, _NARROWEST, _WIDEST = 100, 40, 120
_SHOWN_MISLED = 3
_SHOWN_GROUPS, _SHOWN_CHAINS = 3, 2
_CHECKED = Text(
    "数据检查：{entities}个实体，{periods}期，{rows}行，{indicators}个指标",
    "Data checks: {entities} entities, {periods} periods, {rows} rows, {indicators} indicators",
)
_COUNTS = Text("未通过 {fail}，待核实 {review}，通过 {passed}", "{fail} failed, {review} to review, {passed} passed")


def study_text(study: Study, lang: str) -> str:
    """Return answer, lever table, main chains and findings to review of a study."""
    document = compose(study, lang)
    facts = " · ".join(f"{fact.label}: {fact.value}" for fact in document.facts)
    parts = [f"{headline(document.title)}\n{paragraph(facts)}"]
    for section in document.sections:
        if len(document.sections) > 1:
            parts.append(headline(section.name))
        parts += _outcome(section, lang)
    if document.open_findings:
        parts.append(_to_review(document, lang))
    return "\n\n".join(parts) + "\n"


def findings_text(panel: PanelSummary, findings: Sequence[Finding], lang: str) -> str:
    """Return all findings of a panel, failed ones first, what passed in one line each."""
    order = ("fail", "review", "pass")
    counts = {name: sum(f.severity == name for f in findings) for name in order}
    size = _CHECKED.get(lang).format(
        entities=panel.entities, periods=panel.periods, rows=panel.rows, indicators=len(panel.indicators)
    )
    total = _COUNTS.get(lang).format(fail=counts["fail"], review=counts["review"], passed=counts["pass"])
    blocks = [f"{headline(size)}\n{total}"]
    for severity in order:
        cards = [f for f in findings if f.severity == severity]
        if cards:
            label = SEVERITIES[severity].get(lang)
            lines = [_item(f.message.get(lang), "" if severity == "pass" else f.remedy.get(lang)) for f in cards]
            blocks.append("\n".join([label, *lines]))
    return "\n\n".join(blocks) + "\n"


def headline(text: str) -> str:
    """Return a line of text, underlined."""
    return f"{text}\n{'=' * min(cells(text), _width())}"


def paragraph(text: str, indent: int = 0, first: str = "") -> str:
    """Return ``text`` wrapped to the terminal, indented; ``first`` replaces the indent of the first line."""
    lines = wrap(text, _width() - indent, measure=cells)
    return "\n".join((first if first and k == 0 else " " * indent) + line for k, line in enumerate(lines))


def _outcome(section: OutcomeSection, lang: str) -> list[str]:
    parts = [paragraph(section.answer), lever_table(section, lang)]
    if section.rehearsal is not None:
        parts.append(paragraph(section.rehearsal.text))
    if section.identification:
        parts.append(paragraph(section.identification[0].sentence))
    if section.checks:
        lines = [paragraph(f"{lever.name} {lever.step}: {lever.summary}", 2, "- ") for lever in section.checks]
        parts.append("\n".join([words(lang)["checks"], *lines]))
    parts += [paragraph(row.sentence) for row in section.averages]
    if section.for_whom is not None and section.for_whom.text:
        parts.append(paragraph(section.for_whom.text))
    if section.along is not None:
        said = [*(group.note for group in section.along.levers), section.along.caveat, *section.along.refusals]
        name = words(lang)["along"].format(name=section.along.name)
        parts.append("\n".join([name, *(_item(text, "") for text in said if text)]))
    if section.contrast_lead:
        parts.append("\n".join([paragraph(section.contrast_lead), *_misled(section, lang)]))
    worth = {row.name for row in section.levers if row.verdict in ("act", "test")}
    groups = [group for group in section.chains if group.name in worth]
    if groups:
        parts.append("\n".join([words(lang)["chains"], *map(_chains, groups[:_SHOWN_GROUPS])]))
    if section.doses is not None:
        curves = [_item(picture.sentence, "") for picture in section.doses.pictures[:_SHOWN_GROUPS]]
        refusals = [_item(refusal, "") for refusal in section.doses.refusals[:_SHOWN_GROUPS]]
        parts.append("\n".join([words(lang)["doses"], *curves, *refusals]))
    return parts


def _misled(section: OutcomeSection, lang: str) -> list[str]:
    """Return why what charts put first is not what to move first, one item per indicator."""
    rows = [row for row in section.contrast if row.misleading][:_SHOWN_MISLED]
    colon = "：" if lang == "zh" else ": "
    return [paragraph(f"{row.name}{colon}{row.why}", 2, "- ") for row in rows]


def _chains(group: ChainGroup) -> str:
    lines = [f"- {group.name} {group.step}"]
    lines += [
        paragraph(f"{' → '.join(row.path)}  ({row.part})", 9, f"    {row.share:>4s} ")
        for row in group.rows[:_SHOWN_CHAINS]
    ]
    return "\n".join(lines)


def _to_review(document: Document, lang: str) -> str:
    return "\n".join([words(lang)["findings"], *(_card(card) for card in document.open_findings)])


def _card(card: FindingCard) -> str:
    return _item(f"{card.severity_label}: {card.message}", card.remedy)


def _item(message: str, remedy: str) -> str:
    lines = [paragraph(message, 2, "- ")]
    if remedy:
        lines.append(paragraph(remedy, 4))
    return "\n".join(lines)


def _width() -> int:
    if sys.stdout is None or not sys.stdout.isatty():
        return _DEFAULT_WIDTH
    return min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
