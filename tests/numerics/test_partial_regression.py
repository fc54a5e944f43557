"""One coefficient from moments, and noise columns without rows: against least squares on rows."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.partial_regression import partial_fit, placebo_coefficients, shifts_by_noise

ROWS = 400


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    rng = np.random.default_rng(3)
    z = rng.normal(size=(ROWS, 2))
    x = z @ [0.8, -0.5] + rng.normal(size=ROWS)
    y = 0.6 * x + z @ [0.7, 0.4] + rng.normal(size=ROWS)
    out = np.column_stack([x, y, z])
    return out - out.mean(0)


def least_squares(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(X, y, rcond=None)[0]


def test_the_coefficient_is_that_of_least_squares(rows):
    fit = partial_fit((rows.T @ rows / ROWS)[None], 0, 1, [2, 3])
    X = rows[:, [0, 2, 3]]
    by_rows = least_squares(X, rows[:, 1])
    assert fit.coefficient[0] == pytest.approx(by_rows[0], rel=1e-8)
    assert fit.rest[0] == pytest.approx(((rows[:, 1] - X @ by_rows) ** 2).mean(), rel=1e-8)


def test_nothing_held_equal(rows):
    fit = partial_fit((rows.T @ rows / ROWS)[None], 0, 1, [])
    assert fit.coefficient[0] == pytest.approx(rows[:, 0] @ rows[:, 1] / (rows[:, 0] @ rows[:, 0]))


def test_a_shuffled_lever_scatters_as_it_does_on_rows(rows):
    rng = np.random.default_rng(0)
    fit = partial_fit((rows.T @ rows / ROWS)[None], 0, 1, [2, 3])
    variance = float(rows[:, 0].var())
    ours = placebo_coefficients(variance, float(fit.outcome[0]), ROWS, 2, 20_000, rng)
    shuffled = [
        least_squares(np.column_stack([rng.permutation(rows[:, 0]), rows[:, 2:]]), rows[:, 1])[0] for _ in range(2000)
    ]
    assert abs(ours.mean()) < 4 * ours.std() / np.sqrt(ours.size)
    assert ours.std() == pytest.approx(np.std(shuffled), rel=0.08)


def test_a_noise_column_moves_the_coefficient_as_it_does_on_rows(rows):
    rng = np.random.default_rng(1)
    fit = partial_fit((rows.T @ rows / ROWS)[None], 0, 1, [2, 3])
    ours = shifts_by_noise(float(fit.lever[0]), float(fit.rest[0]), ROWS, 2, 20_000, rng)
    added = [
        least_squares(np.column_stack([rows[:, [0, 2, 3]], rng.normal(size=ROWS)]), rows[:, 1])[0] for _ in range(3000)
    ] - fit.coefficient[0]
    assert abs(ours.mean()) < 4 * ours.std() / np.sqrt(ours.size)
    assert ours.std() == pytest.approx(np.std(added), rel=0.1)
