"""The door to causal-learn: PC, FCI, GES and BOSS on a covariance, under our knowledge, as our types.

Every method is given a covariance and a sample size instead of rows, so that gaps, entity and period effects and
weights stay where they were handled. Variables are ``[lagged block | present block]``.

Penalty, one scale for all methods: the penalty discount ``c`` takes ``c ln(n) / 2`` per parameter off the
log-likelihood; c = 1 is the Bayesian information criterion (Schwarz 1978). causal-learn's ``lambda_value`` is c / 2,
so its BIC is .5 and the default of its ``boss`` (2) is c = 4. The level at which a single partial correlation is just
accepted at penalty discount c is ``alpha_of(c, n)``.

What is guarded, and how:

====================================================  ==============================================================
data frames, gaps                                     never handed over: covariance and n only
constant, duplicate or exactly summing indicators     refused before the call, by name
PC: union of separating sets loses colliders          colliders by the largest p-value (MaxP, ``uc_rule=1``)
PC, FCI: knowledge looked up rule by rule             one array look-up
PC: required edges may be tested away                 they are never tested away
PC, FCI: exponential numbers of tests                 refused beyond ``max_tests``, with what to do instead
GES writes into the caller's parameters               it gets none
GES is slow and poor when it must search the past     the past is partialled out, its arrows chosen after (``past``)
GES, BOSS take no knowledge; FCI breaks tiers         see ``raw_graph`` and ``partial_ancestral``: settled and said
BOSS draws from the global generator                  seeded for the call and restored
prints, progress bars, warning filters                switched off, filters restored
misspelt options pass silently                        every option is an explicit argument here
====================================================  ==============================================================

Sources: PC Spirtes, Glymour & Scheines (2000) with Colombo & Maathuis (2014) and Ramsey (2016, MaxP); FCI Zhang
(2008); GES Chickering (2002); BOSS Andrews et al. (2023).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.correlation import check_fraction, check_positive, checked_correlation, rows_with
from causal_service.discovery.fisher_z import FisherZ, too_many_tests
from causal_service.discovery.global_state import global_generator, quiet, untouched_generator
from causal_service.discovery.partial_ancestral import (
    ARROW,
    CIRCLE,
    NO_EDGE,
    TAIL,
    edges_of_marks,
    informed,
    without_selection,
)
from causal_service.discovery.past import given_the_past, lagged_parents
from causal_service.discovery.raw_graph import RawGraph, extension, settled_graph
from causal_service.errors import MissingPart, Text
from causal_service.graph.arrays import pdag_of
from causal_service.graph.causal_graph import Node
from causal_service.graph.certificate import certify
from causal_service.graph.knowledge import Knowledge

__all__ = ["RawGraph", "alpha_of", "boss", "fci", "ges", "pc"]

Array = NDArray[np.float64]

_MOST_NEIGHBOURS = 16
"""MaxP lists all subsets of the neighbours of a variable: at most 2^16 are listed."""
Bool = NDArray[np.bool_]
Marks = NDArray[np.int8]


def alpha_of(penalty_discount: float, n: float) -> float:
    """Return the level at which one partial correlation is just worth its penalty: P(chi2_1 > c ln n)."""
    return math.erfc(math.sqrt(penalty_discount * math.log(n) / 2))


def pc(
    covariance: Array,
    n: float,
    names: Sequence[str],
    lags: int,
    knowledge: Knowledge,
    *,
    alpha: float = 0.01,
    max_tests: int = 500_000,
) -> RawGraph:
    """Return PC's graph: order-independent skeleton (PC-stable), MaxP colliders, settled with the knowledge.

    Parameters
    ----------
    covariance : (d, d), d = (lags + 1) p, columns ``[lagged block | present block]``.
    n : effective number of rows.
    names : the p indicators.
    lags : L, in periods.
    knowledge : tiers, required and forbidden edges.
    alpha : level of Fisher's z test, in (0, 1).
    max_tests : largest number of different tests.

    Raises
    ------
    CallError : arguments that do not fit together, or more tests than allowed (code ``too-many-tests``).
    DataError : undefined covariance, constant indicators (``constant-indicator``), or indicators that determine each
        other (``dependent-indicators``), by name.
    MissingPart : causal-learn is not installed.
    """
    R = checked_correlation(covariance, n, names, lags)
    check_fraction("alpha", alpha)
    with _causallearn():
        from causallearn.utils.PCUtils.BackgroundKnowledgeOrientUtils import orient_by_background_knowledge
        from causallearn.utils.PCUtils.SkeletonDiscovery import skeleton_discovery
        from causallearn.utils.PCUtils.UCSepset import maxp

        m = lags * len(names)
        required = _required(names, lags, knowledge)
        excluded = _excluded(names, lags, knowledge)
        excluded[:m, :m] = True
        rows = np.zeros((len(R) + 1, len(R)))
        test = _test_type()(rows, FisherZ(R, n, required | required.T, np.zeros_like(required), max_tests))
        rules = _rules(excluded, required)
        numbered = [str(i) for i in range(len(R))]
        found = skeleton_discovery(rows, float(alpha), test, True, rules, False, False, numbered)
        if found.max_degree() > _MOST_NEIGHBOURS:
            raise too_many_tests()
        orient_by_background_knowledge(found, rules)
        marks = maxp(found, 2, rules).G.graph
    return _settled("pc", marks, names, lags, knowledge)


def ges(
    covariance: Array, n: float, names: Sequence[str], lags: int, knowledge: Knowledge, *, penalty_discount: float = 1.0
) -> RawGraph:
    """Return GES's graph on the Gaussian BIC, settled with the knowledge (which GES itself cannot take).

    It searches the present given the past; lagged parents are chosen afterwards by the same score. (Over past and
    present together it took a minute for 16 indicators and one lag, and found a graph half as good.)

    Parameters and errors as ``pc``; ``penalty_discount`` c > 0 as defined at the top of this module.
    """
    R = checked_correlation(covariance, n, names, lags)
    check_positive("penalty_discount", penalty_discount)
    with _causallearn():
        from causallearn.search.ScoreBased.GES import ges as search

        now = given_the_past(R, len(names))
        marks = search(cov=now, n=float(n), lambda_value=penalty_discount / 2)["G"].graph
    return _settled_given_the_past("ges", marks, R, names, knowledge, n, penalty_discount * math.log(n))


def boss(
    covariance: Array,
    n: float,
    names: Sequence[str],
    lags: int,
    knowledge: Knowledge,
    *,
    penalty_discount: float = 1.0,
    seed: int = 0,
) -> RawGraph:
    """Return BOSS's graph on the Gaussian BIC from one start, settled with the knowledge (which it cannot take).

    Parameters and errors as ``pc``; ``penalty_discount`` as in ``ges``; ``seed`` of the order in which variables move.
    """
    R = checked_correlation(covariance, n, names, lags)
    check_positive("penalty_discount", penalty_discount)
    X = rows_with(R)
    rows = len(X)
    # The library takes n from the rows; a score in units of rows / n with this lambda has the same maximum.
    scaled = penalty_discount / 2 * math.log(n) / math.log(rows) * rows / n
    with _causallearn(), global_generator(seed):
        from causallearn.search.PermutationBased.BOSS import boss as search

        marks = search(X, "local_score_BIC_from_cov", {"lambda_value": scaled}, verbose=False).graph
    return _settled("boss", marks, names, lags, knowledge)


def fci(
    covariance: Array,
    n: float,
    names: Sequence[str],
    lags: int,
    knowledge: Knowledge,
    *,
    alpha: float = 0.01,
    max_tests: int = 500_000,
) -> RawGraph:
    """Return FCI's partial ancestral graph: what can be said when common causes may be unobserved.

    Marks ``o->``, ``o-o`` and ``<->`` stand for possible or certain unobserved common causes. The library's own use of
    tiers turns possible common causes into plain arrows and breaks tiers; here it searches without them and time and
    knowledge are put in afterwards (``partial_ancestral``). A forbidden arrow is read as: no cause, but perhaps a
    common cause. Parameters and errors as ``pc``.
    """
    R = checked_correlation(covariance, n, names, lags)
    check_fraction("alpha", alpha)
    m = lags * len(names)
    required = _required(names, lags, knowledge)
    banned = np.zeros_like(required)
    banned[:m, :m] = True
    with _causallearn():
        from causallearn.search.ConstraintBased.FCI import fci as search
        from causallearn.utils import cit

        test = _test_type()
        cit.register_ci_test(test.__name__, test)
        answers = FisherZ(R, n, required | required.T, banned, max_tests)
        rows = np.zeros((len(R) + 1, len(R)))
        with quiet():
            graph, _ = search(rows, test.__name__, float(alpha), verbose=False, show_progress=False, answers=answers)
    marks = np.select([graph.graph == 1, graph.graph == -1, graph.graph == 2], [ARROW, TAIL, CIRCLE], NO_EDGE)
    return _ancestral(marks.astype(np.int8), names, lags, knowledge)


def _test_type() -> Any:
    """Return causal-learn's test interface over ``FisherZ``; it ignores the rows that the library insists on."""
    from causallearn.utils.cit import CIT_Base

    class CausalServiceFisherZ(CIT_Base):  # type: ignore[misc]
        def __init__(self, data: Array, answers: FisherZ) -> None:
            super().__init__(data)
            self.method = type(self).__name__
            self.answers = answers

        def __call__(self, X: int, Y: int, condition_set: Iterable[int] | None = None) -> float:
            return self.answers.p_value(X, Y, condition_set or ())

    return CausalServiceFisherZ


def _rules(excluded: Bool, required: Bool) -> Any:
    """Return causal-learn's knowledge over variables named by number, answered from (d, d) arrays.

    Its own look-up walks all rules for every question; it insists on this very type, hence the replaced methods.
    """
    from causallearn.utils.PCUtils.BackgroundKnowledge import BackgroundKnowledge

    rules = BackgroundKnowledge()
    rules.is_forbidden = lambda x, y: bool(excluded[int(y.get_name()), int(x.get_name())])
    rules.is_required = lambda x, y: bool(required[int(y.get_name()), int(x.get_name())])
    return rules


def _required(names: Sequence[str], lags: int, knowledge: Knowledge) -> Bool:
    """Return (d, d), ``[y, x]``: arrows required at a stated lag."""
    p = len(names)
    required = np.zeros(((lags + 1) * p, (lags + 1) * p), np.bool_)
    required[lags * p :, : lags * p] = knowledge.required_lag(names, lags)
    required[lags * p :, lags * p :] = knowledge.required_now(names, lags)
    return required


def _excluded(names: Sequence[str], lags: int, knowledge: Knowledge) -> Bool:
    """Return (d, d), ``[y, x]``: arrows excluded by time, tiers, or as forbidden; none among lagged variables."""
    p = len(names)
    excluded = np.ones(((lags + 1) * p, (lags + 1) * p), np.bool_)
    excluded[lags * p :, : lags * p] = ~knowledge.allowed_lag(names, lags)
    excluded[lags * p :, lags * p :] = ~knowledge.allowed_now(names)
    return excluded


def _found(marks: NDArray[Any]) -> Bool:
    """Return (d, d), ``[y, x]``, of causal-learn's marks: 1 arrowhead, -1 tail at the row's variable.

    A pair with two arrowheads (a conflict of PC) has an open direction.
    """
    return np.asarray((marks != 0) & ~((marks == -1) & (marks.T == 1)), np.bool_)


def _settled(method: str, marks: NDArray[Any], names: Sequence[str], lags: int, knowledge: Knowledge) -> RawGraph:
    """Return the settled graph; between past and present only the connection counts, its direction is known."""
    m = lags * len(names)
    found = _found(marks)[m:]
    backward = int((marks[m:, :m] != 0).sum() - found[:, :m].sum())
    found[:, :m] = marks[m:, :m] != 0
    repairs = (
        Text(
            f"由当期指向过去的边已按时间方向改正（{backward} 条）",
            f"arrows from the present into the past set right ({backward})",
        ),
    )
    return settled_graph(method, found, names, lags, knowledge, repairs if backward else ())


def _settled_given_the_past(
    method: str, marks: NDArray[Any], R: Array, names: Sequence[str], knowledge: Knowledge, n: float, penalty: float
) -> RawGraph:
    """Return the settled graph of a same-period proposal (p, p), with lagged parents chosen by the same score."""
    p, lags = len(names), len(R) // len(names) - 1
    found = _found(marks)
    if lags == 0:
        return settled_graph(method, found, names, 0, knowledge)
    same_period = replace(knowledge, required=tuple(a for a in knowledge.required if a[2] == 0))
    first = settled_graph(method, found, names, 0, same_period)
    dag = extension(pdag_of(first.edges, names, 0), np.zeros((p, 0), np.bool_))
    if dag is None:
        raise ValueError("a settled class without a member")
    allowed, required = knowledge.allowed_lag(names, lags), knowledge.required_lag(names, lags)
    lagged = lagged_parents(R, dag, n, penalty, allowed, required)
    final = settled_graph(method, np.concatenate([lagged, dag], axis=1), names, lags, knowledge)
    return replace(final, as_found=first.as_found, repairs=first.repairs)


def _ancestral(marks: Marks, names: Sequence[str], lags: int, knowledge: Knowledge) -> RawGraph:
    m = lags * len(names)
    nodes = [Node(name, None) for name in names]
    timed = without_selection(marks)
    timed[m:, :m][marks[m:, :m] != NO_EDGE] = ARROW
    result, repairs = informed(marks, names, lags, knowledge)
    edges = edges_of_marks(result, names, lags)
    as_found = certify(nodes, edges_of_marks(timed, names, lags), knowledge)
    return RawGraph("fci", edges, certify(nodes, edges, knowledge), as_found, repairs)


@contextmanager
def _causallearn() -> Iterator[None]:
    """Import and run causal-learn, warning filters and generator restored afterwards; a missing library is said.

    What it imports draws from the global generator the first time on a machine (caches are written).
    """
    with warnings.catch_warnings(), untouched_generator():
        warnings.simplefilter("ignore")
        try:
            import causallearn  # noqa: F401
        except ImportError as error:
            raise MissingPart(
                "missing-part",
                Text("未安装 causal-learn。", "causal-learn is not installed."),
                Text(
                    "请运行 pip install causal-learn，或使用默认方法。",
                    "Run pip install causal-learn or use the default.",
                ),
            ) from error
        yield
