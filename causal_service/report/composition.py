"""From a finished study to a document in one language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_service.errors import Text
from causal_service.explanation.arrival import arrival_words
from causal_service.explanation.contrast_sentences import contrast_label, crowded_out, not_ranked_words, proof_words
from causal_service.explanation.phrases import (
    Names,
    described,
    gain_words,
    horizon_words,
    name_of,
    spaced,
    step_words,
    verdict_words,
)
from causal_service.explanation.quantities import (
    decimals_of_interval,
    format_fixed,
    format_interval,
    format_level,
    format_number,
    format_share,
    format_signed_share,
)
from causal_service.explanation.results import Chain, Contrast
from causal_service.levers.results import Lever, Verdict
from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary
from causal_service.panel.units import amount, unit_words
from causal_service.report.along import along_part
from causal_service.report.assumptions import assumptions, method_paragraphs
from causal_service.report.average_effects import average_rows
from causal_service.report.document import (
    ChainGroup,
    ChainRow,
    ContrastRow,
    Document,
    Fact,
    FindingCard,
    Headline,
    IndicatorRow,
    LeverRow,
    OutcomeSection,
)
from causal_service.report.doses import dose_part
from causal_service.report.for_whom import for_whom_part
from causal_service.report.identification import identification_rows
from causal_service.report.labels import SEVERITIES, better_label, layer_label, listed, quoted_names
from causal_service.report.parts import StudyParts
from causal_service.report.provenance import panel_facts, plan_values, provenance_facts
from causal_service.report.rehearsal import rehearsal_part
from causal_service.report.robustness import checked_levers, contour_table
from causal_service.report.what_if import what_if_parts

__all__ = ["compose", "outcomes_of"]

_MISLEADING = 3
"""Places by which correlation must rank an indicator too high to be called misleading."""
_FEW = 3
"""So many levers are all among the best three: nothing is said of that."""
_FRONT = 0.4
"""Part of a chart that people act on."""
_FALSE_LEADS = frozenset({"confounded", "season", "collider", "consequence", "duplicate", "no-within-variation"})
_VERDICTS: tuple[Verdict, ...] = ("act", "test", "watch", "insufficient")
_SEVERITY_ORDER = {"fail": 0, "review": 1, "pass": 2}  # nosec B105


@dataclass(frozen=True, slots=True)
class _Charted:
    """An indicator that charts show and the study may have left out."""

    name: Text
    unit: str = ""
    better: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """A study with its names at hand, in one language."""

    parts: StudyParts
    lang: str
    indicators: dict[str, IndicatorSummary]
    names: Names

    def name(self, key: str) -> str:
        return name_of(key, self.indicators).get(self.lang)

    def named(self, text: str) -> str:
        """Put display names where a text quotes keys such as ``delivery_cycle``."""
        return quoted_names(text, {key: self.name(key) for key in self.indicators})

    def word(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en


def compose(parts: StudyParts, lang: str) -> Document:
    """Return the report of a study in ``lang`` (``"zh"`` or ``"en"``); deterministic, no clock and no path."""
    described_here = {entry.key: entry for entry in parts.indicators}
    charted = {row.indicator: _Charted(row.name) for row in parts.contrast if row.name.en}
    source = _Source(parts, lang, described_here, {**charted, **described_here})
    outcomes = outcomes_of(parts)
    cards = [_finding_card(finding, source) for finding in sorted(parts.findings, key=_by_severity)]
    resamples = plan_values(parts.plan).get("resamples")
    detrended = any(finding.code == "common-shocks" for finding in parts.findings)
    return Document(
        lang,
        _title([source.name(key) for key in outcomes], lang),
        panel_facts(parts, lang),
        tuple(_section(key, source) for key in outcomes),
        tuple(card for card in cards if card.severity != "pass"),
        tuple(card for card in cards if card.severity == "pass"),
        assumptions(parts.regime, any(node.layer is not None for node in parts.graph.nodes), lang, detrended),
        method_paragraphs(parts.regime, resamples if isinstance(resamples, int) else None, lang, detrended),
        provenance_facts(parts, lang),
        tuple(_indicator_row(entry, source) for entry in parts.indicators),
    )


def outcomes_of(parts: StudyParts) -> tuple[str, ...]:
    """Return the outcomes of a study: those answered, then any other that has levers."""
    answered = [answer.outcome for answer in parts.answers]
    return tuple(dict.fromkeys([*answered, *(lever.outcome for lever in parts.levers)]))


def _title(names: list[str], lang: str) -> str:
    if not names:
        return "增长杠杆研究" if lang == "zh" else "Growth levers"
    return spaced(f"什么能改善{listed(names, 'zh')}", f"What improves {listed(names, 'en')}").get(lang)


def _section(outcome: str, source: _Source) -> OutcomeSection:
    parts, lang = source.parts, source.lang
    levers = sorted((lever for lever in parts.levers if lever.outcome == outcome), key=lambda x: (x.rank, x.lever))
    contrast = sorted((x for x in parts.contrast if x.outcome == outcome), key=lambda x: (_chart_rank(x), x.indicator))
    ranks = {x.indicator: x.correlation_rank_among_levers or x.correlation_rank for x in contrast if x.causal_rank}
    first = max(_FEW, round(len(contrast) * _FRONT))
    answer = next((answer.text for answer in parts.answers if answer.outcome == outcome), Text("", ""))
    when = horizon_words(levers[0].horizon, parts.panel.frequency).get(lang) if levers else ""
    unit = unit_words(described(outcome, source.indicators).unit)
    few = len(levers) <= _FEW
    return OutcomeSection(
        outcome,
        source.name(outcome),
        unit.zh if lang == "zh" else unit.many,
        when,
        answer.get(lang),
        _headline(levers, ranks, when, source),
        tuple(_lever_row(lever, ranks.get(lever.lever), few, source) for lever in levers),
        tuple((x, verdict_words(x).get(lang)) for x in _VERDICTS if any(lever.verdict == x for lever in levers)),
        _contrast_lead(contrast, levers, source),
        tuple(_contrast_row(row, first, source) for row in contrast),
        _chain_groups([chain for chain in parts.chains if chain.outcome == outcome], levers, source),
        source.word("排在首位的概率", "Ranked first") if few else source.word("位列前三的概率", "Among best three"),
        rehearsal_part(
            parts.rehearsal,
            outcome,
            described(outcome, source.indicators).unit,
            levers[0].kind if levers else "impact",
            lang,
        ),
        what_if=what_if_parts(parts, outcome, source.indicators, lang),
        checks=checked_levers(parts.checks, levers, source.indicators, lang),
        crosscheck=_second_opinion(outcome, levers, source),
        contour=contour_table(parts.contours, levers, source.indicators, lang),
        averages=average_rows(parts.average_effects, outcome, source.indicators, lang),
        identification=identification_rows(
            parts.identification, levers, source.indicators, parts.panel.frequency, lang
        ),
        for_whom=for_whom_part(parts.segments, parts.entity_effects, levers, source.indicators, lang, parts.levers),
        along=along_part(parts.moderation, levers, source.indicators, parts.panel.frequency, lang),
        doses=dose_part(parts.doses, outcome, source.indicators, parts.panel.frequency, lang),
    )


# --- levers ----------------------------------------------------------------------------------------------------------


def _only_in(lever: Lever, source: _Source) -> str:
    """Return for whom the expected gain does not hold, where segments are opposite."""
    params = next((reason.params for reason in lever.reasons if reason.code == "opposite-in-segments"), None)
    if params is None:
        return ""
    return source.word(
        f"；各组平均，“{params['harmed']}”组相反", f"; average of all, the opposite in '{params['harmed']}'"
    )


def _headline(levers: Sequence[Lever], ranks: dict[str, int], when: str, source: _Source) -> Headline | None:
    first = next((x for wanted in ("act", "test") for x in levers if x.verdict == wanted), None)
    if first is None:
        return None
    word, interval, (zh, en) = source.word, _interval(first, source.lang), (f"（{when}）", f" ({when})")
    facts = [
        Fact(
            word("先动什么", "Move first") if first.verdict == "act" else word("先试什么", "Try first"),
            source.name(first.lever),
            _detail(first, source),
        ),
        Fact(
            word("移动多少", "By how much"),
            step_words(first, source.indicators).get(source.lang),
            _basis(first, source),
        ),
        Fact(
            word("预计改善", "Expected gain") + (word(zh, en) if when else ""),
            gain_words(first, source.indicators).get(source.lang),
            word(f"95%区间 {interval}", f"95% interval {interval}") + _only_in(first, source),
        ),
        Fact(
            word("把握", "How sure"),
            format_share(first.p_top1 if len(levers) <= _FEW else first.p_top3),
            word("的重抽样中排在首位", "of resamples have it first")
            if len(levers) <= _FEW
            else word("的重抽样中位列前三", "of resamples have it among the best three"),
        ),
    ]
    if first.lever in ranks:
        place = ranks[first.lever]
        listed_levers = word(f"共{len(ranks)}个杠杆", f"of {len(ranks)} levers")
        facts.append(
            Fact(
                word("只看相关性会排", "Correlation would rank it"), word(f"第{place}位", f"No. {place}"), listed_levers
            )
        )
    return Headline(first.verdict, tuple(facts))


def _lever_row(lever: Lever, correlation_rank: int | None, few: bool, source: _Source) -> LeverRow:
    lang = source.lang
    return LeverRow(
        lever.rank,
        source.name(lever.lever),
        _detail(lever, source),
        _step(lever, source),
        gain_words(lever, source.indicators).get(lang),
        _interval(lever, lang),
        lever.gain_per_step,
        lever.gain_low,
        lever.gain_high,
        format_share(lever.p_top1 if few else lever.p_top3),
        correlation_rank,
        correlation_rank is not None and lever.rank - correlation_rank >= _MISLEADING,
        lever.verdict,
        verdict_words(lever.verdict).get(lang),
        (*(source.named(reason.text.get(lang)) for reason in lever.reasons), *_hidden_cause(lever, lang)),
    )


def _hidden_cause(lever: Lever, lang: str) -> tuple[str, ...]:
    """Return how strong a hidden cause would have to be, for levers somebody may move because of this report."""
    said = lever.hidden_cause.get(lang) if lever.verdict in {"act", "test"} else ""
    return (said,) if said else ()


def _detail(lever: Lever, source: _Source) -> str:
    entry = source.indicators.get(lever.lever)
    parts = [] if entry is None else [layer_label(entry.layer, source.lang) if entry.layer else "", entry.owner]
    return " · ".join(part for part in parts if part)


def _step(lever: Lever, source: _Source) -> str:
    note = source.word("（一个典型波动）", " (one typical fluctuation)") if lever.step_basis == "sd" else ""
    return step_words(lever, source.indicators).get(source.lang) + note


def _basis(lever: Lever, source: _Source) -> str:
    kept = source.word("并保持", "and kept there") if lever.kind == "sustained" and source.parts.panel.frequency else ""
    return source.word("一个典型波动幅度", "one typical fluctuation") if lever.step_basis == "sd" else kept


def _interval(lever: Lever, lang: str) -> str:
    if lever.gain_low == lever.gain_high == 0:
        return ""
    decimals = decimals_of_interval(lever.gain_per_step, lever.gain_low, lever.gain_high)
    return format_interval(lever.gain_low, lever.gain_high, decimals).get(lang)


def _second_opinion(outcome: str, levers: Sequence[Lever], source: _Source) -> tuple[str, ...]:
    said = {row.lever: row.sentence.get(source.lang) for row in source.parts.crosscheck if row.outcome == outcome}
    return tuple(said[lever.lever] for lever in levers if lever.lever in said)


# --- contrast --------------------------------------------------------------------------------------------------------


def _contrast_row(row: Contrast, first: int, source: _Source) -> ContrastRow:
    why = proof_words(row, source.names).get(source.lang)
    end = "。" if source.lang == "zh" else "."
    return ContrastRow(
        name=row.name.get(source.lang) or source.name(row.indicator),
        shap_rank=row.shap_rank,
        shap_share=row.shap_share,
        correlation_rank=row.correlation_rank,
        causal_rank=row.causal_rank,
        barred=not_ranked_words(row).get(source.lang),
        label=contrast_label(row).get(source.lang),
        agrees=row.reason == "agrees" and not crowded_out(row),
        misleading=_misleads(row) and _chart_rank(row) <= first,
        best=row.causal_rank is not None and row.causal_rank <= _FEW,
        why=f"{why[:1].upper()}{why[1:]}{end}",
    )


def _misleads(row: Contrast) -> bool:
    """Whether moving it would not bring what the charts promise."""
    if row.reason in {"confounded", "season"} and "effect" in row.params:
        return False
    return row.reason in _FALSE_LEADS or (row.reason == "mediator" and row.causal_rank is None)


def _chart_rank(row: Contrast) -> int:
    return row.correlation_rank if row.shap_rank is None else row.shap_rank


def _contrast_lead(rows: Sequence[Contrast], levers: Sequence[Lever], source: _Source) -> str:
    """Say what a chart would have chosen first, and how much of that holds; nothing where nothing is known."""
    chosen = [row for row in rows if _chart_rank(row) <= _FEW]
    known = {lever.lever for lever in levers if lever.verdict in {"act", "test"}}
    if len(rows) <= _FEW or len(levers) <= _FEW or not chosen or not known:
        return ""
    names = listed([_row_name(row, source) for row in chosen], source.lang)
    best = [row for row in chosen if row.causal_rank is not None and row.causal_rank <= _FEW]
    held = [_row_name(row, source) for row in best if row.indicator in known]
    start = (
        source.word(f"若按相关性挑选，会先抓{names}", f"Picking by correlation would have put {names} first")
        if chosen[0].shap_rank is None
        else source.word(f"若按 SHAP 图挑选，会先抓{names}", f"A SHAP chart would have put {names} first")
    )
    if len(held) == len(chosen):
        return start + source.word("；因果分析也把它们排在前三。", "; the causal ranking has the same ones in front.")
    ranked = [row for row in chosen if row.causal_rank is not None]
    if not ranked:
        return start + source.word("；它们都不是参与排名的杠杆。", "; none of them is a ranked lever.")
    levers_only, sure = len(ranked) < len(chosen), len(best) == len(held)
    group = source.word("其中参与排名的杠杆里", "of the ranked levers among them") if levers_only else ""
    group = group or source.word("其中", "of them")
    place = source.word("真正位列前三", "among the best three by effect")
    if not sure:
        place = source.word(
            "位列前三且证据足以行动或试点", "among the best three by effect with evidence enough to act on or test"
        )
    if not held:
        return start + source.word(f"；{group}没有一个{place}。", f"; none {group} is {place}.")
    kept = listed(held, source.lang)
    verb = "is" if len(held) == 1 else "are"
    return start + source.word(
        f"；{group}{place}的只有{kept}。", f"; {f'{group}, ' if levers_only else ''}only {kept} {verb} {place}."
    )


def _row_name(row: Contrast, source: _Source) -> str:
    return row.name.get(source.lang) or source.name(row.indicator)


# --- chains ----------------------------------------------------------------------------------------------------------


def _chain_groups(chains: Sequence[Chain], levers: Sequence[Lever], source: _Source) -> tuple[ChainGroup, ...]:
    groups = []
    for lever in levers:
        own = [chain for chain in chains if chain.lever == lever.lever]
        own.sort(key=lambda chain: (chain.kind == "rest", -abs(chain.value), chain.path))
        if own:
            rows = tuple(_chain_row(chain, lever, source) for chain in own)
            divided = next(
                (x for x in source.parts.mediation if (x.lever, x.outcome) == (lever.lever, lever.outcome)), None
            )
            said = "" if divided is None else divided.sentence.get(source.lang)
            groups.append(ChainGroup(source.name(lever.lever), _step(lever, source), rows, said))
    return tuple(groups)


def _chain_row(chain: Chain, lever: Lever, source: _Source) -> ChainRow:
    rest = source.word("其余路径合计", "all other paths together")
    path = tuple(source.name(key) for key in chain.path) if chain.kind == "path" else (rest,)
    part, ends = chain.value * lever.step, sorted((chain.low * lever.step, chain.high * lever.step))
    number = format_fixed(part, decimals_of_interval(part, *ends))
    signed = f"+{number}" if part > 0 and number.strip("0.") else number
    unit = described(chain.outcome, source.indicators).unit
    share = format_signed_share(chain.share)
    return ChainRow(
        path,
        chain.share,
        share,
        amount(signed, unit).get(source.lang),
        chain.sentence.get(source.lang),
        chain.arrived if source.parts.panel.frequency else (),
        arrival_words(chain.half_by, len(chain.arrived) - 1, source.parts.panel.frequency).get(source.lang),
    )


# --- findings and indicators -----------------------------------------------------------------------------------------


def _by_severity(finding: Finding) -> tuple[int, str]:
    return _SEVERITY_ORDER[finding.severity], finding.code


def _finding_card(finding: Finding, source: _Source) -> FindingCard:
    label = SEVERITIES[finding.severity].get(source.lang)
    message, remedy = (source.named(text.get(source.lang)) for text in (finding.message, finding.remedy))
    return FindingCard(finding.severity, label, message, remedy)


def _indicator_row(entry: IndicatorSummary, source: _Source) -> IndicatorRow:
    notes = [better_label(entry.better, source.lang), entry.owner]
    fluctuation = amount(format_number(entry.within_sd, 2), entry.unit).get(source.lang)
    return IndicatorRow(
        source.name(entry.key),
        layer_label(entry.layer, source.lang) if entry.layer else "—",
        format_level(entry.mean, entry.unit, source.lang),
        fluctuation,
        format_share(entry.missing),
        " · ".join(note for note in notes if note),
    )
