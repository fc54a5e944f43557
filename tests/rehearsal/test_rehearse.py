"""A rehearsed study: same answer on any number of threads, stricter only, and nothing changes without it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import causal_service as cs
from causal_service.rehearsal import rehearse

pytestmark = pytest.mark.slow

KEYS = {"entity": "plant", "period": "month"}
LAYERS = {"cycle": "innovation", "ontime": "process", "rating": "business", "visits": "process"}
ORDER = {"act": 3, "test": 2, "watch": 1, "insufficient": 0}
TWINS = 4


@pytest.fixture(scope="module")
def frame(simulated) -> pd.DataFrame:
    return simulated.frame(0, entities=16, periods=12, gaps=0.02)


@pytest.fixture(scope="module")
def studied(simulated, frame):
    def run(**options: object) -> cs.Study:
        known = simulated.dictionary(LAYERS)
        return cs.study(frame, dictionary=known, outcome="rating", resamples=20, **KEYS, **options)

    return run


@pytest.fixture(scope="module")
def plain(studied) -> cs.Study:
    return studied()


@pytest.fixture(scope="module")
def rehearsed(studied) -> cs.Study:
    return studied(rehearse=TWINS, threads=2)


def test_threads_do_not_change_a_byte(studied, rehearsed):
    assert studied(rehearse=TWINS, threads=1).to_json() == rehearsed.to_json()


def test_without_a_rehearsal_there_is_none(plain):
    assert plain.rehearsal is None
    assert plain.to_dict()["rehearsal"] is None


def test_effects_stay_raw_and_the_block_has_both_figures(plain, rehearsed):
    assert rehearsed.effects == plain.effects
    found = rehearsed.rehearsal
    assert (found.twins, found.asked) == (TWINS, TWINS)
    assert [(c.outcome, c.kind) for c in found.calibrations] == [
        ("rating", kind) for kind in ("impact", "sustained", "cumulative")
    ]
    for raw, wide in zip(rehearsed.effects, found.effects, strict=True):
        assert (raw.lever, raw.outcome, raw.kind) == (wide.lever, wide.outcome, wide.kind)
        factor = found.factors[raw.outcome, raw.kind]
        assert factor >= 1
        half = (raw.high - raw.low) / 2 * factor
        assert wide.high_calibrated == pytest.approx(raw.value + half)
        assert wide.low_calibrated == pytest.approx(raw.value - half)


def test_levers_keep_their_order_and_verdicts_get_stricter_only(plain, rehearsed):
    for before, after in zip(plain.levers, rehearsed.levers, strict=True):
        assert (before.lever, before.rank, before.value) == (after.lever, after.rank, after.value)
        assert after.high - after.low >= before.high - before.low
        assert ORDER[after.verdict] <= ORDER[before.verdict]


def test_a_rehearsed_study_can_be_stored_and_read(rehearsed, tmp_path):
    folder = rehearsed.save(tmp_path / "result")
    assert cs.load(folder / "study.json").to_json() == rehearsed.to_json()
    assert rehearsed.rehearsal.outcomes[0].sentence.en in (folder / "report.html").read_text(encoding="utf-8")


def test_exact_zeros_occur(rehearsed):
    """Visits have no path to the rating, and every second twin cuts one lever off where none has zero effect."""
    assert rehearsed.rehearsal.outcomes[0].nulls > 0


def test_what_was_said_before_rehearsals_existed_is_still_read(plain, tmp_path):
    content = {key: value for key, value in plain.to_dict().items() if key != "rehearsal"}
    (tmp_path / "old.json").write_text(json.dumps(content), encoding="utf-8")
    assert cs.load(tmp_path / "old.json").rehearsal is None


def test_progress_counts_the_twins(studied):
    seen = []
    studied(rehearse=2, threads=1, progress=lambda stage, done, of: seen.append((stage, done, of)))
    assert [step for step in seen if step[0] == "rehearse"] == [
        ("rehearse", 0, 2),
        ("rehearse", 1, 2),
        ("rehearse", 2, 2),
    ]


def test_a_cross_section_is_rehearsed_too(simulated, frame):
    flat = frame.drop(columns=["plant", "month"])
    found = cs.study(
        flat, dictionary=simulated.dictionary(LAYERS), outcome="rating", resamples=20, rehearse=2
    ).rehearsal
    assert found.twins == 2
    assert all(c.coverage is not None for c in found.calibrations)


def test_a_series_is_rehearsed_too(simulated):
    one = simulated.frame(2, entities=1, periods=80).drop(columns="plant")
    found = cs.study(
        one, period="month", dictionary=simulated.dictionary(LAYERS), outcome="rating", resamples=20, rehearse=2
    ).rehearsal
    assert found.twins == 2


def test_sums_stay_exact_on_twins(simulated, frame):
    """A total follows its parts on every twin, else the plan could not be run on them."""
    with_sum = frame.assign(lead=frame["cycle"] + frame["visits"])
    found = cs.study(
        with_sum, dictionary=simulated.dictionary(LAYERS), outcome="rating", resamples=20, rehearse=2, **KEYS
    )
    assert found.rehearsal.twins == 2
    assert {row.lever for row in found.rehearsal.levers} == {row.lever for row in found.levers}


@pytest.mark.parametrize("wrong", [-1, 1001, 2.5, True])
def test_the_number_of_twins_is_checked(studied, wrong):
    with pytest.raises(cs.CausalServiceError) as caught:
        studied(rehearse=wrong)
    assert caught.value.code == "option-out-of-range"


def test_twins_have_a_hidden_driver_as_strong_as_the_panel_gives_it(simulated, monkeypatch):
    """Draws take it for stronger or weaker than that; what a twin is made of must not, or its truth were made up."""
    rng, names = np.random.default_rng(2), [*"abcde", "rating"]
    x, driver, months = np.zeros((60, 6)), np.zeros(60), []
    for t in range(-20, 30):
        driver = 0.6 * driver + 0.8 * rng.normal(size=60)
        x = 0.4 * x + driver[:, None] * np.array([0.7, 0, 0.7, 0, 0.7, 0.7]) + rng.normal(size=(60, 6))
        x[:, 1] += 0.4 * x[:, 0]
        if t >= 0:
            keys = {"plant": range(60), "month": f"{2020 + t // 12}-{t % 12 + 1:02d}"}
            months.append(pd.DataFrame(x, columns=names).assign(**keys))
    plans: list[rehearse._Plan] = []
    made: list[tuple[np.ndarray, np.ndarray]] = []

    def rehearsed(plan, k):
        plans.append(plan)
        return one_twin(plan, k)

    def system_of(levels, scales, marginals, member, lines, weight, loadings):
        made.append((lines, loadings))
        return fitted_system(levels, scales, marginals, member, lines, weight, loadings)

    one_twin, fitted_system = rehearse._rehearsed, rehearse.system_of
    monkeypatch.setattr(rehearse, "_rehearsed", rehearsed)
    monkeypatch.setattr(rehearse, "system_of", system_of)
    known = simulated.dictionary(dict.fromkeys("abcde", "process") | {"rating": "business"})
    study = cs.study(
        pd.concat(months), dictionary=known, outcome="rating", resamples=20, rehearse=TWINS, threads=1, **KEYS
    )
    assert "hidden-driver" in {finding.code for finding in study.findings}
    draws = [plans[0].learned.discovery.draws[k * 20 // TWINS] for k in range(0, TWINS, 2)]  # odd twins have a null
    for draw, (lines, loadings) in zip(draws, made[::2], strict=True):
        np.testing.assert_array_equal(lines, draw.fitted)
        np.testing.assert_array_equal(loadings, draw.loadings)
    assert any(np.abs(draw.coefficients[0] - draw.fitted).max() > 0.01 for draw in draws)
