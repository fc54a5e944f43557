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
from causal_service.numerics.hidden_factor import Factor, Rules, driven_shares, factor_search, start_score, system_score
from causal_service.numerics.keyed_random import key_of
from causal_service.preparation.prepared import Prepared

__all__ = ["HiddenDriver", "hidden_drivers"]

DISCOUNT = 2.0
"""Penalty discount of the comparison."""
STRONG = 6.0
"""Points by which the driver is clearly the better explanation; strong evidence in Kass & Raftery (1995), JASA 90."""
_SPARE = 1.0
"""A driver is plausible when it is worse than the arrows by no more than this many points, and one coefficient ..."""
_TELLING = 2
"""... where its children have at least so many other causes; without, a driver explains arrows about as well."""
HOPEFUL = -25.0
"""Points above which a driver found is worth a search for further children."""
PROMISING = 16
"""Sets of children from which the order search is tried, out of all that are scored without it."""
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
    """Indicators whose effect on the outcome it puts in doubt, sorted.

    Its children, those with half of the effect gone, and those tied to two of its children (the outcome counts), which
    may be further ones.
    """
    evidence: float
    """Score of the system without the driver minus that with it, in points of -2 log likelihood after penalty."""
    explained: float
    """Share of the outcome's movement that it explains in the same period, 0..1."""
    plausible: bool
    """Whether it explains the data about as well as the arrows do, or better."""
    factor: Factor
    """The system with the driver."""

    @property
    def strong(self) -> bool:
        """Whether it is clearly the better explanation."""
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
    plain = _Plain(prepared.covariance()[0], prepared.search_n, rules_of(problem), parents)
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
    unsure = _weakened(plain, best, y, horizon) | (plain.adjacent[:, best.loadings != 0].sum(axis=1) > 1)
    children = tuple(names[j] for j in others if best.loadings[j] != 0)
    doubted = tuple(names[j] for j in others if best.loadings[j] != 0 or unsure[j])
    evidence = score - best.score
    explained = float(driven_shares(plain.within, best)[y])
    coefficient = plain.penalty if _other_causes(plain, best) >= _TELLING else 0.0
    plausible = evidence > -coefficient - _SPARE
    return HiddenDriver(outcome, children, doubted, evidence, explained, plausible, best)


def _best(plain: _Plain, y: int, starts: set[tuple[int, ...]], key: np.uint64) -> Factor | None:
    """Return the best driver of y and something else that is found from the most promising sets of children."""
    scored = [
        (start_score(plain.within, plain.n, plain.penalty, plain.parents, np.array(children)), children)
        for children in sorted(starts)
    ]
    found = [
        factor_search(plain.within, plain.n, plain.penalty, plain.rules, plain.parents, np.array(children), key)
        for _, children in sorted(scored)[:PROMISING]
    ]
    found = [factor for factor in found if factor.loadings[y] != 0 and (factor.loadings != 0).sum() > 1]
    return min(found, key=lambda factor: factor.score, default=None)


def _starts(plain: _Plain, y: int) -> set[tuple[int, ...]]:
    """Return the sets of children to start from: connected pairs and triples with y, and whole neighbourhoods."""
    sets: set[tuple[int, ...]] = set()
    if not plain.movable[y]:
        return sets
    beside = plain.adjacent & plain.movable & plain.movable[:, None]
    for near in map(int, np.flatnonzero(beside[y])):
        sets |= {
            tuple(sorted({y, near})),
            tuple(sorted({y, near, *map(int, np.flatnonzero(beside[y] & beside[near]))})),
        }
        sets |= {tuple(sorted({y, near, int(k)})) for k in np.flatnonzero(beside[y] | beside[near]) if k != y}
    return sets


def _one_more_child(plain: _Plain, factor: Factor) -> set[tuple[int, ...]]:
    """Return the children found, alone and with one indicator that is adjacent to one of them."""
    children = {int(j) for j in np.flatnonzero(factor.loadings)}
    near = np.flatnonzero(plain.adjacent[sorted(children)].any(axis=0) & plain.movable)
    return {tuple(sorted(children))} | {tuple(sorted({*children, int(k)})) for k in near}


def _other_causes(plain: _Plain, factor: Factor) -> int:
    """Return how many indicators that the driver does not move are causes of one that it moves, without it."""
    p, moved = len(factor.loadings), factor.loadings != 0
    causes = plain.parents[moved].reshape(-1, plain.parents.shape[1] // p, p).any(axis=(0, 1))
    return int((causes & ~moved).sum())


def _weakened(plain: _Plain, factor: Factor, y: int, horizon: int) -> NDArray[np.bool_]:
    """Return (p,) whether a lever loses at least half of its sustained effect on y beside the driver.

    The direct links of the driver's children to y do not count: they are what is left to tell from the driver's work.
    """
    alone = _sustained(plain.parents, member_coefficients(plain.within, plain.parents[None])[0], y, horizon)
    children = np.tile(factor.loadings != 0, factor.parents.shape[1] // len(factor.loadings))
    children[np.arange(children.size) % len(factor.loadings) == y] = False
    coefficients = factor.coefficients.copy()
    coefficients[y, children] = 0.0
    beside = _sustained(factor.parents, coefficients, y, horizon)
    gone: NDArray[np.bool_] = (alone != 0) & (beside * np.sign(alone) < SHRUNK * np.abs(alone))
    return gone


def _sustained(
    parents: NDArray[np.bool_], coefficients: NDArray[np.float64], y: int, horizon: int
) -> NDArray[np.float64]:
    """Return (p,) the sustained effects on y in one system."""
    effects: NDArray[np.float64] = member_responses(parents[None], coefficients[None], horizon)[0, 1, y]
    return effects
