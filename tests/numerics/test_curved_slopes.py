"""Average slopes from moments equal those of a regression on rows."""

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.curved_slopes import curved_slopes
from causal_service.numerics.natural_spline import KNOT_QUANTILES, bends

Array = NDArray[np.float64]
K = len(KNOT_QUANTILES) - 2


def _moments(X: Array) -> tuple[Array, Array, Array]:
    """Moments of centred columns and their bends, average derivatives (p, K), and the design itself."""
    columns, slopes = [], []
    for x in X.T:
        values, derivatives = bends(x, np.quantile(x, KNOT_QUANTILES))
        columns.append(values - values.mean(axis=0))
        slopes.append(derivatives.mean(axis=0))
    A = np.concatenate([X - X.mean(axis=0), *columns], axis=1)
    return A.T @ A / len(A), np.array(slopes), A


def _linear(W: Array, parents: NDArray[np.bool_]) -> Array:
    C = np.zeros(parents.shape)
    for y, row in enumerate(parents):
        at = np.flatnonzero(row)
        if at.size:
            C[y, at] = np.linalg.solve(W[np.ix_(at, at)], W[at, y])
    return C


def _saturating(seed: int = 0, n: int = 4000) -> tuple[Array, Array]:
    """Columns (x, z, y) with y = 1.5 tanh(x) + .5 z and heavy-tailed x; the true average slope of x."""
    rng = np.random.default_rng(seed)
    x, z = rng.standard_t(3, n), rng.normal(size=n)
    y = 1.5 * np.tanh(x) + 0.5 * z + 0.3 * rng.normal(size=n)
    return np.column_stack([x, z, y]), np.array([1.5 * (1 - np.tanh(x) ** 2).mean(), 0.5])


PARENTS = np.array([[0, 0, 0], [0, 0, 0], [1, 1, 0]], bool)


def test_the_average_slope_of_a_saturating_mechanism_is_recovered_where_the_projection_is_not() -> None:
    X, truth = _saturating()
    W, slopes, _ = _moments(X)
    linear = _linear(W, PARENTS)
    C = linear.copy()
    bent = curved_slopes(W, float(len(X)), 1.0, PARENTS, slopes, np.ones(3), C)
    assert bent.tolist() == [[False] * 3, [False] * 3, [True, False, False]]
    assert abs(linear[2, 0] - truth[0]) > 0.15
    assert np.abs(C[2, :2] - truth).max() < 0.03


def test_it_equals_the_regression_on_the_rows() -> None:
    X, _ = _saturating(seed=1, n=500)
    W, slopes, A = _moments(X)
    C = _linear(W, PARENTS)
    curved_slopes(W, 500.0, 1.0, PARENTS, slopes, np.ones(3), C)
    design = A[:, [0, 1, *range(3, 3 + K)]]
    fit = np.linalg.lstsq(design, A[:, 2], rcond=None)[0]
    assert np.allclose(C[2, :2], [fit[0] + fit[2:] @ slopes[0], fit[1]], atol=1e-5)


def test_straight_mechanisms_stay_as_they_are() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=3000)
    X = np.column_stack([x, rng.normal(size=3000), 0.7 * x + rng.normal(size=3000)])
    W, slopes, _ = _moments(X)
    C = _linear(W, PARENTS)
    before = C.copy()
    assert not curved_slopes(W, 3000.0, 1.0, PARENTS, slopes, np.ones(3), C).any()
    assert (before == C).all()


def test_steepness_scales_what_enters_an_indicator_and_nothing_else() -> None:
    X, _ = _saturating(seed=3)
    W, slopes, _ = _moments(X)
    parents = PARENTS.copy()
    parents[1, 0] = True
    plain, steep = _linear(W, parents), _linear(W, parents)
    curved_slopes(W, float(len(X)), 1.0, parents, slopes, np.ones(3), plain)
    curved_slopes(W, float(len(X)), 1.0, parents, slopes, np.array([1.0, 1.0, 1.4]), steep)
    assert np.allclose(steep[2], 1.4 * plain[2]) and (steep[1] == plain[1]).all()


def test_an_indicators_own_past_stays_straight_and_dependent_columns_change_nothing() -> None:
    X, _ = _saturating(seed=4, n=300)
    W, slopes, _ = _moments(np.column_stack([X[:, 0], X[:, 2]]))
    C = np.array([[0.0, 0.0]])
    own = np.array([[True, False]])  # one indicator, [lagged | present]: its own past
    before = C.copy()
    assert not curved_slopes(W, 300.0, 1.0, own, slopes[:1], np.ones(1), C).any()
    twice = np.zeros((3 + 3 * K, 3 + 3 * K))
    twice[:3, :3] = np.array([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, 1.0]])
    C = np.full((3, 3), 0.25)
    assert not curved_slopes(twice, 300.0, 1.0, PARENTS, np.zeros((3, K)), np.ones(3), C).any()
    assert (C == 0.25).all() and (before == 0).all()
