"""EconML along a moderator agrees with the effects by segment and with the truth."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.effects.moderation_results import Learner, Moderation, NoModeration
from causal_service.errors import CallError, MissingPart, Text, UnknownName
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


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["linear", "forest"])
def test_it_agrees_with_the_segments_and_with_the_truth(learner: Learner) -> None:
    pytest.importorskip("econml")
    study = cs.study(
        panel(), dictionary=KNOWN, outcome="y", lever="x", segment="group", resamples=60, moderator="size",
        moderation_learner=learner,
    )  # fmt: skip
    assert (study.plan.moderator, study.plan.moderation_learner) == ("size", learner)
    (along,) = study.moderation
    assert isinstance(along, Moderation)
    small, large = along.effects[0], along.effects[-1]
    assert small.low <= 0.2 + 0.1 and small.high >= 0.2 - 0.1 and abs(small.value - 0.2) < 0.15
    assert abs(large.value - 0.8) < 0.15 and small.high < large.low
    assert along.differs and abs(along.difference - (large.value - small.value)) < 1e-9
    assert study.segments is not None
    told = {e.segment: e.value for e in study.segments.effects if e.kind == "impact"}
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


def test_a_moderator_that_is_the_same_everywhere_is_explained() -> None:
    pytest.importorskip("econml")
    frame = panel().drop(columns="group")
    frame["size"] = np.tile(np.sin(np.arange(24.0)), 40)
    study = cs.study(frame, outcome="y", lever="x", dictionary=KNOWN, resamples=20, moderator="size")
    (refused,) = study.moderation
    assert isinstance(refused, NoModeration)
    assert refused.code in ("same-everywhere", "not-studied") and refused.reason.zh and refused.what_would_help.en
