"""Exact sums, products and ratios are found despite rounding and gaps; strong regressions are not taken for them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.errors import Text
from causal_service.panel.copies import find_copies
from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.identities import Identity, identities
from causal_service.panel.identity_plan import resolve_identities
from causal_service.panel.reading import panel_from_frame
from causal_service.panel.rounding import rounding_grid


def base(
    seed: int, entities: int = 20, periods: int = 20, columns: int = 10
) -> tuple[np.random.Generator, pd.DataFrame]:
    """Correlated positive columns: entity levels, a common season, cross effects; several scales."""
    rng = np.random.default_rng(seed)
    rows = entities * periods
    level = np.repeat(rng.normal(size=(entities, columns)), periods, axis=0)
    season = np.tile(np.sin(np.arange(periods) / 2)[:, None] * rng.normal(size=columns), (entities, 1))
    noise = rng.normal(size=(rows, columns)) @ (np.eye(columns) + 0.3 * rng.normal(size=(columns, columns)))
    scale = 10.0 ** rng.integers(-1, 4, columns)
    values = np.exp(0.25 * (level + season + noise)) * scale * 5
    frame = pd.DataFrame(values, columns=[f"x{j:02d}" for j in range(columns)])
    frame.insert(0, "plant", np.repeat(np.arange(entities), periods))
    frame.insert(1, "month", np.tile(np.arange(periods), entities))
    return rng, frame


def some_at_once(first: int) -> list[object]:
    """Return thirty seeds, of which the first twelve run in the fast suite."""
    return [
        *range(first, first + 12),
        *(pytest.param(s, marks=pytest.mark.slow) for s in range(first + 12, first + 30)),
    ]


def published(frame: pd.DataFrame, rng: np.random.Generator, digits: int, gaps: float = 0.04) -> pd.DataFrame:
    """Round every column to about ``digits`` significant digits of its typical size, then lose cells."""
    out = frame.copy()
    for name in out.columns[2:]:
        decimals = digits - 1 - int(np.floor(np.log10(out[name].abs().median())))
        out[name] = out[name].round(decimals)
        out.loc[rng.random(len(out)) < gaps, name] = np.nan
    return out


def found_in(frame: pd.DataFrame) -> tuple[Identity, ...]:
    return identities(panel_from_frame(frame, entity="plant", period="month"))


@pytest.mark.parametrize("seed", some_at_once(0))
def test_planted_identities_are_found_and_nothing_else(seed):
    rng, frame = base(seed)
    kind = seed % 6
    expected = {
        0: {"zz", "x01", "x02", "x03"},
        1: {"zz", "x01", "x02"},
        2: {"zz", "x01", "x02"},
        3: {"zz", "x01", "x02"},
        4: {"zz", "x01", "x02"},
        5: {"zz", "x01", "x02", "x03"},
    }[kind]
    frame["x02"] *= frame["x01"].median() / frame["x02"].median()
    frame["x03"] *= frame["x01"].median() / frame["x03"].median()
    frame["zz"] = {
        0: frame["x01"] + frame["x02"] + frame["x03"],
        1: frame["x01"] - frame["x02"],
        2: frame["x01"] * frame["x02"],
        3: 100 * frame["x01"] / frame["x02"],
        4: 1 - 0.5 * frame["x01"] / frame["x02"],
        5: frame["x01"] * frame["x02"] / frame["x03"],
    }[kind]
    found = found_in(published(frame, rng, digits=4 + seed % 3))
    assert [set(identity.members) for identity in found] == [expected]
    assert (
        found[0].kind
        in {
            0: ("sum",),
            1: ("sum", "difference"),
            2: ("product", "ratio"),
            3: ("product", "ratio"),
            4: ("ratio",),
            5: ("product", "ratio"),
        }[kind]
    )
    if kind == 0:
        assert (found[0].target, found[0].coefficients, found[0].constant) == ("zz", (1.0, 1.0, 1.0), 0.0)


@pytest.mark.parametrize("seed", some_at_once(30))
def test_strong_regressions_are_no_identities(seed):
    """R2 about .999 with noise of several rounding steps, for sums as for products."""
    rng, frame = base(seed)
    frame["zz"] = frame["x01"] + 2 * frame["x02"]
    frame["yy"] = frame["x03"] * frame["x04"]
    for name in ("zz", "yy"):
        frame[name] += 0.03 * frame[name].std() * rng.normal(size=len(frame))
    assert np.corrcoef(frame["zz"], frame["x01"] + 2 * frame["x02"])[0, 1] ** 2 > 0.998
    assert found_in(published(frame, rng, digits=4)) == ()


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_noise_beyond_rounding_is_the_difference(noise):
    rng, frame = base(7)
    step = 10.0 ** np.floor(np.log10(frame["x01"].median()) - 3)
    frame["x02"] *= frame["x01"].median() / frame["x02"].median()
    frame["zz"] = frame["x01"] + frame["x02"] + noise * step * rng.normal(size=len(frame))
    assert len(found_in(published(frame, rng, digits=4))) == (noise == 0)


def test_counts_behind_a_rate():
    rng, frame = base(3)
    frame["orders"] = rng.poisson(40, len(frame)) + 1
    frame["late"] = rng.binomial(frame["orders"], 0.15)
    frame["late_rate"] = (frame["late"] / frame["orders"]).round(4)
    (found,) = found_in(frame)
    assert found.equation() == "late_rate = late / orders"
    assert found.value({"late": 3, "orders": 12}) == 0.25
    assert found.derivatives({"late": 3, "orders": 12}) == pytest.approx({"late": 1 / 12, "orders": -3 / 144})


def test_shares_that_add_up_and_indicator_variables():
    rng, frame = base(4, columns=3)
    shares = rng.dirichlet([3, 4, 5, 6], len(frame)).round(3) * 100
    for k in range(4):
        frame[f"share_{k}"] = shares[:, k].round(1)
    (found,) = found_in(frame)
    assert set(found.members) == {f"share_{k}" for k in range(4)}
    assert found.constant == pytest.approx(100)
    group = rng.integers(0, 3, len(frame))
    dummies = frame.drop(columns=[f"share_{k}" for k in range(4)]).assign(
        **{f"d{k}": (group == k) * 1 for k in range(3)}
    )
    (found,) = found_in(dummies)
    assert set(found.members) == {"d0", "d1", "d2"}


def test_nested_totals_are_found_once_each():
    rng, frame = base(5)
    for name in ("x02", "x03", "x04"):
        frame[name] *= frame["x01"].median() / frame[name].median()
    frame["sub"] = frame["x01"] + frame["x02"]
    frame["total"] = frame["sub"] + frame["x03"]
    found = found_in(published(frame, rng, digits=5))
    assert [identity.equation() for identity in found] == ["sub = x01 + x02", "total = sub + x03"]


def test_keying_errors_in_one_row_of_a_hundred_do_not_hide_it():
    rng, frame = base(6)
    frame["x02"] *= frame["x01"].median() / frame["x02"].median()
    frame["zz"] = (frame["x01"] + frame["x02"]) * np.where(rng.random(len(frame)) < 0.01, 1.5, 1.0)
    (found,) = found_in(published(frame, rng, digits=5))
    assert found.equation() == "zz = x01 + x02"


def test_identities_do_not_depend_on_order_or_units():
    rng, frame = base(8)
    frame["x02"] *= frame["x01"].median() / frame["x02"].median()
    frame["zz"] = frame["x01"] + frame["x02"]
    frame = published(frame, rng, digits=5)
    (first,) = found_in(frame)
    (second,) = found_in(frame.sample(frac=1, random_state=0)[frame.columns[::-1]])
    assert first == second
    (minutes,) = found_in(frame.assign(zz=frame["zz"] * 60))
    assert set(minutes.members) == set(first.members)
    assert minutes.solved_for("zz").coefficients == pytest.approx((60.0, 60.0))


@pytest.mark.parametrize(
    ("identity", "name", "equation"),
    [
        (Identity("sum", "t", ("a", "b"), (1.0, 2.0), 3.0), "b", "b = - 0.5 × a + 0.5 × t - 1.5"),
        (Identity("product", "t", ("a", "b"), (1.0, 1.0), 0.0, 100.0), "a", "a = 0.01 × t / b"),
        (Identity("ratio", "t", ("a", "b"), (1.0, -1.0)), "b", "b = a / t"),
    ],
)
def test_an_identity_can_be_solved_for_any_member(identity, name, equation):
    solved = identity.solved_for(name)
    assert solved.equation() == equation
    assert solved.solved_for("t").coefficients == pytest.approx(identity.coefficients)
    parts = {"a": 2.0, "b": 5.0}
    parts["t"] = identity.value(parts)
    assert solved.value(parts) == pytest.approx(parts[name])


def test_a_ratio_with_a_constant_is_solved_one_way_only():
    assert Identity("ratio", "margin", ("cost", "revenue"), (1.0, -1.0), 1.0, -1.0).solved_for("cost") is None


@pytest.mark.parametrize(
    ("make", "kind", "slope", "constant"),
    [
        (lambda x: x, "duplicate", 1.0, 0.0),
        (lambda x: (x / 60).round(3), "affine-copy", None, None),
        (lambda x: 32 + 1.8 * x, "affine-copy", 1.8, 32.0),
        (lambda x: -x, "affine-copy", -1.0, 0.0),
        (np.log, "monotone-copy", None, None),
    ],
)
def test_copies(make, kind, slope, constant):
    rng, frame = base(9)
    frame["x01"] = (frame["x01"] / frame["x01"].median() * 500).round(2)
    frame["zz"] = make(frame["x01"])
    frame.loc[rng.random(len(frame)) < 0.05, "zz"] = np.nan
    (copy,) = find_copies(panel_from_frame(frame, entity="plant", period="month"))
    assert (copy.copy, copy.original, copy.kind) == ("zz", "x01", kind)
    if slope is not None:
        assert (copy.slope, copy.constant) == pytest.approx((slope, constant))


def test_an_outcome_is_never_the_copy():
    _, frame = base(9)
    frame["a_copy"] = frame["x01"]
    panel = panel_from_frame(frame, entity="plant", period="month")
    assert [copy.copy for copy in find_copies(panel)] == ["x01"]
    assert [copy.copy for copy in find_copies(panel, ["x01"])] == ["a_copy"]


@pytest.mark.parametrize(
    ("values", "grid"),
    [
        ([1.25, 3.5, 100.75, 20.05], 0.01),
        ([1200.0, 35100.0, 700.0], 100.0),
        ([1.0, 2.0, 3.0, 150.0], 0.0),
        ([101.0, 257.0, 333.0], 1.0),
    ],
)
def test_rounding_grid_of_decimals_and_counts(values, grid):
    np.testing.assert_allclose(rounding_grid(np.array(values)), grid, atol=1e-12)


def test_rounding_grid_of_a_converted_unit():
    days = np.random.default_rng(0).normal(12, 3, 300).round(2)
    np.testing.assert_allclose(rounding_grid(days / 7), 0.01 / 7, rtol=1e-3)
    np.testing.assert_allclose(rounding_grid(days * 24), 0.24, rtol=1e-3)


def test_rounding_grid_of_significant_digits_grows_with_size():
    np.testing.assert_allclose(rounding_grid(np.array([1.234, 56.78, 910.2])), [0.001, 0.01, 0.1])


SUM = Identity("sum", "total", ("a", "b", "c"), (1.0, 1.0, 1.0))
RATE = Identity("ratio", "rate", ("late", "n"), (1.0, -1.0))


def test_partners_of_the_outcome_leave():
    plan = resolve_identities([SUM, RATE], read_dictionary(None), ["total"], ["a", "b"])
    assert plan.dropped == ("a", "b", "c", "rate")
    assert [identity.target for identity in plan.derived] == ["rate"]
    assert [(f.code, f.severity, f.scope) for f in plan.findings] == [
        ("identity-with-outcome", "fail", "indicator"),
        ("identity-choice", "review", "indicator"),
    ]


def test_context_partners_of_the_outcome_stay_as_background():
    dictionary = read_dictionary({"indicators": {"n": {"layer": "context"}}})
    assert resolve_identities([RATE], dictionary, ["rate"], []).dropped == ("late",)


def test_a_formula_decides_which_side_is_computed():
    dictionary = read_dictionary({"indicators": {"a": {"formula": "total - B stage - c"}, "b": {"name": "B stage"}}})
    plan = resolve_identities([SUM], dictionary, ["outcome"], ["a", "b", "c", "total"])
    (derived,) = plan.derived
    assert (derived.target, derived.equation()) == ("a", "a = - b - c + total")
    assert [f.code for f in plan.findings] == ["identity-resolved"]


def test_what_nobody_can_move_is_computed_first():
    plan = resolve_identities([SUM], read_dictionary(None), [], ["a", "b", "total"])
    assert plan.dropped == ("c",)


def test_linked_identities_are_solved_without_a_circle():
    other = Identity("sum", "total", ("d", "e"), (1.0, 1.0))
    third = Identity("sum", "a", ("d", "f"), (1.0, 1.0))
    plan = resolve_identities([SUM, other, third], read_dictionary(None), [], [])
    assert len(plan.dropped) == len(plan.derived) == 3
    known = set("abcdef") | {"total"}
    known -= set(plan.dropped)
    for identity in plan.derived:
        assert set(identity.parts) <= known
        known.add(identity.target)


def test_what_its_formula_computes_from_an_outcome_leaves_alone():
    """return = revenue / spend: spend may still move revenue. Without the formula it could be the other way round."""
    identity = Identity("product", "revenue", ("roas", "spend"), (1.0, 1.0), 0.0, 1.0)
    entries = {key: Indicator(key, Text(key, key)) for key in ("revenue", "spend")}
    known = Dictionary(entries | {"roas": Indicator("roas", Text("roas", "roas"), formula="revenue / spend")})
    assert resolve_identities([identity], known, ["revenue"], ["spend"]).dropped == ("roas",)
    silent = Dictionary(entries | {"roas": Indicator("roas", Text("roas", "roas"))})
    assert resolve_identities([identity], silent, ["revenue"], ["spend"]).dropped == ("roas", "spend")
    stated = Dictionary(
        known.indicators | {"revenue": Indicator("revenue", Text("revenue", "revenue"), formula="roas * spend")}
    )
    assert resolve_identities([identity], stated, ["revenue"], ["spend"]).dropped == ("roas", "spend")
