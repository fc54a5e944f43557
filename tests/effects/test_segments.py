"""Effects by segment and by entity on a small panel of known slopes."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary, Indicator

NORTH, SOUTH = 0.8, -0.4
LAYERS = {"x": "process", "z": "process", "y": "business"}
KNOWN = Dictionary(
    {key: Indicator(key=key, name=Text(key, key), layer=layer) for key, layer in LAYERS.items()},
    layers=("process", "business"),
    entity="shop",
    period="month",
)


def panel(
    entities: int = 30, periods: int = 24, seed: int = 3, *, north: float = NORTH, south: float = SOUTH, every: int = 3
) -> pd.DataFrame:
    """x -> y with slope .8 in the north and -.4 in the south (every third shop); z does nothing."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(entities):
        slope = north if i % every else south
        level = rng.normal(size=3)
        x = y = z = 0.0
        for t in range(-20, periods):
            x = 0.4 * x + rng.normal()
            z = 0.4 * z + rng.normal()
            y = 0.3 * y + slope * x + rng.normal()
            if t >= 0:
                month = f"{2022 + t // 12}-{t % 12 + 1:02d}"
                region = "north" if i % every else "south"
                rows.append((f"E{i:02d}", month, region, x + level[0], y + level[1], z + level[2]))
    return pd.DataFrame(rows, columns=["shop", "month", "region", "x", "y", "z"])


def studied(frame: pd.DataFrame, **options: object) -> cs.Study:
    given = {"dictionary": KNOWN, "outcome": "y", "segment": "region", "resamples": 60} | options
    return cs.study(frame, **given)  # type: ignore[arg-type]


@cache
def result() -> cs.Study:
    return studied(panel())


def test_both_slopes_are_found_and_the_difference_is_established() -> None:
    found = result().segments
    assert found is not None and found.reason is None
    x = {e.segment: e for e in found.effects if e.lever == "x" and e.kind == "impact"}
    assert x["north"].low < NORTH < x["north"].high and x["south"].low < SOUTH < x["south"].high
    tests = {t.lever: t for t in found.tests if t.kind == "sustained"}
    assert tests["x"].opposite and tests["x"].q < 0.001 and not tests["z"].differs
    assert any(f.code == "segments-opposite" for f in result().findings)


def test_the_overall_effects_do_not_depend_on_the_segment_column() -> None:
    without = studied(panel().drop(columns="region"), segment=None)
    assert without.effects == result().effects and without.segments is None

    plain = {"verdict": "watch", "reasons": (), "sentence": Text("", "")}
    one, two = ([replace(row, **plain) for row in study.levers] for study in (without, result()))  # type: ignore[arg-type]
    assert one == two


def test_a_lever_that_helps_some_and_harms_others_is_no_act() -> None:
    without = {row.lever: row for row in studied(panel().drop(columns="region"), segment=None).levers}
    (x,) = [row for row in result().levers if row.lever == "x"]
    assert without["x"].verdict == "act" and x.verdict == "test"
    assert x.reasons[0].code == "opposite-in-segments"
    assert x.reasons[0].params["helped"] == "north" and x.reasons[0].params["harmed"] == "south"
    said = result().answers[0].text
    for words in (said.zh, said.en, x.sentence.zh, x.sentence.en):
        assert "north" in words and "south" in words
    assert "in 'south' it lowers y" in said.en and "move x first" not in said.en
    for lang in ("zh", "en"):
        assert "south" in result().report(lang).split('<dl class="headline')[1].split("</dl>")[0]


def test_slopes_that_cancel_over_the_segments_are_found_in_each() -> None:
    frame = panel(north=0.6, south=-0.6, every=2)
    found = studied(frame)
    assert found.segments is not None
    x = {e.segment: e for e in found.segments.effects if e.lever == "x" and e.kind == "impact"}
    assert x["north"].low < 0.6 < x["north"].high and x["south"].low < -0.6 < x["south"].high
    (lever,) = [row for row in found.levers if row.lever == "x"]
    assert lever.low < 0 < lever.high and lever.verdict != "act"
    for text in (found.segments.text, found.answers[0].text):
        assert "overall effects" not in text.en and "总体效应" not in text.zh
    assert "north" in found.answers[0].text.en and "south" in found.answers[0].text.zh


def test_each_outcome_is_told_what_concerns_it_in_a_sentence() -> None:
    frame = panel()
    rng = np.random.default_rng(1)
    frame["w"] = 0.8 * frame["z"] + rng.normal(size=len(frame))
    known = replace(
        KNOWN, indicators={**KNOWN.indicators, "w": replace(KNOWN.indicators["y"], key="w", name=Text("w", "w"))}
    )
    found = studied(frame, dictionary=known, outcome=("y", "w"), resamples=40)
    y, w = (section.split("</section>")[0] for section in found.report("en").split("For whom")[1:3])
    said = "The effect of x on y goes in opposite directions by segment."
    assert said in y and said not in w and "the overall effects are the best guide" in w
    assert "的作用在不同组里方向相反。" in found.report("zh")


def test_order_of_rows_and_threads_change_nothing() -> None:
    again = studied(panel().sample(frac=1, random_state=2), threads=1)
    assert again.to_json() == result().to_json()


def test_entities_are_told_apart_along_their_segment() -> None:
    found = result().entity_effects
    assert found is not None and found.reason is None
    (x,) = [e for e in found.effects if e.lever == "x"]
    assert x.differs and x.entities == 30 and len(x.best) == 10 and len(x.worst) == 10
    south = {f"E{i:02d}" for i in range(0, 30, 3)}
    ends = [{row.entity for row in x.best} & south, {row.entity for row in x.worst} & south]
    assert list(map(len, ends)) == [0, 10]  # one step up helps in the north
    assert all(0 <= row.p_best_quarter <= 1 for row in (*x.best, *x.worst))


def test_all_numbers_are_finite_and_the_record_is_read_back() -> None:
    content = result().to_dict()

    def numbers(value: object) -> list[float]:
        if isinstance(value, dict):
            return [x for item in value.values() for x in numbers(item)]
        if isinstance(value, list):
            return [x for item in value for x in numbers(item)]
        return [value] if isinstance(value, float) else []

    assert all(map(math.isfinite, [*numbers(content["segments"]), *numbers(content["entity_effects"])]))
    again = cs.Study.from_dict(content).to_dict()
    assert again["segments"] == content["segments"] and again["entity_effects"] == content["entity_effects"]


def test_a_segment_that_never_varies_is_explained() -> None:
    found = studied(panel().assign(region="north"), resamples=20).segments
    assert found is not None and found.reason == "one-segment" and not found.effects
    assert "north" in found.text.zh and "north" in found.text.en


@pytest.mark.parametrize(("lonely", "reason"), [(1, "one-entity"), (3, "too-few-entities")])
def test_a_segment_of_too_few_entities_is_named_and_the_others_are_told(lonely: int, reason: str) -> None:
    frame = panel()
    frame.loc[frame["shop"].isin([f"E{i:02d}" for i in range(lonely)]), "region"] = "island"
    found = studied(frame, resamples=20).segments
    assert found is not None and found.reason is None
    assert {size.name: size.reason for size in found.sizes} == {"island": reason, "north": None, "south": None}
    assert {e.segment for e in found.effects} == {"north", "south"} and "island" in found.text.en


def test_fewer_than_two_segments_that_can_be_told_are_explained() -> None:
    frame = panel().assign(region="north")
    frame.loc[frame["shop"] == "E00", "region"] = "south"
    found = studied(frame, resamples=20).segments
    assert found is not None and found.reason == "too-few-segments" and "south" in found.text.en


def test_a_cross_section_is_told_by_segment() -> None:
    rng = np.random.default_rng(0)
    n = 800
    region = np.where(rng.random(n) < 0.5, "a", "b")
    x, z = rng.normal(size=(2, n))
    y = np.where(region == "a", 0.9, 0.1) * x + 0.3 * z + rng.normal(size=n)
    found = cs.study(
        pd.DataFrame({"x": x, "y": y, "z": z, "region": region}), outcome="y", lever="x", segment="region", resamples=60
    )
    assert found.segments is not None and found.entity_effects is not None
    (test,) = found.segments.tests
    assert test.kind == "impact" and test.differs and not test.opposite
    assert found.entity_effects.reason == "no-panel" and found.entity_effects.text.zh
