"""What must not matter does not matter: order, names, units, threads. The answer belongs to the panel alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import causal_service as cs

pytestmark = pytest.mark.slow

NAMES = ("cycle", "ontime", "rating", "visits")
LAYERS = {"cycle": "process", "ontime": "process", "rating": "business", "visits": "process"}
DRAWS = 20
few = settings(max_examples=4, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
"""A study takes a tenth of a second: few examples, always the same ones, none of them made smaller."""
many = settings(max_examples=40, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))


class Case:
    """Studies of one panel with gaps and weights, told in any order, unit or name."""

    def __init__(self, simulated) -> None:
        self.simulated = simulated
        frame = simulated.frame(3, entities=12, periods=10, gaps=0.04)
        frame["orders"] = np.random.default_rng(0).integers(5, 60, len(frame)).astype(float)
        self.frame = frame

    def study(self, frame: pd.DataFrame | None = None, **options: Any) -> cs.Study:
        """A small study of the panel, or of the frame given."""
        fixed = {"outcome": "rating", "dictionary": self.simulated.dictionary(LAYERS), "weight": "orders", **KEYS}
        return cs.study(self.frame if frame is None else frame, **{"resamples": DRAWS, **fixed, **options})


KEYS = {"entity": "plant", "period": "month"}


@pytest.fixture(scope="module")
def case(simulated) -> Case:
    return Case(simulated)


@pytest.fixture(scope="module")
def told(case) -> str:
    return case.study().to_json()


@few
@given(st.randoms(use_true_random=False))
def test_order_of_rows_and_columns_changes_no_byte(case, told, random):
    rows, columns = list(case.frame.index), list(case.frame.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    assert case.study(case.frame.loc[rows, columns]).to_json() == told


@few
@given(st.permutations(NAMES), st.permutations(range(3)))
def test_order_in_the_dictionary_and_of_options_changes_no_byte(case, order, places):
    """The dictionary lists indicators in any order; levers may be asked for in any order."""
    levers = ["cycle", "ontime", "visits"]
    dictionary = case.simulated.dictionary({name: LAYERS[name] for name in order})
    first = case.study(lever=levers)
    assert case.study(lever=[levers[i] for i in places], dictionary=dictionary).to_json() == first.to_json()


@few
@given(st.randoms(use_true_random=False))
def test_order_of_rows_of_a_cross_section_changes_no_byte(case, random):
    frame = case.frame.drop(columns=["plant", "month", "orders"])
    rows = list(frame.index)
    random.shuffle(rows)
    options = {"weight": None, "entity": None, "period": None}
    assert case.study(frame.loc[rows], **options).to_json() == case.study(frame, **options).to_json()


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_number_of_threads_changes_no_byte(case, told, threads):
    assert case.study(threads=threads).to_json() == told


def test_not_even_where_layers_are_contradicted(case):
    """demand -> sales <- price, sales -> stock with stock declared first: further searches say so."""
    now = np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0.9, -0.9, 0, 0], [0, 0, -0.8, 0.0]])
    names = ("demand", "price", "sales", "stock")
    frame = case.simulated.frame(1, names=names, now=now, past=(0.3 * np.eye(4),), entities=20, periods=12)
    wrong = case.simulated.dictionary(
        {"demand": "innovation", "price": "innovation", "stock": "process", "sales": "business"}
    )
    options = {"outcome": "sales", "dictionary": wrong, "weight": None}
    first, other = (case.study(frame, threads=threads, **options) for threads in (1, 3))
    assert {"layer-contradiction", "hidden-driver"} & {f.code for f in first.findings}
    assert next(x.verdict for x in first.levers if x.lever == "stock") != "act"
    assert other.to_json() == first.to_json()


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_of_the_algebra_library_change_no_byte(case, told, threads):
    with threadpool_limits(threads):
        assert case.study().to_json() == told


def test_seed_changes_draws_but_not_the_panel(case, told):
    other = json.loads(case.study(seed=7).to_json())
    first = json.loads(told)
    assert other["effects"] != first["effects"]
    assert (other["panel"], other["indicators"]) == (first["panel"], first["indicators"])


def factor(units: dict[str, tuple[float, float]], row: Any) -> float:
    """What an effect is multiplied by when indicators are."""
    return units[row.outcome][0] / units[row.lever][0]


affine = st.tuples(st.sampled_from([1e-3, 0.1, 2.54, 60.0, 1e4]), st.sampled_from([0.0, -32.0, 273.15]))


@few
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, affine)))
def test_units_change_nothing_but_the_unit(case, units):
    same_but_for_units(case, units)


@pytest.mark.slow
@many
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, affine)))
def test_many_units_change_nothing_but_the_unit(case, units):
    same_but_for_units(case, units)


def same_but_for_units(case: Case, units: dict[str, tuple[float, float]]) -> None:
    """x -> a x + b with a > 0: the same graph, ranks, verdicts; effects change by the ratio of the units only."""
    frame = case.frame.assign(**{name: a * case.frame[name] + b for name, (a, b) in units.items()})
    first, other = case.study(), case.study(frame)
    for e, f in zip(first.graph.edges, other.graph.edges, strict=True):
        assert (e.source, e.target, e.lag, e.mark, e.frequency) == (f.source, f.target, f.lag, f.mark, f.frequency)
        assert f.strength == pytest.approx(e.strength, rel=1e-7, abs=1e-9)
    for row, moved in zip(first.effects, other.effects, strict=True):
        scale = factor(units, row)
        size = max(abs(row.low), abs(row.high))
        assert moved.value == pytest.approx(scale * row.value, rel=1e-9, abs=1e-9 * scale * size)
        assert moved.low == pytest.approx(scale * row.low, rel=1e-9, abs=1e-9 * scale * size)
        assert (moved.zero_share, moved.identified_share) == (row.zero_share, row.identified_share)
        assert moved.q == pytest.approx(row.q, rel=1e-6, abs=1e-12)
    for lever, moved in zip(first.levers, other.levers, strict=True):
        assert (moved.lever, moved.rank, moved.verdict) == (lever.lever, lever.rank, lever.verdict)
        assert [r.code for r in moved.reasons] == [r.code for r in lever.reasons]
        assert (moved.p_top1, moved.p_top3) == (lever.p_top1, lever.p_top3)
        assert moved.gain_per_step == pytest.approx(units["rating"][0] * lever.gain_per_step, rel=1e-8, abs=1e-12)
        assert moved.step == pytest.approx(units[lever.lever][0] * lever.step, rel=1e-8)
    for chain, moved in zip(first.chains, other.chains, strict=True):
        assert (moved.path, moved.kind) == (chain.path, chain.kind)
        assert (moved.share is None) == (chain.share is None)
        if chain.share is not None:
            assert moved.share == pytest.approx(chain.share, rel=1e-6, abs=1e-9)
    assert [c.reason for c in other.contrast] == [c.reason for c in first.contrast]


@few
@given(st.sampled_from(["site-", "工厂", "a", "~"]))
def test_names_of_entities_are_only_names(case, told, prefix):
    """Renamed without changing their order: everything but the fingerprint and names in findings stays."""
    first = json.loads(told)
    other = json.loads(case.study(case.frame.assign(plant=prefix + case.frame["plant"])).to_json())
    for part in ("graph", "effects", "levers", "chains", "contrast", "answers", "indicators", "plan", "provenance"):
        assert other[part] == first[part]
    assert other["panel"]["fingerprint"] != first["panel"]["fingerprint"]
    assert [f["code"] for f in other["findings"]] == [f["code"] for f in first["findings"]]


def test_names_of_indicators_are_only_names(case, told):
    """Renamed without changing their order, the whole record is the same up to the names in it."""
    new = {"cycle": "k1cycle", "ontime": "k2ontime", "rating": "k3rating", "visits": "k4visits"}
    dictionary = case.simulated.dictionary({new[name]: layer for name, layer in LAYERS.items()})
    other = case.study(case.frame.rename(columns=new), outcome=new["rating"], dictionary=dictionary).to_json()
    for old, changed in new.items():
        other = other.replace(changed, old)
    a, b = json.loads(told), json.loads(other)
    assert a["panel"].pop("fingerprint") != b["panel"].pop("fingerprint")
    assert a == b


@few
@given(
    st.fixed_dictionaries(
        dict.fromkeys(NAMES, st.sampled_from([None, "context", "innovation", "process", "business"]))
    ),
    st.sampled_from([0, 1, 2]),
    st.integers(0, 3),
)
def test_layers_can_never_be_broken(case, layers, lags, seed):
    """Whatever is declared: no same-period arrow and no same-period effect from a later layer to an earlier one."""
    study = case.study(dictionary=case.simulated.dictionary(layers), lags=lags, seed=seed, lever=("cycle", "ontime"))
    rank = {layer: i for i, layer in enumerate(study.layers)}
    assert study.graph.certificate.tiers in ("kept", "none")
    assert study.graph.certificate.acyclic

    def later(a: str, b: str) -> bool:
        return layers[a] is not None and layers[b] is not None and rank[layers[a]] > rank[layers[b]]

    for e in study.graph.edges:
        if e.lag == 0:
            assert not later(e.source, e.target)
            assert e.mark == "-->" or not later(e.target, e.source)
    if None not in layers.values():
        assert all(e.value == 0.0 for e in study.effects if e.kind == "impact" and later(e.lever, e.outcome))


@few
@given(
    st.lists(st.sampled_from([("visits", "rating"), ("cycle", "visits"), ("rating", "cycle")]), max_size=2, unique=True)
)
def test_required_and_forbidden_arrows_are_kept_by_every_study(case, arrows):
    dictionary = case.simulated.dictionary(dict.fromkeys(NAMES))
    for kind in ("required", "forbidden"):
        study = case.study(dictionary=replace(dictionary, **{kind: tuple((*arrow, None) for arrow in arrows)}))
        assert getattr(study.graph.certificate, kind) == ("kept" if arrows else "none")
        found = {(e.source, e.target) for e in study.graph.edges if e.mark == "-->"}
        assert set(arrows) <= found if kind == "required" else not set(arrows) & found
