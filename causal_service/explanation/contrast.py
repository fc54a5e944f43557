"""The ledger: where correlation and a SHAP chart place every indicator, where we do, and why they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from causal_service.effects.results import EffectKind
from causal_service.errors import Text
from causal_service.explanation.associations import Correlations, correlations, shares_between_entities
from causal_service.explanation.contrast_sentences import contrast_sentence
from causal_service.explanation.evidence import Learned, evidence
from causal_service.explanation.importance import Importance, importance
from causal_service.explanation.phrases import Names, name_of
from causal_service.explanation.reasons import Reasoned, reasoned
from causal_service.explanation.results import Chain, Contrast, NotRanked
from causal_service.inference import Inference
from causal_service.levers.results import Lever
from causal_service.panel.checks import removed_indicators
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Panel

__all__ = ["contrasts"]

_COPIES = frozenset({"duplicate", "affine-copy", "monotone-copy"})
_SUMS = frozenset({"identity-with-outcome", "identity-choice", "identity-resolved"})


def contrasts(
    panel: Panel,
    learned: Inference,
    dictionary: Dictionary,
    findings: Sequence[Finding],
    outcome: str,
    levers: Sequence[Lever],
    chains: Sequence[Chain],
) -> tuple[Contrast, ...]:
    """Return one contrast per indicator of a chart: levers in our order, then the others as the chart has them.

    Parameters
    ----------
    panel : as read; a chart also shows copies, sums and constants that the checks removed. Of a panel on disk the
        sample.
    learned : what the study found.
    findings : of the checks; they say why an indicator was removed.
    levers, chains : of this outcome.
    """
    studied = learned.prepared.names
    gone = {name: _removed(name, findings) for name in panel.indicators if name not in studied}
    charted = [name for name in panel.indicators if name in studied or gone[name] is not None]
    panel = _only(panel, charted)
    kind: EffectKind = levers[0].kind if levers else learned.headline
    view = Learned.of(learned.prepared, learned.discovery, learned.draws, outcome, kind)
    seen, between = _correlations(panel, learned, view, outcome), shares_between_entities(panel)
    chart = importance(panel, outcome)
    found = evidence(view, seen, between, chart.shares, chains)
    said = reasoned(found, frozenset(lever.lever for lever in levers), _sums(learned))
    for name in charted:
        removed = gone.get(name)
        if removed is not None:
            said[name] = _with_numbers(removed, seen[name], between[name])
    places = {lever.lever: lever.rank for lever in levers}
    rows = [
        _row(name, outcome, said[name], seen, chart, places, _not_ranked(name, outcome, learned, dictionary))
        for name in charted
        if name != outcome
    ]
    rows.sort(key=lambda row: (row.causal_rank or len(rows) + 1, row.shap_rank or row.correlation_rank, row.indicator))
    names: Names = {**dictionary.indicators, **learned.indicators}
    named = [replace(row, name=name_of(row.indicator, names)) for row in rows]
    return tuple(replace(row, sentence=contrast_sentence(row, names)) for row in named)


def _correlations(panel: Panel, learned: Inference, view: Learned, outcome: str) -> dict[str, Correlations]:
    """Return the correlations of every indicator; those of a single series and of a large panel from its moments."""
    prepared = learned.prepared
    if prepared.row_totals is None:
        seen = correlations(panel, outcome)
    else:
        others = [name for name in panel.indicators if name == outcome or name not in prepared.names]
        seen = correlations(_only(panel, others), outcome)
        seen |= correlations(_only(panel, prepared.names), outcome, prepared.row_totals)
    if panel.regime == "panel":
        return seen
    inside = {name: view.correlation(i) for i, name in enumerate(prepared.names)}
    return {name: Correlations(r.pooled, r.pooled, inside.get(name, r.pooled)) for name, r in seen.items()}


def _only(panel: Panel, names: Sequence[str]) -> Panel:
    columns = [panel.indicators.index(name) for name in names]
    return replace(panel, indicators=tuple(names), values=panel.values[:, :, columns])


def _row(
    name: str,
    outcome: str,
    said: Reasoned,
    seen: Mapping[str, Correlations],
    chart: Importance,
    places: Mapping[str, int],
    not_ranked: NotRanked,
) -> Contrast:
    sizes = {other: abs(r.pooled) for other, r in seen.items() if other != outcome}
    among = {other: size for other, size in sizes.items() if other in places}
    share = chart.shares.get(name)
    return Contrast(
        indicator=name,
        outcome=outcome,
        correlation=seen[name].pooled,
        within_correlation=seen[name].within,
        correlation_rank=_rank(name, sizes),
        causal_rank=places.get(name),
        reason=said.reason,
        sentence=Text("", ""),
        shap_rank=None if share is None else _rank(name, chart.shares),
        shap_rank_reason=chart.reason,
        shap_share=share,
        causal_rank_reason=None if name in places else not_ranked,
        correlation_rank_among_levers=_rank(name, among) if name in places else None,
        by=said.by,
        params=said.params,
    )


def _rank(name: str, sizes: Mapping[str, float]) -> int:
    return 1 + sum(size > sizes[name] for size in sizes.values())


def _sums(learned: Inference) -> dict[str, tuple[str, ...]]:
    """Return the other members of the exact sum that an indicator belongs to."""
    out: dict[str, tuple[str, ...]] = {}
    for total in learned.prepared.totals:
        members = (total.name, *total.parts)
        out |= {name: tuple(other for other in members if other != name) for name in members if name not in out}
    return out


def _not_ranked(name: str, outcome: str, learned: Inference, dictionary: Dictionary) -> NotRanked:
    entry, target = dictionary.indicators.get(name), dictionary.indicators.get(outcome)
    if name not in learned.prepared.names:
        return "removed"
    if name in learned.ranked:
        return "outcome"
    layer = None if entry is None else entry.layer
    if layer == "context":
        return "context"
    last = None if target is None else target.layer
    if layer is not None and last is not None and dictionary.layers.index(layer) > dictionary.layers.index(last):
        return "after-outcome"
    return "not-a-lever"


def _removed(name: str, findings: Sequence[Finding]) -> Reasoned | None:
    """Return why the checks removed an indicator that a chart shows; ``None`` when they did not, or have no values."""
    for finding in findings:
        if name not in finding.indicators or name not in removed_indicators([finding]):
            continue
        if finding.code in _COPIES:
            return Reasoned("duplicate", (str(finding.params["original"]),), {"how": "copy"})
        if finding.code == "no-within-variation" and finding.params.get("pattern") == "only-by-period":
            return Reasoned("season", params={"how": "only-by-period"})
        if finding.code in {"no-within-variation", "constant"}:
            return Reasoned("no-within-variation", params={"how": finding.code})
    for finding in findings:
        if name in finding.indicators and finding.code in _SUMS:
            target, parts = str(finding.params["target"]), finding.params["parts"]
            members = (target, *(str(part) for part in parts)) if isinstance(parts, tuple) else (target,)
            return Reasoned("duplicate", tuple(other for other in members if other != name), {"how": "sum"})
    return None


def _with_numbers(said: Reasoned, seen: Correlations, between: float) -> Reasoned:
    numbers: dict[str, dict[str, float]] = {
        "duplicate": {"correlation": seen.pooled},
        "season": {"before": seen.between_removed, "after": 0.0},
        "no-within-variation": {"between": between, "correlation": seen.pooled},
    }
    return replace(said, params={**said.params, **numbers[said.reason]})
