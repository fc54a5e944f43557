"""A hidden driver is said where it is, and a lever it moves is not told to act; clean panels hear nothing of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.data import demo_dictionary_path, demo_panel_path
from causal_service.discovery.discover import Discovery, discover
from causal_service.discovery.driver_strength import MISJUDGED
from causal_service.effects.estimate import effect_draws
from causal_service.effects.moves import Move, settled_moves
from causal_service.effects.standing import Standing
from causal_service.effects.system import system_of
from causal_service.effects.what_if import response_draws
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import Prepared, prepare

LAYERS = {"a": "process", "b": "process", "c": "process", "d": "process", "e": "process", "rating": "business"}
NAMES = tuple(LAYERS)
INERTIA = np.array([0.5, 0.4, 0.3, 0.4, 0.5, 0.3])
NO_DRIVER = np.zeros(6)
DRIVER = np.array([0.7, 0, 0.7, 0, 0.7, 0.7])
"""Moves a, c, e and the rating."""


def frame(loadings: np.ndarray, effect: float, seed: int, plants: int = 60) -> pd.DataFrame:
    """Plants, 30 months: a moves b, d moves the rating by ``effect``; a hidden driver enters by ``loadings``."""
    rng = np.random.default_rng(seed)
    x, driver, months = np.zeros((plants, 6)), np.zeros(plants), []
    for t in range(-20, 30):
        driver = 0.6 * driver + 0.8 * rng.normal(size=plants)
        x = INERTIA * x + driver[:, None] * loadings + rng.normal(size=(plants, 6))
        x[:, 1] += 0.4 * x[:, 0]
        x[:, 5] += effect * x[:, 3]
        if t >= 0:
            keys = {"plant": range(plants), "month": f"{2020 + t // 12}-{t % 12 + 1:02d}"}
            months.append(pd.DataFrame(x, columns=list(NAMES)).assign(**keys))
    return pd.concat(months)


def study(data: pd.DataFrame, simulated, **keys: str) -> cs.Study:
    return cs.study(data, dictionary=simulated.dictionary(LAYERS), outcome="rating", resamples=40, **keys)


def panel_study(data: pd.DataFrame, simulated) -> cs.Study:
    return study(data, simulated, entity="plant", period="month")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_hidden_driver_is_said_and_stops_act(seed, simulated):
    found = panel_study(frame(DRIVER, 0.0, seed), simulated)
    said = [f for f in found.findings if f.code == "hidden-driver"]
    assert [(f.severity, f.indicators) for f in said] == [("review", ("rating", "a", "c", "e"))]
    assert said[0].params["evidence"] > 6
    rows = {row.lever: row for row in found.levers}
    assert "act" not in {row.verdict for row in rows.values()}
    assert "hidden-driver" in [reason.code for reason in rows["c"].reasons]


def test_effects_are_those_beside_the_driver_and_common_causes_are_marked(simulated):
    """No effect anywhere: intervals hold zero; a, c, e and the rating are joined by a hidden cause, not by arrows."""
    found = panel_study(frame(DRIVER, 0.0, 2), simulated)
    rows = {row.lever: row for row in found.levers}
    assert all(rows[name].low <= 0 <= rows[name].high for name in "ace")
    marks = {frozenset((e.source, e.target)): e.mark for e in found.graph.edges if e.lag == 0}
    moved = [frozenset(pair) for pair in (("a", "c"), ("a", "e"), ("c", "e"), ("a", "rating"), ("c", "rating"))]
    assert {marks[pair] for pair in moved} <= {"<->", "o->", "o-o"}
    assert marks[frozenset("ab")] == "-->"
    said = next(f for f in found.findings if f.code == "hidden-driver")
    assert 0.1 < said.params["explained"] < 0.6
    assert said.params["carried"] > 0.9
    assert "75%" in said.message.zh and "75%" in said.message.en
    assert "too narrow" not in said.message.en


def test_a_lever_beside_the_driver_keeps_its_verdict(simulated):
    found = panel_study(frame(DRIVER, 0.5, 4), simulated)
    assert "hidden-driver" in {f.code for f in found.findings}
    assert {row.lever: row.verdict for row in found.levers}["d"] == "act"


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_nothing_is_said_on_a_panel_without_one(seed, simulated):
    found = panel_study(frame(NO_DRIVER, 0.5, seed), simulated)
    assert "hidden-driver" not in {f.code for f in found.findings}
    assert {row.lever: row.verdict for row in found.levers}["d"] == "act"


def test_a_cross_section_says_nothing(simulated):
    found = study(frame(DRIVER, 0.0, 8).drop(columns=["plant", "month"]), simulated)
    assert "hidden-driver" not in {f.code for f in found.findings}


@pytest.mark.slow
def test_an_exact_sum_is_not_taken_for_a_driver():
    study = cs.study(demo_panel_path(), dictionary=demo_dictionary_path(), outcome="satisfaction", resamples=20)
    assert any(step.code == "total" for step in study.provenance.preparation)
    assert "hidden-driver" not in {finding.code for finding in study.findings}


def learned(loadings: np.ndarray, threads: int = 1) -> tuple[Prepared, Discovery]:
    panel = panel_from_frame(frame(loadings, 0.4, 9), entity="plant", period="month")
    prepared = prepare(panel, Dictionary(), (), 1)
    knowledge = Knowledge({name: 1 if name == "rating" else 0 for name in NAMES})
    return prepared, discover(prepared, knowledge, outcomes=("rating",), resamples=30, threads=threads)


def test_draws_beside_the_driver_take_it_for_stronger_or_weaker_and_add_up():
    """What is added to a draw lies within bounds; a kept unit move is its sustained effect; threads change nothing."""
    prepared, found = learned(DRIVER)
    beside = [draw for draw in found.draws if draw.loadings.size]
    assert len(beside) > 20
    y = prepared.names.index("rating")
    for draw in beside:
        causes = [x for x in np.flatnonzero(draw.loadings) if x != y]
        assert np.flatnonzero(draw.misjudged[y]).tolist() == causes
        assert not np.delete(draw.misjudged, y, axis=0).any()
        assert np.abs(draw.misjudged[y]).max() < MISJUDGED
        assert not draw.found[y, -len(prepared.names) :][causes].all()
        assert (draw.fitted[~draw.members[0]] == 0).all()
    shifts = np.array([draw.misjudged[y, prepared.names.index("a")] for draw in beside])
    assert shifts.min() < -0.05 < 0.05 < shifts.max()

    effects = effect_draws(prepared, found, 3)
    standings = {name: _standing(name) for name in prepared.names}
    system = system_of(prepared, found, standings, horizon=3, levers=prepared.names, outcomes=("rating",))
    for lever in "ace":
        wanted = effects.of(lever, "rating", "sustained")
        moved = response_draws(system, settled_moves([Move(lever, by=1.0)], system, 3), 3).of("rating")[:, -1]
        np.testing.assert_allclose(moved, wanted, rtol=1e-9, atol=1e-12)
        assert (wanted != 0).mean() > 0.6

    again = learned(DRIVER, threads=2)[1]
    for one, two in zip(found.draws, again.draws, strict=True):
        np.testing.assert_array_equal(one.coefficients, two.coefficients)
    assert found.graph == again.graph


@pytest.mark.slow
@pytest.mark.parametrize("plants", [60, 300])
def test_more_plants_are_not_promised_to_settle_what_the_strength_of_the_driver_leaves_open(plants, simulated):
    """a, c, e stay open with five times the plants; chains follow arrows only, what is misjudged is in the rest."""
    found = panel_study(frame(DRIVER, 0.4, 9, plants), simulated)
    rows = {row.lever: row for row in found.levers}
    codes = {name: [reason.code for reason in row.reasons] for name, row in rows.items()}
    hang = {name for name, said in codes.items() if "driver-strength-open" in said}
    assert len(hang) >= 2
    assert hang <= set("ace")
    assert {rows[name].verdict for name in hang} == {"insufficient"}
    assert not any("below-detectable" in codes[name] for name in hang)
    assert "panel-too-small" not in {finding.code for finding in found.findings}

    drawn = {(edge.source, edge.target) for edge in found.graph.edges if edge.mark != "<->"}
    drawn |= {(edge.target, edge.source) for edge in found.graph.edges if edge.mark == "o-o"}
    for row in rows.values():
        parts = [chain for chain in found.chains if chain.lever == row.lever]
        assert all(pair in drawn for chain in parts for pair in pairwise(chain.path))
        if parts:
            assert sum(chain.value for chain in parts) == pytest.approx(row.value, abs=1e-9)


def test_without_a_driver_no_draw_is_changed():
    found = learned(NO_DRIVER)[1]
    assert not any(draw.loadings.size or draw.misjudged.size for draw in found.draws)


def _standing(name: str) -> Standing:
    return Standing(
        name, mean=0.0, latest=0.0, latest_period="2022-06", lowest=-9.0, highest=9.0, swing=9.0, within_sd=1.0,
        bound_low=None, bound_high=None, better=None, target=None,
    )  # fmt: skip
