"""Intervals are widened until 95 % of truly non-zero effects are held; never narrowed."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.rehearsal.calibration import calibrated, widening
from causal_service.rehearsal.trial import Trial


def trial(errors, half_width=1.0, counted=None) -> Trial:
    """One twin whose sustained effects are off by ``errors`` half-widths."""
    k = len(errors)
    truth = np.zeros((3, k))
    value = np.zeros((3, k))
    value[1] = np.asarray(errors) * half_width
    return Trial(
        outcome="y",
        levers=tuple(f"x{j}" for j in range(k)),
        truth=truth,
        value=value,
        half_width=np.full((3, k), half_width),
        counted=np.ones(k, bool) if counted is None else np.asarray(counted),
        gain=np.zeros(k),
        step=np.ones(k),
        rank=np.arange(1, k + 1),
        p_top1=np.zeros(k),
        p_top3=np.zeros(k),
        found=np.zeros(k, bool),
        verdicts=("watch",) * k,
    )


def normal_errors(twins: int, sd: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [np.abs(rng.normal(0, sd / 1.96, 8)) for _ in range(twins)]


def test_honest_intervals_are_left_alone():
    assert widening(normal_errors(200, 0.8)) == 1.0


def test_intervals_that_are_half_too_narrow_are_made_half_wider():
    assert widening(normal_errors(400, 1.5)) == pytest.approx(1.5, rel=0.06)


def test_every_twin_has_the_same_weight():
    """Many effects on one bad twin count no more than one."""
    good = [np.full(8, 0.5) for _ in range(30)]
    assert widening([*good, np.full(1, 9.0)]) == widening([*good, np.full(500, 9.0)]) == 1.0


def test_coverage_is_the_mean_over_twins_with_its_error():
    row = calibrated([trial([0.5, 0.5]), trial([0.5, 2.0]), trial([3.0], counted=[False])])[1]
    assert (row.kind, row.effects) == ("sustained", 4)
    assert row.coverage == pytest.approx(0.75)
    assert row.coverage_error == pytest.approx(0.25)
    assert row.factor == 2.0
    assert row.reason is None


def test_a_twin_is_judged_by_the_factor_of_the_others():
    row = calibrated([trial([2.0]), trial([3.0])])[1]
    assert row.coverage_calibrated == 0.5


def test_without_a_true_effect_nothing_is_claimed():
    row = calibrated([trial([1.0], counted=[False])])[1]
    assert (row.coverage, row.coverage_error, row.factor, row.reason) == (None, None, 1.0, "no-true-effect")
    assert calibrated([trial([1.0])])[1].reason == "one-twin"
