"""EconML along a moderator agrees with the effects by segment and with the truth."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.effects.moderation_results import Learner, Moderation, NoModeration
from causal_service.effects.via_econml import moderated
from causal_service.errors import CallError, MissingPart, Text, UnknownName
from causal_service.numerics.clustered_slope import clustered_slope
from causal_service.panel.dictionary import Dictionary, Indicator

LAYERS = {"size": "context", "x": "process", "y": "business"}
KNOWN = Dictionary(
    {key: Indicator(key=key, name=Text(key, key), layer=layer) for key, layer in LAYERS.items()},
    layers=("context", "process", "business"),
    entity="shop",
    period="month",
)


def panel(entities: int = 40, periods: int = 24) -> pd.DataFrame:
    """x -> y with slope .5 + .3 s, where s is +1 in large and -1 in small shops."""
    rng = np.random.default_rng(5)
    shape = (entities, periods)
    large = np.where(np.arange(entities) % 2, 1.0, -1.0)
    size = 10 + 3 * large[:, None] + rng.normal(size=shape)
    x = 0.2 * size + rng.normal(size=shape)
    y = (0.5 + 0.3 * large[:, None]) * x + rng.normal(size=shape)
    rows = {"size": size, "x": x, "y": y}
    frame = pd.DataFrame({key: value.ravel() for key, value in rows.items()})
    frame.insert(0, "group", np.repeat(np.where(large > 0, "large", "small"), periods))
    frame.insert(0, "month", np.tile([f"{2022 + t // 12}-{t % 12 + 1:02d}" for t in range(periods)], entities))
    frame.insert(0, "shop", np.repeat([f"S{i:02d}" for i in range(entities)], periods))
    return frame


@pytest.fixture(scope="module")
def told() -> dict[str, float]:
    """The effect in each segment."""
    study = cs.study(panel(), dictionary=KNOWN, outcome="y", lever="x", segment="group", resamples=20, threads=1)
    assert study.segments is not None
    return {e.segment: e.value for e in study.segments.effects if e.kind == "impact"}


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["linear", "forest"])
def test_it_agrees_with_the_segments_and_with_the_truth(learner: Learner, told: dict[str, float]) -> None:
    pytest.importorskip("econml")
    study = cs.study(
        panel().drop(columns="group"), dictionary=KNOWN, outcome="y", lever="x", resamples=20, threads=1,
        moderator="size", moderation_learner=learner,
    )  # fmt: skip
    assert (study.plan.moderator, study.plan.moderation_learner) == ("size", learner)
    (along,) = study.moderation
    assert isinstance(along, Moderation)
    small, large = along.effects[0], along.effects[-1]
    assert small.low <= 0.2 + 0.1 and small.high >= 0.2 - 0.1 and abs(small.value - 0.2) < 0.15
    assert abs(large.value - 0.8) < 0.15 and small.high < large.low
    assert along.differs and abs(along.difference - (large.value - small.value)) < 1e-9
    assert abs(told["small"] - small.value) < 0.15 and abs(told["large"] - large.value) < 0.15
    assert "size" in along.sentence.en and along.sentence.zh and "graph" in along.caveat.en and along.caveat.zh
    assert cs.Study.from_dict(study.to_dict()).to_json() == study.to_json()


def test_without_econml_it_stops_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "econml", None)
    with pytest.raises(MissingPart) as raised:
        cs.study("nowhere.csv", outcome="y", moderator="size")
    assert "heterogeneity" in raised.value.remedy.en


def test_wrong_calls_are_refused_before_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("econml")
    monkeypatch.setattr("causal_service.pipeline.infer", None)
    frame = panel().drop(columns="group")
    with pytest.raises(UnknownName) as raised:
        cs.study(frame, outcome="y", dictionary=KNOWN, moderator="siz")
    assert "size" in raised.value.remedy.en
    with pytest.raises(CallError) as wrong:
        cs.study(frame, outcome="y", dictionary=KNOWN, moderator="size", moderation_learner="trees")  # type: ignore[arg-type]
    assert wrong.value.code == "unknown-learner"
    with pytest.raises(CallError) as unused:
        cs.study(frame, outcome="y", dictionary=KNOWN, moderation_learner="trees")  # type: ignore[arg-type]
    assert unused.value.code == "unknown-learner"
    with pytest.raises(CallError) as number:
        cs.study(frame, outcome="y", dictionary=KNOWN, moderator=3)  # type: ignore[arg-type]
    assert number.value.code == "moderator-not-a-name"


def test_a_text_column_is_sent_to_the_segments() -> None:
    pytest.importorskip("econml")
    frame = panel().drop(columns="group")
    frame["region"] = ["north" if shop < "S20" else "south" for shop in frame["shop"]]
    with pytest.raises(CallError) as raised:
        cs.study(frame, outcome="y", dictionary=KNOWN, moderator="region")
    assert raised.value.code == "moderator-of-text" and "segment" in raised.value.remedy.en


def refused(frame: pd.DataFrame, code: str, known: Dictionary = KNOWN, **options: object) -> NoModeration:
    """The one refusal of a study of x on y along the moderator, which has this code and words."""
    pytest.importorskip("econml")
    asked = {"outcome": "y", "lever": "x", "dictionary": known, "resamples": 20, "moderator": "size", "threads": 1}
    study = cs.study(frame, **(asked | options))
    (row,) = study.moderation
    assert isinstance(row, NoModeration) and row.code == code
    for lang in ("zh", "en"):
        assert row.reason.get(lang) and row.what_would_help.get(lang) and "{" not in row.reason.get(lang)
        assert row.reason.get(lang) in study.report(lang)
    assert cs.Study.from_dict(study.to_dict()).to_json() == study.to_json()
    return row


def test_what_cannot_be_answered_is_explained() -> None:
    frame = panel(entities=12).drop(columns="group")
    refused(frame, "is-lever", moderator="x")
    refused(frame, "is-outcome", moderator="y")
    refused(frame[frame["shop"] < "S09"], "few-entities")
    again = refused(frame[frame["shop"] == "S01"], "one-entity", lags=0)
    assert "single" in again.reason.en
    refused(frame.assign(y=np.random.default_rng(1).normal(size=len(frame))), "no-lever-worth-moving")


def test_levels_that_hardly_differ_are_explained() -> None:
    frame = panel().drop(columns="group")
    rng = np.random.default_rng(2)
    frame["size"] = rng.normal(size=len(frame))
    frame["size"] -= frame.groupby("shop")["size"].transform("mean")
    refused(frame, "same-everywhere")


def test_a_consequence_of_the_lever_is_no_moderator() -> None:
    layers = {"size": "business", "x": "context", "y": "business"}
    known = Dictionary(
        {key: Indicator(key=key, name=Text(key, key), layer=layer) for key, layer in layers.items()},
        layers=("context", "business"), entity="shop", period="month", required=(("x", "size", 0),),
    )  # fmt: skip
    frame = panel().drop(columns="group")
    frame["size"] = 2 * frame["x"] + np.random.default_rng(3).normal(size=len(frame))
    assert "follows" in refused(frame, "follows-lever", known).reason.en


def test_what_never_changes_moderates_although_it_is_not_studied() -> None:
    pytest.importorskip("econml")
    frame = panel().drop(columns="group")
    steady = frame.assign(size=frame.groupby("shop")["size"].transform("mean"))
    study = cs.study(steady, outcome="y", lever="x", dictionary=KNOWN, resamples=20, moderator="size", threads=1)
    assert "size" not in study.panel.indicators
    (row,) = study.moderation
    assert isinstance(row, Moderation) and row.differs
    assert abs(row.effects[0].value - 0.2) < 0.15 and abs(row.effects[-1].value - 0.8) < 0.15
    assert row.difference_low is not None and row.difference_low < 0.6 < (row.difference_high or 0)
    assert row.caveat.zh in study.report("zh") and "Along size" in study.report("en")


def test_a_cross_section_is_followed_along_its_rows() -> None:
    pytest.importorskip("econml")
    rng = np.random.default_rng(4)
    size, x = rng.normal(size=(2, 600))
    x = x + 0.3 * size
    frame = pd.DataFrame({"size": size, "x": x, "y": (0.5 + 0.3 * size) * x + 0.4 * size + rng.normal(size=600)})
    known = Dictionary(KNOWN.indicators, layers=KNOWN.layers)
    study = cs.study(frame, outcome="y", lever="x", dictionary=known, resamples=20, moderator="size", threads=1)
    (row,) = study.moderation
    assert isinstance(row, Moderation) and row.differs and row.entities == 600
    for one in row.effects:
        assert abs(one.value - (0.5 + 0.3 * one.level)) < 0.15


def test_units_and_order_change_nothing_but_units() -> None:
    pytest.importorskip("econml")
    frame = panel(entities=20).drop(columns="group")
    turned = frame.assign(size=1000 * frame["size"] + 5, x=frame["x"] / 10).sample(frac=1.0, random_state=0)
    rows = []
    for one in (frame, turned):
        study = cs.study(one, outcome="y", lever="x", dictionary=KNOWN, resamples=20, moderator="size", threads=1)
        rows.append(study.moderation[0])
    plain, other = rows
    assert isinstance(plain, Moderation) and isinstance(other, Moderation)
    assert other.p == pytest.approx(plain.p, rel=1e-6)
    for a, b in zip(plain.effects, other.effects, strict=True):
        assert (b.value / 10, b.low / 10, b.high / 10) == pytest.approx((a.value, a.low, a.high), rel=1e-6)
        assert b.level == pytest.approx(1000 * a.level + 5)


def test_the_line_is_econmls_and_lets_slopes_differ_for_other_reasons() -> None:
    """Where slopes differ by entity, but not along the moderator, rows are not independent as EconML takes them."""
    pytest.importorskip("econml")
    rng = np.random.default_rng(6)
    entity, at = np.repeat(np.arange(40), 24), np.array([-1.0, 1.0])
    w, found = np.ones(entity.size), []
    for _ in range(40):
        x = rng.normal(size=40)[entity]
        d = rng.normal(size=entity.size)
        y = (0.5 + rng.normal(size=40))[entity] * d + rng.normal(size=entity.size)
        theirs = moderated(y, d, x, np.empty((y.size, 0)), entity, w, at, "linear", 0)
        ours = clustered_slope(theirs.y, theirs.d, x, w, entity, at)
        assert ours is not None
        assert theirs.value == pytest.approx(ours.coefficients[0] + ours.coefficients[1] * at, rel=1e-6)
        widths = (ours.half[1], (theirs.high - theirs.low)[1] / 2)
        found.append((abs(theirs.value[1] - 0.5) > np.array(widths), ours.p <= 0.05))
    missed = np.mean([outside for outside, _ in found], axis=0)
    assert missed[0] <= 0.125 and missed[1] >= 0.3
    assert np.mean([p for _, p in found]) <= 0.125
