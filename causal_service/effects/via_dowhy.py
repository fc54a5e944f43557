"""The door to DoWhy: its identification and its refuters, as a second opinion on ours.

DoWhy 0.14 is asked through its functions on a graph; every name that reaches it is one of ours (``v0``, ``v1``, ...).

=====================================================  =============================================================
method names are imported as modules                   fixed strings here, never a caller's word
exhaustive search over adjustment sets                 its complete search for one set instead (van der Zander 2014)
efficient sets are slow and raise on some graphs       asked for on request only
effect modifiers default to slow estimates             ``effect_modifiers=[]``
placebo of a continuous lever is constant              ``placebo_type="permute"``
the global generator                                   never drawn from: a generator of its own is given
a seed gives every subset the same rows                a generator is not a seed
all sets are tried as front-door                       with few consequences of the lever only
log messages, progress bars                            switched off
=====================================================  =============================================================
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.unrolled import Unrolled

__all__ = ["REFUTERS", "Reading", "Refuted", "Refuter", "fitted", "reading", "refuted"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]
Refuter = Literal["placebo-lever", "random-common-cause", "subset"]
REFUTERS: dict[Refuter, tuple[str, dict[str, Any]]] = {
    "placebo-lever": ("placebo_treatment_refuter", {"placebo_type": "permute"}),
    "random-common-cause": ("random_common_cause", {}),
    "subset": ("data_subset_refuter", {"subset_fraction": 0.8}),
}
"""Name and options of DoWhy's refuters by check."""


_MOST_MEDIATORS = 10
"""DoWhy tries all sets of the lever's consequences as a front-door: at most 2^10."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What DoWhy says about one effect in one graph."""

    path: bool
    """Whether there is a causal path."""
    adjustable: bool
    """Whether a valid adjustment set exists."""
    valid: bool | None
    """Whether the set it was given is one; ``None`` when it was given none."""
    optimal: tuple[int, ...] | None
    """Nodes of the efficient set; ``None`` where it was not asked for or could not say."""
    front_door: bool | None
    """Whether it finds a front-door (without holding anything equal); ``None`` where that was not looked for."""
    instruments: tuple[int, ...]
    """Nodes of the instruments it finds (without holding anything equal)."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """What one refuter found."""

    check: Refuter
    """What was tried."""
    estimate: float
    """Effect before."""
    found: float
    """Mean over its repeats."""
    repeats: int
    """Number of repeats."""


def reading(graph: Unrolled, x: int, y: int, given: Bool | None, *, efficient: bool = False) -> Reading:
    """Return DoWhy's identification of the effect of node x on node y.

    Front-door and instruments are looked for where no adjustment set exists.

    Parameters
    ----------
    given : (n,) the adjustment set to be judged, if any.
    efficient : whether its efficient set is asked for, which exists for sure without hidden causes; slow with many
        nodes.
    """
    with _quiet():
        import networkx as nx
        from dowhy import graph as judge
        from dowhy.causal_identifier import auto_identifier as identifier

        drawn: Any = nx.DiGraph()
        drawn.add_nodes_from(_name(node) for node in range(len(graph.arrows)))
        drawn.add_edges_from((_name(int(a)), _name(int(b))) for b, a in np.argwhere(graph.arrows))
        lever, outcome = [_name(x)], [_name(y)]
        seen = [_name(int(node)) for node in np.flatnonzero(graph.observed)]
        if not judge.has_directed_path(drawn, lever, outcome):
            return Reading(False, True, None, None, False, ())
        sets = identifier.identify_generalized_adjustment_set(drawn, lever, outcome, seen)
        valid = None
        if given is not None:
            on_way = judge.get_proper_causal_path_nodes(drawn, lever, outcome)
            held = {_name(int(node)) for node in np.flatnonzero(given)}
            forbidden = set(judge.get_descendants(drawn, on_way)) | set(on_way) | set(lever)
            rest = judge.get_proper_backdoor_graph(drawn, lever, outcome)
            valid = not held & forbidden and bool(judge.check_dseparation(drawn, lever, outcome, held, new_graph=rest))
        optimal = None
        if efficient:
            try:
                best = identifier.EfficientBackdoor(drawn, lever, outcome, seen).optimal_adj_set()
                optimal = tuple(sorted(_node(name) for name in best))
            except nx.NetworkXError:
                optimal = None
        front_door: bool | None = False
        instruments: tuple[int, ...] = ()
        if not sets:
            follows = judge.get_descendants(drawn, lever) & set(seen)
            few = len(follows) <= _MOST_MEDIATORS
            front_door = bool(identifier.identify_frontdoor(drawn, lever, outcome, seen)) if few else None
            means = set(judge.get_instruments(drawn, lever, outcome)) & set(seen)
            instruments = tuple(sorted(_node(name) for name in means))
    return Reading(True, bool(sets), valid, optimal, front_door, instruments)


def fitted(x: Array, y: Array, given: Array) -> tuple[Any, Any, Any]:
    """Return (model, estimand, estimate) of DoWhy's linear regression of y (n,) on x (n,) and ``given`` (n, k)."""
    with _quiet():
        import networkx as nx
        import pandas as pd
        from dowhy import CausalModel

        names = [_name(k) for k in range(given.shape[1])]
        data = pd.DataFrame(given, columns=names).assign(lever=x, outcome=y)
        drawn = nx.DiGraph([("lever", "outcome")])
        drawn.add_edges_from((name, end) for name in names for end in ("lever", "outcome"))
        model = CausalModel(data=data, treatment="lever", outcome="outcome", graph=drawn)
        estimand = model.identify_effect(method_name="maximal-adjustment", proceed_when_unidentifiable=True)
        estimate = model.estimate_effect(
            estimand, method_name="backdoor.linear_regression", effect_modifiers=[], test_significance=False
        )
    return model, estimand, estimate


def refuted(
    x: Array, y: Array, given: Array, checks: Sequence[Refuter], repeats: int, seed: int
) -> tuple[Refuted, ...]:
    """Return what DoWhy's refuters find for the linear regression of y on x and ``given``; slow.

    Parameters
    ----------
    x, y : (n,); ``given`` (n, k).
    """
    model, estimand, estimate = fitted(x, y, given)
    found = []
    for check in checks:
        method, options = REFUTERS[check]
        with _quiet():
            result = model.refute_estimate(
                estimand,
                estimate,
                method_name=method,
                num_simulations=repeats,
                random_state=np.random.RandomState(seed % 2**32),
                **options,
            )
        found.append(Refuted(check, float(estimate.value), float(np.mean(result.new_effect)), repeats))
    return tuple(found)


def _name(node: int) -> str:
    return f"v{node}"


def _node(name: str) -> int:
    return int(name[1:])


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep DoWhy's log messages and warnings to itself."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
