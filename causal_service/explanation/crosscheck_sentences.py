"""What DoWhy says about an effect, in one sentence, and a finding where it says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causal_service.effects.crosscheck import Crosscheck, RefuterCheck
from causal_service.errors import Text
from causal_service.explanation.check_sentences import check_label
from causal_service.explanation.identification_sentences import strategy_words
from causal_service.explanation.phrases import Names, name_of, spaced
from causal_service.explanation.quantities import format_number
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.statements import about_indicators

__all__ = ["crosscheck_findings", "crosscheck_worded"]


def crosscheck_worded(row: Crosscheck, indicators: Names) -> Crosscheck:
    """Return the row with its sentence."""
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    parts = [_identification(row, lever, outcome), *(_refuter(one) for one in row.refuters)]
    return replace(row, sentence=spaced("".join(p.zh for p in parts), " ".join(p.en for p in parts)))


def _identification(row: Crosscheck, lever: Text, outcome: Text) -> Text:
    if row.theirs is None:
        return Text(
            f"{lever.zh}对{outcome.zh}：有方向未定的箭头，DoWhy无法判断。",
            f"{lever.en} on {outcome.en}: an arrow is open, which DoWhy cannot judge.",
        )
    ours, theirs = strategy_words(row.ours), strategy_words(row.theirs)
    if row.agrees:
        return Text(
            f"{lever.zh}对{outcome.zh}：DoWhy的判断与此相符（{ours.zh}）。",
            f"{lever.en} on {outcome.en}: DoWhy agrees ({ours.en.lower()}).",
        )
    return Text(
        f"{lever.zh}对{outcome.zh}：DoWhy的判断不同（这里：{ours.zh}；DoWhy：{theirs.zh}）。",
        f"{lever.en} on {outcome.en}: DoWhy says otherwise (here: {ours.en.lower()}; DoWhy: {theirs.en.lower()}).",
    )


def _refuter(one: RefuterCheck) -> Text:
    label = check_label(one.check)
    found, expected = format_number(one.found), format_number(one.expected)
    zh, en = ("相符", "the same") if one.agrees else ("不相符", "not the same")
    return Text(
        f"{label.zh}：DoWhy逐行重算{one.repeats}次得{found}，这里的闭式解为{expected}，{zh}。",
        f"{check_label(one.check).en}: {one.repeats} repeats of DoWhy on the rows give {found}, the closed form here "
        f"{expected}: {en}.",
    )


def crosscheck_findings(rows: Sequence[Crosscheck], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per effect whose identification or refuters DoWhy sees otherwise."""
    return tuple(
        about_indicators(
            "identification-disagrees" if row.agrees is False else "refuter-disagrees",
            "review",
            (row.lever, row.outcome),
            dictionary,
            message=row.sentence,
            remedy=Text(
                "两种实现对同一张图得出不同结论；请先不要据此行动，并报告这一情况。",
                "Two implementations read the same graph differently; do not act on this effect yet, and report it.",
            ),
            params={"lever": row.lever, "outcome": row.outcome, "ours": row.ours, "theirs": row.theirs},
        )
        for row in rows
        if row.agrees is False or any(not one.agrees for one in row.refuters)
    )
