"""All checks of a panel, in a fixed order: what was looked at, what was found, what to do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causal_service.errors import Text
from causal_service.panel.carried_forward import carried_forward
from causal_service.panel.coverage_checks import (
    calendar_gaps,
    checked_on_sample,
    entity_count,
    missing_values,
    period_count,
    regime_seen,
    sufficiency,
    thin_cells,
)
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import find_indicator
from causal_service.panel.lag_identities import lag_identities_found
from causal_service.panel.meaning_checks import dictionary_fit, layers_declared, suspected_leaks
from causal_service.panel.panel import Panel
from causal_service.panel.repetition_checks import collinear_pairs, copies_found, identities_found
from causal_service.panel.total_entities import total_entities
from causal_service.panel.unit_jumps import unit_jumps
from causal_service.panel.value_checks import bounds_violated, few_states, no_variation, outliers
from causal_service.panel.variation import within_residual

__all__ = ["check", "removed_indicators", "stopping"]

OUTCOME = Text("目标指标", "outcome")


def check(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> tuple[Finding, ...]:
    """Return everything that was looked at in a panel, as findings in a fixed order.

    A panel-scoped ``fail`` stops the study; an indicator-scoped one removes the indicators it names; checks that found
    nothing say so with ``pass``. The same panel gives the same findings however rows and columns were arranged.

    Parameters
    ----------
    panel : the panel.
    dictionary : what the indicators mean; may be empty.
    outcomes : keys (or display names) of the outcomes; never removed.

    Raises
    ------
    UnknownName : an outcome is not in the panel; the nearest names are offered.
    """
    keys = [find_indicator(name, panel.indicators, dictionary, OUTCOME) for name in outcomes]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _all_checks(panel, dictionary, keys)


def _all_checks(panel: Panel, dictionary: Dictionary, keys: Sequence[str]) -> tuple[Finding, ...]:
    left = within_residual(panel)
    still, copies = no_variation(panel, dictionary, keys, left), copies_found(panel, dictionary, keys)
    return (
        *regime_seen(panel.outline),
        *checked_on_sample(panel),
        *period_count(panel.outline),
        *entity_count(panel.outline),
        *total_entities(panel),
        *calendar_gaps(panel.outline),
        *missing_values(panel, dictionary, keys),
        *thin_cells(panel),
        *still,
        *carried_forward(panel, dictionary, left),
        *copies,
        *collinear_pairs(panel, dictionary, {*keys, *removed_indicators([*still, *copies])}, left),
        *identities_found(panel, dictionary, keys),
        *lag_identities_found(panel, dictionary, keys),
        *suspected_leaks(panel, dictionary, keys, left),
        *few_states(panel, dictionary),
        *outliers(panel, dictionary),
        *unit_jumps(panel, dictionary),
        *bounds_violated(panel, dictionary),
        *dictionary_fit(panel, dictionary),
        *layers_declared(panel, dictionary),
        *sufficiency(panel, dictionary, keys, left),
    )


def removed_indicators(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return the indicators that findings remove, sorted: indicator-scoped ``fail``, and harmless constants."""
    return tuple(sorted({key for f in findings if f.scope == "indicator" and _removes(f) for key in f.indicators}))


def _removes(finding: Finding) -> bool:
    return finding.severity == "fail" or (finding.code == "constant" and finding.severity == "review")


def stopping(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that stop the study (panel-scoped ``fail``)."""
    return tuple(finding for finding in findings if finding.scope == "panel" and finding.severity == "fail")
