"""A column without variance counts as noise, others stay as they are."""

from __future__ import annotations

import numpy as np

from causal_service.numerics.idle_columns import idle_columns, with_idle_columns


def test_columns_that_do_not_vary_get_variance_one_and_no_covariances():
    S = np.array(
        [[[2.0, 0.5, 1e-9], [0.5, 1.0, 0.0], [1e-9, 0.0, 1e-14]], [[1.0, 0.2, 0.3], [0.2, 1.0, 0.4], [0.3, 0.4, 1.0]]]
    )
    np.testing.assert_array_equal(idle_columns(S), [[False, False, True], [False, False, False]])
    found = with_idle_columns(S)
    np.testing.assert_array_equal(found[0], [[2.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(found[1], S[1])


def test_nothing_is_copied_where_all_vary():
    S = np.eye(3)
    assert with_idle_columns(S) is S
