"""Is there a hidden driver behind an outcome and its levers?

A driver that nobody measured and that changes over time (an order boom, a new manager) moves outcome and levers
together and looks like an effect. It leaves two traces: its children are connected in pairs where one common cause
would do, and the causes of a lever seem to act on the outcome past that lever, because the lever is a collider. Both
make the system with one hidden driver score better than the one without. A driver of the outcome and a single lever
that has no other strong cause leaves neither trace: that case stays invisible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.resampling import full_sample, rules_of
from causal_service.discovery.search_problem import SearchProblem
from causal_service.numerics.draw import member_coefficients, member_responses
from causal_service.numerics.hidden_factor import Factor, Rules, factor_search, system_score
from causal_service.numerics.keyed_random import key_of
from causal_service.preparation.prepared import Prepared

__all__ = ["HiddenDriver", "hidden_drivers"]

DISCOUNT = 2.0
"""Penalty discount of the comparison."""
STRONG = 6.0
"""Points by which the driver must be the better explanation; strong evidence in Kass & Raftery (1995), JASA 90."""
HOPEFUL = -25.0
"""Points above which a driver found is worth a search for further children."""
MOST_CHILDREN_ADDED = 5
"""Rounds of that search."""
SHRUNK = 0.5
"""A lever is in doubt when less than this share of its effect is left beside the driver."""


@dataclass(frozen=True, slots=True, eq=False)
class HiddenDriver:
    """A hidden common cause of an outcome and other indicators: the better explanation of how they move together."""

    outcome: str
    """Indicator key."""
    children: tuple[str, ...]
    """Indicators it moves beside the outcome, sorted."""
    doubted: tuple[str, ...]
    """Indicators whose effect on the outcome it puts in doubt, sorted: its children, and those with half of it gone."""
    evidence: float
    """Score of the system without the driver minus that with it, in points of -2 log likelihood after penalty."""
    factor: Factor
    """The system with the driver."""

    @property
    def plausible(self) -> bool:
        """Whether it is the better explanation by enough to be said."""
        return self.evidence > STRONG


@dataclass(frozen=True, slots=True, eq=False)
class _Plain:
    """The system without a driver, and the rules it was searched under."""

    within: NDArray[np.float64]
    n: float
    rules: Rules
    parents: NDArray[np.bool_]

    @property
    def penalty(self) -> float:
        return DISCOUNT * float(np.log(self.n))

    @property
    def adjacent(self) -> NDArray[np.bool_]:
        """(p, p) pairs connected within a period."""
        now = self.parents[:, -len(self.parents) :]
        return now | now.T

    @property
    def movable(self) -> NDArray[np.bool_]:
        """(p,) False for an indicator whose causes are all fixed: an exact sum."""
        free: NDArray[np.bool_] = (self.rules.candidates != self.rules.required).any(axis=1)
        return free


def hidden_drivers(
    prepared: Prepared, problem: SearchProblem, outcomes: Sequence[str], *, horizon: int, seed: int
) -> tuple[HiddenDriver, ...]:
    """Return the hidden driver of every outcome that may have one, plausible or not; none without lags.

    Parameters
    ----------
    horizon : periods ahead of the sustained effects that are compared.
    seed : of the random orders.
    """
    if prepared.lags == 0 or not outcomes:
        return ()
    parents = full_sample(prepared, problem, seed, DISCOUNT).members[0]
    plain = _Plain(prepared.covariance()[0], prepared.effective_n, rules_of(problem), parents)
    found = [_of_outcome(plain, prepared.names, outcome, horizon, seed) for outcome in outcomes]
    return tuple(driver for driver in found if driver is not None)


def _of_outcome(plain: _Plain, names: Sequence[str], outcome: str, horizon: int, seed: int) -> HiddenDriver | None:
    y = names.index(outcome)
    score = system_score(plain.within, plain.parents, plain.n, plain.penalty)
    key = np.uint64(key_of(seed, y, 4))
    best = _best(plain, y, _starts(plain, y), key)
    if best is None or score - best.score < HOPEFUL:
        return None
    for _ in range(MOST_CHILDREN_ADDED):
        grown = _best(plain, y, _one_more_child(plain, best), key)
        if grown is None or grown.score >= best.score - 1e-6:
            break
        best = grown
    others = [j for j in range(len(names)) if j != y]
    weakened = _weakened(plain, best, y, horizon)
    children = tuple(names[j] for j in others if best.loadings[j] != 0)
    doubted = tuple(names[j] for j in others if best.loadings[j] != 0 or weakened[j])
    return HiddenDriver(outcome, children, doubted, score - best.score, best)


def _best(plain: _Plain, y: int, starts: set[tuple[int, ...]], key: np.uint64) -> Factor | None:
    """Return the best driver of y and something else that is found from the sets of children to start from."""
    found = [
        factor_search(plain.within, plain.n, plain.penalty, plain.rules, plain.parents, np.array(children), key)
        for children in sorted(starts)
    ]
    found = [factor for factor in found if factor.loadings[y] != 0 and (factor.loadings != 0).sum() > 1]
    return min(found, key=lambda factor: factor.score, default=None)


def _starts(plain: _Plain, y: int) -> set[tuple[int, ...]]:
    """Return the outcome and one of its causes, alone and with all that are adjacent to both."""
    sets: set[tuple[int, ...]] = set()
    for cause in np.flatnonzero(plain.parents[y, -len(plain.parents) :] & plain.movable & plain.movable[y]):
        shared = np.flatnonzero(plain.adjacent[y] & plain.adjacent[cause] & plain.movable)
        sets |= {tuple(sorted({y, int(cause)})), tuple(sorted({y, int(cause), *map(int, shared)}))}
    return sets


def _one_more_child(plain: _Plain, factor: Factor) -> set[tuple[int, ...]]:
    """Return the children found, alone and with one indicator that is adjacent to one of them."""
    children = {int(j) for j in np.flatnonzero(factor.loadings)}
    near = np.flatnonzero(plain.adjacent[sorted(children)].any(axis=0) & plain.movable)
    return {tuple(sorted(children))} | {tuple(sorted({*children, int(k)})) for k in near}


def _weakened(plain: _Plain, factor: Factor, y: int, horizon: int) -> NDArray[np.bool_]:
    """Return (p,) whether a lever loses at least half of its sustained effect on y beside the driver."""
    coefficients = member_coefficients(plain.within, plain.parents[None])
    alone = member_responses(plain.parents[None], coefficients, horizon)[0, 1, y]
    beside = member_responses(factor.parents[None], factor.coefficients[None], horizon)[0, 1, y]
    gone: NDArray[np.bool_] = (alone != 0) & (beside * np.sign(alone) < SHRUNK * np.abs(alone))
    return gone
