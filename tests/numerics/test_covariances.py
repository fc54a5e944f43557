"""Sums over mass are covariances; a column without variance counts as noise, others stay as they are."""

from __future__ import annotations

import numpy as np

from causal_service.numerics.covariances import covariances, idle_columns


def test_they_are_those_of_the_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 50, 4))
    weights = rng.random((3, 50))
    X -= np.average(X, axis=1, weights=np.repeat(weights[:, :, None], 4, axis=2))[:, None]
    grams = np.einsum("bri,br,brj->bij", X, weights, X)
    for found, rows, weight in zip(covariances(grams, weights.sum(axis=1), 0.8), X, weights, strict=True):
        np.testing.assert_allclose(found, np.cov(rows.T, aweights=weight, ddof=0) / 0.8, atol=1e-12)
    np.testing.assert_array_equal(covariances(grams[0], weights[0].sum()), grams[0] / weights[0].sum())


def test_columns_that_do_not_vary_get_variance_one_and_no_covariances():
    S = np.array(
        [[[2.0, 0.5, 1e-9], [0.5, 1.0, 0.0], [1e-9, 0.0, 1e-14]], [[1.0, 0.2, 0.3], [0.2, 1.0, 0.4], [0.3, 0.4, 1.0]]]
    )
    np.testing.assert_array_equal(idle_columns(S), [[False, False, True], [False, False, False]])
    found = covariances(4 * S, np.array([4.0, 4.0]))
    np.testing.assert_array_equal(found[0], [[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(found[1], S[1])


def test_without_rows_every_column_is_noise():
    np.testing.assert_array_equal(covariances(np.zeros((1, 2, 2)), np.zeros(1))[0], np.eye(2))
