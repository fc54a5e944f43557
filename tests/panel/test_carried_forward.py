"""Figures repeated over the periods they stand for are named, with the number of periods; others are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from causal_service.panel.carried_forward import carried_lengths
from causal_service.panel.checks import check
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.panel.variation import within_residual

KEYS = {"entity": "plant", "period": "month"}


@pytest.fixture
def frame(frame_of) -> pd.DataFrame:
    return frame_of(entities=8, periods=24, indicators=3)


def repeated(column: pd.Series, every: int, entities: int = 8, start: int = 0) -> np.ndarray:
    """The figure with which each stretch of ``every`` periods begins, over the whole stretch."""
    values = column.to_numpy().reshape(entities, -1)
    first = (np.arange(values.shape[1]) + start) // every * every - start
    return values[:, np.maximum(first, 0)].ravel()


def lengths(frame: pd.DataFrame) -> dict[str, int]:
    panel = panel_from_frame(frame, **KEYS)
    return carried_lengths(panel, within_residual(panel))


@pytest.mark.parametrize(("every", "start"), [(2, 0), (3, 0), (3, 1), (3, 2), (6, 4)])
def test_it_tells_for_how_many_periods_a_figure_stands_wherever_the_panel_begins(frame, every, start):
    frame["x00"] = repeated(frame["x00"], every, start=start)
    assert lengths(frame) == {"x00": every}


def test_gaps_and_figures_that_happen_to_be_equal_do_not_hide_it(frame):
    rng = np.random.default_rng(5)
    frame["x00"] = repeated(frame["x00"].round(), 3)  # whole numbers: some neighbours are equal
    frame["x01"] = repeated(frame["x01"], 3)
    frame.loc[rng.random(len(frame)) < 0.1, "x01"] = np.nan
    assert lengths(frame) == {"x00": 3, "x01": 3}


def test_one_plant_of_many_with_a_rhythm_of_its_own_does_not_hide_it(frame_of):
    frame = frame_of(entities=12, periods=24, indicators=2)
    frame["x00"] = np.where(frame["plant"] == "plant 03", frame["x00"], repeated(frame["x00"], 3, entities=12))
    assert lengths(frame) == {"x00": 3}


def test_the_remedy_says_the_word_for_the_calendar(frame):
    frame["x00"] = repeated(frame["x00"], 3)
    numbered = frame.assign(month=frame.groupby("plant").cumcount() + 1)
    for panel, word in ((panel_from_frame(frame, **KEYS), "month"), (panel_from_frame(numbered, **KEYS), "period")):
        (said,) = [f for f in check(panel, read_dictionary(None), ["x02"]) if f.code == "carried-forward"]
        assert f"(frequency: {word})" in said.remedy.en
        told = read_dictionary({"indicators": {"x00": {"frequency": word}}})
        assert [f.severity for f in check(panel, told, ["x02"]) if f.code == "carried-forward"] == ["pass"]


def test_weeks_of_a_month_are_four_or_five(frame_of):
    frame = frame_of(entities=8, periods=26, indicators=2)
    month = np.repeat(np.arange(6), [4, 4, 5, 4, 4, 5])
    values = frame["x00"].to_numpy().reshape(8, -1)
    frame["x00"] = values[:, month].ravel()
    assert lengths(frame) == {"x00": 4}


def test_what_moves_in_its_own_time_is_not_named(frame):
    rng = np.random.default_rng(3)
    frame["x00"] = (rng.random(len(frame)) < 0.1).astype(float)  # a rare event
    stretches = np.repeat(rng.normal(size=(8, 8)), 3, axis=1)
    frame["x01"] = np.concatenate([np.roll(row, plant) for plant, row in enumerate(stretches)])  # none begin together
    assert lengths(frame) == {}


def test_the_calendar_and_properties_of_plants_are_left_to_other_checks(frame):
    frame["x00"] = np.tile(np.repeat(np.arange(8.0), 3), 8)
    assert lengths(frame) == {}


def test_the_dictionary_can_say_that_it_is_measured_every_period(frame):
    frame["x00"] = repeated(frame["x00"], 3)
    panel = panel_from_frame(frame, **KEYS)

    def severity(frequency: str) -> str:
        dictionary = read_dictionary({"indicators": {"x00": {"frequency": frequency}}})
        return next(f.severity for f in check(panel, dictionary, ["x02"]) if f.code == "carried-forward")

    assert [severity(word) for word in ("", "quarter", "季度", "month", "每月", "Monthly")] == [
        *("review", "review", "review"),
        *("pass", "pass", "pass"),
    ]


def test_rows_without_periods_are_not_asked(frame):
    panel = panel_from_frame(frame.drop(columns="month"), entity="plant")
    assert carried_lengths(panel, within_residual(panel)) == {}
    assert "carried-forward" not in {finding.code for finding in check(panel, read_dictionary(None), ["x02"])}
