"""Average effects in a study: which levers have them, what is held equal, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.effects.average_effects import held_equal
from causal_service.effects.estimate import EffectDraws

LAYERS = ["context", "process", "business"]


def _survey(n: int = 700, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income = rng.normal(size=n)
    card = (rng.random(n) < 1 / (1 + np.exp(0.5 - income))).astype(float)
    spend = 50 + 10 * income + card * (5 + 3 * income) + rng.normal(0, 4, n)
    return pd.DataFrame({"income": income, "card": card, "spend": spend, "visits": rng.normal(size=n)})


def _study(frame: pd.DataFrame, tmp_path, **options) -> cs.Study:
    path = tmp_path / "dictionary.yaml"
    path.write_text(
        "layers: [context, process, business]\n"
        "indicators:\n"
        "  income: {layer: context, controllable: false}\n"
        "  visits: {layer: context, controllable: false}\n"
        "  card: {layer: process, controllable: true, name: {zh: 会员卡, en: Member card}}\n"
        "  spend: {layer: business, unit: yuan, better: higher, name: {zh: 消费额, en: Spending}}\n",
        encoding="utf-8",
    )
    return cs.study(frame, dictionary=path, outcome="spend", resamples=20, **options)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> cs.Study:
    return _study(_survey(), tmp_path_factory.mktemp("average"))


def test_both_averages_are_recovered_and_said(study: cs.Study) -> None:
    truth = 5 + 3 * _survey()["income"]
    treated, everyone = study.average_effects
    assert (treated.target, everyone.target) == ("treated", "everyone")
    for row, true in ((treated, truth[_survey()["card"] == 1].mean()), (everyone, truth.mean())):
        assert row.low is not None and row.high is not None
        assert row.low < true < row.high
        assert row.adjustment == ("income",)
        assert row.states == (0.0, 1.0) and row.refused is None
        assert "Member card" in row.sentence.en and "会员卡" in row.sentence.zh
    assert treated.upper_rows == int(_survey()["card"].sum())


def test_it_is_kept_shown_and_the_same_in_any_order(study: cs.Study, tmp_path) -> None:
    assert cs.Study.from_dict(study.to_dict()).to_json() == study.to_json()
    for lang in ("zh", "en"):
        assert study.average_effects[0].sentence.get(lang) in study.report(lang)
    assert len(study.to_frame("average_effects")) == 2
    shuffled = _survey().sample(frac=1, random_state=1)[["spend", "visits", "card", "income"]]
    assert _study(shuffled, tmp_path, threads=1).to_dict()["average_effects"] == study.to_dict()["average_effects"]


def test_a_lever_with_levels_in_between_and_a_panel_have_none(tmp_path) -> None:
    frame = _survey()
    frame["card"] += np.random.default_rng(1).random(len(frame))
    assert _study(frame, tmp_path).average_effects == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda f: f.assign(card=(np.arange(len(f)) < 12).astype(float)), "too-few-rows"),
        (lambda f: f.assign(card=(f["income"] > 0).astype(float)), "no-comparable-rows"),
        (lambda f: f.assign(spend=f["spend"].where(f["card"] == 1)), "one-state"),
    ],
)
def test_what_cannot_be_averaged_explains_itself(change, code: str, tmp_path) -> None:
    study = _study(change(_survey()), tmp_path)
    for row in study.average_effects:
        assert row.value is None and row.refused is not None and row.refused.code == code
        assert row.refused.what_would_help.zh and row.refused.what_would_help.en
        assert row.sentence == row.refused.reason
    assert study.average_effects


def test_what_follows_from_lever_or_outcome_is_never_held_equal() -> None:
    names = ("cause", "consequence", "lever", "mediator", "outcome", "unrelated")
    follows = np.zeros((6, 6))
    follows[0, 2] = follows[0, 4] = follows[2, 3] = follows[3, 4] = follows[2, 4] = follows[4, 1] = follows[2, 1] = 1.0
    follows[2, 0] = 0.2
    draws = EffectDraws(names, 0, np.zeros((1, 3, 6, 6)), np.ones((3, 6, 6)), np.zeros((3, 6, 6)), follows)
    assert held_equal(draws, "lever", "outcome") == (("cause",), ("cause",))


def test_an_open_direction_is_called_open_in_every_part() -> None:
    """Nothing directs three indicators that all touch: no part may say which comes first, none divides the effect."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=1200)
    treat = (rng.random(1200) < 1 / (1 + np.exp(-z))).astype(float)
    out = 2 * treat + 1.5 * z + rng.normal(size=1200)
    frame = pd.DataFrame({"shop": np.arange(1200).astype(str), "z": z, "treat": treat, "out": out})
    found = cs.study(frame, entity="shop", outcome="out", lever=["treat"], resamples=40, threads=1)

    assert {edge.mark for edge in found.graph.edges} == {"---"}
    assert [row.unidentified.code for row in found.identification] == ["open-direction"]
    for row in found.average_effects:
        assert row.refused.code == "open-direction"
        assert "in a small trial" in row.refused.what_would_help.en and row.refused.what_would_help.zh
        assert "follows" not in row.sentence.en and "后果" not in row.sentence.zh
    assert {row.reason for row in found.contrast} == {"open-direction"}
    assert [row.direct_share for row in found.mediation] == [None]
    assert all(chain.share is None for chain in found.chains)
    bent = [row for row in found.findings if row.code == "bent-mechanisms"]
    assert all("->" not in row.message.en and "→" not in row.message.zh for row in bent)
    assert "%" not in found.mediation[0].sentence.en and "direction open" in found.mediation[0].sentence.en
