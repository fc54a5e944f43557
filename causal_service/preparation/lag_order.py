"""How many lags: the longest one at which some indicator still acts, by an information criterion for many candidates.

At every order the partial correlations of the present with the values that many periods ago are taken given all shorter
lags, on a common sample, as seen and free of short-panel bias, whichever is smaller. One is worth its parameter when it
gains more than log n + 2 log(number of candidates) (extended BIC, Chen & Chen 2008, Biometrika 95), as a level of
Student's test where rows are few. The BIC of a full VAR would charge for all p^2 coefficients of a lag of which a few
exist. It has to show block by block, too, if at a usual level: the products of what is left of the two, summed by
resampling block, must differ from zero against their own scatter (Liang & Zeger 1986, Biometrika 73), else a few large
entities speak for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, stdtr

from causal_service.errors import DataError
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.panel import Panel
from causal_service.preparation.drift import trend_columns
from causal_service.preparation.sample_fit import sample_fit
from causal_service.preparation.time_terms import calendar_cycles
from causal_service.preparation.within_rows import Total, WithinRows, within_rows

__all__ = ["MAX_LAGS", "LagOrder", "LateLink", "chosen_lags"]

MAX_LAGS = 3
"""Largest lag order tried by ``auto`` in a panel."""
BY_BLOCK = 0.005
"""Level of the test block by block."""
LONGEST = 12
"""Longest season in periods that is tried as a lag order in a single series."""


@dataclass(frozen=True, slots=True)
class LateLink:
    """An indicator that foretells another more than one period ahead, given all indicators in the periods between; what
    it does to a third that acts on the other at once is in it."""

    lag: int
    """How many periods ahead, at least 2."""
    cause: str
    """Indicator key."""
    effect: str
    """What it foretells, maybe itself."""
    size: float
    """Partial correlation of the two as seen, -1 to 1."""


@dataclass(frozen=True, slots=True)
class LagOrder:
    """How many lags, and because of what."""

    lags: int
    """The lag order, at least 1: that of the first link."""
    links: tuple[LateLink, ...] = ()
    """All that act more than one period later, longest lag first, then the clearest."""


def chosen_lags(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> LagOrder:
    """Return the lag order; rows of the longest order tried are used for all, of a large panel those of its sample.

    Up to ``MAX_LAGS`` are tried, in a single series up to one season of the calendar; orders above an eighth of the
    periods, or with fewer than two effective rows per column, are not.
    """
    within = _longest_rows(panel, dictionary, totals)
    longest, b, n = within.rows.lags, len(within.names), within.effective_n
    level = chdtrc(1, np.log(n) + 4 * np.log(b))
    as_seen, corrected = within.sigma, _covariance(within)
    links: list[LateLink] = []
    for lag in range(longest, 1, -1):
        sizes = np.minimum(_partial(as_seen, b, longest, lag), _partial(corrected, b, longest, lag))
        free = max(n - (lag - 1) * b - 2, 1.0)
        clear = np.argwhere(2 * stdtr(free, -sizes * np.sqrt(free / (1 - sizes**2))) < level)
        if not clear.size:
            continue
        links_here = []
        for (x, y), (sign, p) in zip(clear.tolist(), _by_block(within, b, longest, lag, clear), strict=True):
            if p < BY_BLOCK:
                links_here.append(LateLink(lag, within.names[x], within.names[y], sign * float(sizes[x, y])))
        links += sorted(links_here, key=lambda link: -abs(link.size))
    return LagOrder(links[0].lag if links else 1, tuple(links))


def _partial(S: NDArray[np.float64], b: int, longest: int, lag: int) -> NDArray[np.float64]:
    """Return sizes (b, b) of the partial correlations of the values ``lag`` periods ago with the present ones."""
    rest = _rest(S, b, longest, lag)[0]
    size = np.sqrt(np.maximum(np.diag(rest), 1e-12))
    return np.asarray(np.minimum(np.abs(rest[:b, b:]) / np.outer(size[:b], size[b:]), 0.999999))


def _rest(
    S: NDArray[np.float64], b: int, longest: int, lag: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return what is left of the covariance of the values ``lag`` periods ago and the present ones once those between
    are given (2b, 2b), the slopes on these, and the columns of both."""
    given = np.arange((longest - lag + 1) * b, longest * b)
    pair = np.r_[(longest - lag) * b : (longest - lag + 1) * b, longest * b : (longest + 1) * b]
    slopes = np.linalg.solve(S[np.ix_(given, given)] + 1e-9 * np.eye(given.size), S[np.ix_(given, pair)])
    return S[np.ix_(pair, pair)] - S[np.ix_(pair, given)] @ slopes, slopes, given, pair


def _by_block(
    within: WithinRows, b: int, longest: int, lag: int, pairs: NDArray[np.int64]
) -> Iterator[tuple[float, float]]:
    """Yield, of each of ``pairs`` (k, 2), the sign of its relation and the level of a test, robust against blocks that
    are not alike, that the value ``lag`` periods ago is not related to the present one given those between.

    The level is 1 where there is one block only. Only the pairs asked for are multiplied out: those of wide panels,
    block by block, take more memory than there is.
    """
    _, slopes, given, pair = _rest(within.sigma, b, longest, lag)
    left = within.filled[:, pair] - within.filled[:, given] @ slopes
    weight, code, blocks = within.rows.weight, within.blocks.code, within.blocks.count
    for x, y in pairs.tolist():
        sums = np.bincount(code, weight * left[:, x] * left[:, b + y], blocks)
        total, scatter = float(sums.sum()), float(((sums - sums.mean()) ** 2).sum()) * blocks / max(blocks - 1, 1)
        size = abs(total) / np.sqrt(max(scatter, 1e-300))
        yield float(np.sign(total)), float(2 * stdtr(blocks - 1, -size)) if blocks > 1 else 1.0


def _covariance(within: WithinRows) -> NDArray[np.float64]:
    """Return the covariance of the rows, in a panel or series without the bias of short time."""
    rows, lags = within.rows, within.rows.lags
    time = rows.time - rows.time.min()
    terms = None if within.terms is None else within.terms.columns
    columns = trend_columns(rows) if within.drift != "none" else terms
    H = pair_counts(rows.entity, time, rows.weight, int(time.max()) + 1, columns)
    return stationary_covariance(within.sigma, H, len(within.names), lags)


def _longest_rows(panel: Panel, dictionary: Dictionary, totals: Sequence[Total]) -> WithinRows:
    """Return the rows of the longest order that the panel can carry."""
    limit = MAX_LAGS
    if panel.regime == "series":
        limit = max([limit, *(round(cycle.length) for cycle in calendar_cycles(panel) if cycle.length <= LONGEST)])
    longest = max(1, min(limit, panel.values.shape[1] // 8))
    while longest > 1:
        try:
            within = _rows(panel, dictionary, totals, longest)
        except DataError:
            longest -= 1
            continue
        if within.used >= 2 * within.filled.shape[1]:
            return within
        longest -= 1
    return _rows(panel, dictionary, totals, 1)


def _rows(panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int) -> WithinRows:
    """Return the rows as they will be studied: large panels keep the trends of entities."""
    if panel.behind is not None:
        return sample_fit(replace(panel, behind=None), dictionary, totals, lags).rows
    return within_rows(panel, dictionary, totals, lags)
