"""What every peer is given: one panel, also prepared as well as a careful analyst would, free of charge."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from case import Case
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A panel of T periods, N entities and p indicators. Standardised arrays have mean 0 and variance 1."""

    pooled: Array
    """(N T, p) rows as measured, standardised, gaps filled by chained regressions."""
    pooled_sd: Array
    """(p,) indicator unit."""
    within: Array
    """(T, N, p) entity and period effects removed, standardised; gaps are NaN."""
    filled: Array
    """(T, N, p) ``within`` with gaps filled by chained regressions on last, this and next period."""
    within_sd: Array
    """(p,) indicator unit, of the measured cells."""
    raw: Array
    """(T, N, p) as measured, standardised; gaps are NaN."""
    tier: NDArray[np.int64]
    """(p,) layer of each indicator, earlier ones smaller."""
    outcome: int

    @property
    def names(self) -> list[str]:
        """The p indicators."""
        return [f"x{j:02d}" for j in range(self.within.shape[2])]

    @property
    def now_and_before(self) -> Array:
        """((T - 1) N, 2p) rows [this period | last period] of ``filled``."""
        p = self.filled.shape[2]
        return np.concatenate([self.filled[1:], self.filled[:-1]], axis=2).reshape(-1, 2 * p)

    @property
    def entity_of_row(self) -> NDArray[np.int64]:
        """((T - 1) N,) entity of each row of ``now_and_before``."""
        T, N, _ = self.filled.shape
        return np.tile(np.arange(N), T - 1)


def given_of(case: Case) -> Given:
    """What peers are given of a simulated panel: nothing of its truth."""
    entity, period = case.frame.columns[:2]
    wide = case.frame.pivot(index=period, columns=entity, values=list(case.names))
    T, p = len(wide), len(case.names)
    X = wide.to_numpy(float).reshape(T, p, -1).transpose(0, 2, 1)
    layers = [case.dictionary.indicators[name].layer for name in case.names]
    tier = [0 if layer is None else case.dictionary.layers.index(layer) for layer in layers]
    return given(X, np.array(tier), case.outcome)


def given(X: Array, tier: NDArray[np.int64], outcome: int) -> Given:
    """Prepare a panel (T, N, p) with gaps as NaN for all peers."""
    T, N, p = X.shape
    within = two_way_residuals(X)
    within_sd, pooled_sd = np.nanstd(within, axis=(0, 1)), np.nanstd(X, axis=(0, 1))
    within = within / within_sd
    raw = (X - np.nanmean(X, axis=(0, 1))) / pooled_sd
    return Given(
        pooled=chained(raw.reshape(T * N, p)),
        pooled_sd=pooled_sd,
        within=within,
        filled=_filled(within),
        within_sd=within_sd,
        raw=raw,
        tier=np.asarray(tier, np.int64),
        outcome=outcome,
    )


def two_way_residuals(X: Array, rounds: int = 50) -> Array:
    """Entity and period means removed in turn, gap-aware; (T, N, p), gaps stay NaN."""
    Y = X.copy()
    for _ in range(rounds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a period or entity without any measured cell
            Y = Y - np.nan_to_num(np.nanmean(Y, axis=0, keepdims=True))
            Y = Y - np.nan_to_num(np.nanmean(Y, axis=1, keepdims=True))
    return Y


def chained(rows: Array) -> Array:
    """Gaps filled by scikit-learn's ``IterativeImputer`` (chained Bayesian ridge regressions)."""
    if not np.isnan(rows).any():
        return rows
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says when five rounds have not converged to its tolerance
        return np.asarray(IterativeImputer(max_iter=5, random_state=0).fit_transform(rows))


def _filled(within: Array) -> Array:
    T, N, p = within.shape
    if not np.isnan(within).any():
        return within
    edge = np.full((1, N, p), np.nan)
    before, after = np.concatenate([edge, within[:-1]]), np.concatenate([within[1:], edge])
    rows = np.concatenate([within, before, after], axis=2).reshape(T * N, 3 * p)
    return chained(rows)[:, :p].reshape(T, N, p)
