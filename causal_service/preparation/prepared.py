"""Preparation: from a panel to per-block Gram matrices. After this, rows no longer matter (METHOD, steps 1-6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.covariances import covariances
from causal_service.numerics.gaussian_em import expected_grams
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel, Regime
from causal_service.panel.summary import RowTotals
from causal_service.preparation.curves import Curves, curves_of
from causal_service.preparation.drift import Drift, trend_columns
from causal_service.preparation.rows import BlockUnit
from causal_service.preparation.steps import PreparationStep, steps_taken
from causal_service.preparation.time_terms import TimeTerms
from causal_service.preparation.within_rows import Total, WithinRows, within_rows

if TYPE_CHECKING:
    from causal_service.preparation.large import LargeMoments

__all__ = ["Prepared", "Total", "prepare", "prepared_from"]

ROWS_COUNTED = 5000.0
"""Effective rows that the search counts however few periods there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Moments of the standardised within-transformed rows, per resampling block.

    Columns are [x(t-L) ... x(t-1) | x(t)]; *base* columns are estimated, totals are added by ``expand``.
    """

    regime: Regime
    """Regime of the panel."""
    names: tuple[str, ...]
    """All p indicators, sorted, totals included."""
    lags: int
    """Number of lags L."""
    grams: NDArray[np.float64]
    """(blocks, b, b) expected Gram matrices of the base columns, b = base (L + 1)."""
    mass: NDArray[np.float64]
    """(blocks,) sum of row weights."""
    span: NDArray[np.float64]
    """Pair counts for the short-panel correction; empty when there is none."""
    expand: NDArray[np.float64]
    """(d, b) from base columns to all columns."""
    base: int
    """Number of base indicators."""
    totals: tuple[Total, ...]
    """Indicators that are exact sums."""
    effective_n: float
    """Rows less the effects removed, times Kish's factor for unequal weights."""
    rows: int
    """Number of rows used."""
    entities: int
    """Number of entities (clusters in a cross-section) with rows."""
    shrinkage: float
    """Share of variance left after period effects were removed, 1 - 1/N."""
    within_sd: Mapping[str, float]
    """Within-SD of every indicator in its own unit."""
    unit_sd: NDArray[np.float64]
    """(p,) users' units per standardised unit: within-SD of the transformed column divided by its average slope."""
    steps: tuple[PreparationStep, ...]
    """What was done, in order."""
    unit: BlockUnit = "entity"
    """What a block is."""
    run: int = 1
    """Consecutive blocks that are drawn together; 1 = blocks are drawn one by one."""
    terms: TimeTerms | None = None
    """Deterministic terms removed from every entity; ``None`` = entity and period effects (a mean without periods)."""
    curves: Curves | None = None
    """What mechanisms may bend by; ``None`` = they are straight."""
    row_totals: RowTotals | None = None
    """What summaries need of rows that nobody else sees; ``None`` where the panel holds them."""
    drift: Drift = "none"
    """How entities drift; unless they do not, a straight trend of each was removed beside the effects."""

    @property
    def blocks(self) -> int:
        """Number of resampling blocks."""
        return int(self.mass.size)

    @property
    def search_n(self) -> float:
        """Effective rows that the search of the graph counts, at most ``effective_n``."""
        return self.rows_counted(self.effective_n)

    def rows_counted(self, n: float) -> float:
        """Return how many of ``n`` effective rows, of all entities or of a segment, the search of a graph counts.

        Removing the means of T periods leaves partial correlations of about 1 / T between a past and a present that
        have none (Nickell 1981). With so many rows that they are told from zero, the search would draw arrows: it
        counts no more rows than let a correlation of 1 / T pay a penalty of 2 ln n.
        """
        if not self.span.size:
            return n
        periods = self.rows / max(self.entities, 1)
        return min(n, max(ROWS_COUNTED, 2.0 * float(np.log(max(n, 2.0))) * periods**2))

    def covariances(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (within, stationary) covariances (B, d, d) under block weights (B, blocks).

        The graph is searched on the first, effects are read off the second (short-panel bias removed).
        """
        W = covariances(np.tensordot(weights, self.grams, 1), weights @ self.mass, self.shrinkage)
        S = stationary_covariance(W, self.span, self.base, self.lags) if self.span.size else W
        return self.expanded(W), self.expanded(S)

    def expanded(self, moments: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return moments (..., d, d) of all columns from those (..., b, b) of the base columns."""
        return np.ascontiguousarray(self.expand @ moments @ self.expand.T if self.totals else moments)

    def covariance(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the full-sample (within, stationary) covariances (d, d)."""
        within_all, stationary = self.covariances(np.ones((1, self.blocks)))
        return within_all[0], stationary[0]


def prepare(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> Prepared:
    """Return the moments of a panel.

    Parameters
    ----------
    panel : indicators to study only (constants and copies already set aside).
    dictionary : declared transforms.
    totals : exact sums; they are completed from their parts and follow them.
    lags : number of lags; 0 in a cross-section.

    Raises
    ------
    DataError : ``too-few-rows`` when the effects to be removed leave too few rows.
    """
    if panel.behind is not None:
        from causal_service.preparation.large import large_moments

        return _prepared_large(large_moments(panel, panel.behind, dictionary, totals, lags))
    return prepared_from(within_rows(panel, dictionary, totals, lags))


def prepared_from(within: WithinRows) -> Prepared:
    """Return the moments of rows whose effects have been removed."""
    panel, lags = within.panel, within.rows.lags
    names, rows, sd, n = panel.indicators, within.rows, within.sd, within.effective_n
    blocks = within.blocks
    grams = expected_grams(within.filled, within.missing, within.sigma, rows.weight, blocks.code, blocks.count)
    spread = np.sqrt(rows.entity.size / within.used)
    totals_sd, expand = _expansion(names, within, lags)
    within_all = {name: float(value) for name, value in zip(within.names, sd * spread / within.slopes, strict=True)}
    within_all |= {t.name: totals_sd[t.name] * spread for t in within.totals}
    unit_sd = np.array([within_all[name] / spread for name in names])
    dynamic = panel.regime != "cross-section" and lags > 0
    period = rows.time - rows.time.min()
    columns = trend_columns(rows) if within.drift != "none" else None if within.terms is None else within.terms.columns
    curves = curves_of(within, expand)
    return Prepared(
        regime=panel.regime,
        names=names,
        lags=lags,
        grams=grams,
        mass=np.bincount(blocks.code, weights=rows.weight, minlength=blocks.count).astype(np.float64),
        span=pair_counts(rows.entity, period, rows.weight, int(period.max()) + 1, columns) if dynamic else np.empty(0),
        expand=expand,
        base=len(within.names),
        totals=within.totals,
        effective_n=n,
        rows=int(rows.entity.size),
        entities=int(np.unique(rows.entity).size) if panel.clusters is None else len(set(panel.clusters)),
        shrinkage=1 - 1 / np.unique(rows.entity).size if within.terms is None else 1.0,
        within_sd=within_all,
        unit_sd=unit_sd,
        steps=steps_taken(
            int(rows.entity.size),
            lags,
            regime=panel.regime,
            transforms=within.kinds,
            missing=float(within.missing.mean()),
            totals={t.name: t.parts for t in within.totals},
            effective_n=n,
            terms=within.terms,
            curves=curves,
            trends=within.drift != "none",
        ),
        unit=blocks.unit,
        run=blocks.run,
        terms=within.terms,
        curves=curves,
        drift=within.drift,
    )


def _prepared_large(moments: LargeMoments) -> Prepared:
    """Return the moments of a panel whose rows are on disk."""
    within, lags = moments.rows, moments.lags
    names = within.panel.indicators
    spread = np.sqrt(moments.count / within.used)
    totals_sd, expand = _expansion(names, within, lags)
    within_all = {
        name: float(value) for name, value in zip(within.names, within.sd * spread / within.slopes, strict=True)
    }
    within_all |= {t.name: totals_sd[t.name] * spread for t in within.totals}
    steps = steps_taken(
        moments.count,
        lags,
        regime=within.panel.regime,
        transforms=within.kinds,
        missing=moments.missing,
        totals={t.name: t.parts for t in within.totals},
        effective_n=within.effective_n,
        terms=None,
        curves=None,
        trends=False,
    )
    return Prepared(
        regime=within.panel.regime,
        names=names,
        lags=lags,
        grams=moments.grams,
        mass=moments.mass,
        span=moments.span,
        expand=expand,
        base=len(within.names),
        totals=within.totals,
        effective_n=within.effective_n,
        rows=moments.count,
        entities=moments.entities,
        shrinkage=1 - 1 / moments.entities,
        within_sd=within_all,
        unit_sd=np.array([within_all[name] / spread for name in names]),
        steps=(moments.step, *steps),
        row_totals=moments.row_totals(expand[-len(names) :, -len(within.names) :]),
    )


def _expansion(names: Sequence[str], within: WithinRows, lags: int) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return (SD of each total in its unit, expand (d, b)); a total is scaled to unit variance like the others."""
    base_names, sd, sigma = within.names, within.sd, within.sigma
    b = len(base_names)
    now = sigma[lags * b :, lags * b :]
    one = np.zeros((len(names), b))
    totals_sd: dict[str, float] = {}
    for i, name in enumerate(names):
        if name in base_names:
            one[i, base_names.index(name)] = 1.0
        else:
            total = next(t for t in within.totals if t.name == name)
            for part, coefficient in zip(total.parts, total.coefficients, strict=True):
                j = base_names.index(part)
                one[i, j] = coefficient * sd[j]
            totals_sd[name] = float(np.sqrt(one[i] @ now @ one[i]))
            one[i] /= totals_sd[name]
    return totals_sd, np.kron(np.eye(lags + 1), one).astype(np.float64)
