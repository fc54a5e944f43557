"""Groups of sixteen numbers do what numpy does with the same stretch, and what stands behind a row does not count."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from causal_service.numerics import lanes
from causal_service.numerics.entity_rows import entity_rows
from causal_service.numerics.entity_space import EntityFit, EntitySums, widened
from causal_service.numerics.lanes import LANES

KINDS = (np.float32, np.float64)
kernel = njit(error_model="numpy")
"""Without a cache, which would not see a change of what is tested."""


@kernel
def scaled(total, at, source, start, weight):
    lanes.add_scaled(total, at, source, start, weight)


@kernel
def squared(total, at, left, start, right, other, weight):
    lanes.add_squares(total, at, left, start, right, other, weight)


@kernel
def product(left, at, right, start, count):
    return lanes.dot(left, at, right, start, count)


@kernel
def two_products(one, other, at, right, start, count):
    return lanes.two_dots(one, other, at, right, start, count)


@kernel
def less(values, at, other, start, holes):
    lanes.subtract(values, at, other, start, holes)


@kernel
def bits_of(number):
    return lanes.lowest_bit(number), lanes.count_bits(number)


@kernel
def cells_read(X, at, count, middle, scale, c, V, start, sums, squares, empty):
    return lanes.read_cells(X, at, count, middle, scale, c, V, start, sums, squares, empty)


@kernel
def settled(U, at, mean, c, effects, row, weight, root, out, to, sums):
    lanes.settle_cells(U, at, mean, c, effects, row, weight, root, out, to, sums)


@pytest.fixture
def numbers():
    rng = np.random.default_rng(0)
    return lambda kind, size=64: rng.normal(size=size).astype(kind)


def close(kind):
    return 1e-6 if kind is np.float32 else 1e-14


@pytest.mark.parametrize(("kind", "into"), [(np.float32, np.float32), (np.float32, np.float64), (np.float64,) * 2])
def test_sums_of_a_stretch_in_their_own_kind_or_a_wider_one(numbers, kind, into):
    source, other, total, squares = numbers(kind), numbers(kind), numbers(into), numbers(into)
    want, want_squares = total.astype(np.float64), squares.astype(np.float64)
    want[3:19] += 0.3 * source[7:23].astype(np.float64)
    want_squares[3:19] += 0.3 * (source[7:23] - other[5:21]).astype(np.float64) ** 2
    scaled(total, 3, source, 7, 0.3)
    squared(squares, 3, source, 7, other, 5, 0.3)
    np.testing.assert_allclose(total, want, rtol=0, atol=4 * close(into))
    np.testing.assert_allclose(squares, want_squares, rtol=0, atol=16 * close(into))


def test_float32_added_to_float64_keeps_the_digits_of_the_sum(numbers):
    total, source = np.full(LANES, 1e9), np.ones(LANES, np.float32)
    scaled(total, 0, source, 0, 0.5)
    np.testing.assert_array_equal(total, 1e9 + 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_of_several_groups(numbers, kind):
    left, right = numbers(kind), numbers(kind)
    want = left[4:52].astype(np.float64) @ right[9:57].astype(np.float64)
    assert product(left, 4, right, 9, 3 * LANES) == pytest.approx(want, abs=50 * close(kind))
    other = numbers(kind)
    both = two_products(left, other, 4, right, 9, 3 * LANES)
    assert both == pytest.approx(
        (product(left, 4, right, 9, 3 * LANES), product(other, 4, right, 9, 3 * LANES)), abs=50 * close(kind)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_difference_is_zero_where_there_is_a_gap(numbers, kind):
    values, other = numbers(kind), numbers(kind)
    want = values.copy()
    want[2:18] -= other[5:21]
    want[[2, 6, 17]] = 0.0
    less(values, 2, other, 5, 1 | 1 << 4 | 1 << 15)
    np.testing.assert_array_equal(values, want)


def test_bits_of_a_number():
    assert [bits_of(number) for number in (0, 1, 0b1010000, 1 << 40)] == [(64, 0), (0, 1), (4, 2), (40, 1)]


@pytest.mark.parametrize("behind", [np.nan, np.inf, 1e30])
@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_read_up_to_the_last_column_and_gaps_are_told(numbers, kind, behind):
    X, middle, scale = numbers(kind), numbers(kind, LANES), np.abs(numbers(kind, LANES))
    X[[4, 7]] = np.nan
    X[9:] = behind
    V, (sums, squares, empty) = np.full(LANES, 7, kind), np.ones((3, LANES), kind)
    middle[5:] = scale[5:] = 0.0
    assert cells_read(X, 4, 5, middle, scale, 0, V, 0, sums, squares, empty) == 0b01001
    want = np.zeros(LANES)
    want[:5] = np.nan_to_num((X[4:9] - middle[:5]) * scale[:5])
    np.testing.assert_allclose(V, want, rtol=0, atol=4 * close(kind))
    np.testing.assert_allclose(sums, 1 + want, rtol=0, atol=4 * close(kind))
    np.testing.assert_array_equal(empty, 1 + np.isin(np.arange(LANES), [0, 3]))
    np.testing.assert_allclose(squares, 1 + want**2, rtol=0, atol=16 * close(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_less_means_and_effects(numbers, kind):
    U, mean, effects, out, sums = (numbers(kind) for _ in range(5))
    rest = (U[1:17] - mean[:16] - effects[32:48]).astype(np.float64)
    want, want_sums = out.astype(np.float64), sums.astype(np.float64)
    want[5:21] = np.sqrt(2) * rest
    want_sums[32:48] += 2 * rest
    settled(U, 1, mean, 0, effects, 32, 2.0, np.sqrt(2), out, 5, sums)
    np.testing.assert_allclose(out, want, rtol=0, atol=16 * close(kind))
    np.testing.assert_allclose(sums, want_sums, rtol=0, atol=16 * close(kind))


def moments(values, entities, kind, behind):
    """Sums over a balanced panel (entities T, b) with one lag, ``behind`` standing where no row does."""
    n, b = values.shape
    T, d = n // entities, 2 * b
    rng = np.random.default_rng(1)
    spread = rng.normal(size=(d, d))
    omega = np.linalg.inv(spread @ spread.T / d + np.eye(d))
    fit = EntityFit(rng.normal(size=(T, d)), np.zeros((T, d)), np.full(b, 0.5), omega, omega, values[0] * 0 + 10.0, 1)
    out = EntitySums(
        np.zeros((1, 2, b, 2, b)), np.zeros((1, T, 2, b)), np.zeros((2, b)), np.zeros((3, b)),
        np.zeros((entities, T)), np.empty((entities, b)),
    )  # fmt: skip
    X = np.concatenate([values.reshape(-1), np.full(LANES, behind)]).astype(kind)
    time, starts = np.tile(np.arange(T), entities), np.arange(entities + 1) * T
    block = np.zeros(entities, np.int64)
    rows = entity_rows(
        X, b, 0, time, np.empty(0), np.arange(n), starts, block, widened(fit, kind), out
    )  # fmt: skip
    assert rows == entities * (T - 1)
    return out


@pytest.mark.parametrize("b", [3, 16, 19])
def test_no_width_of_a_row_lets_what_stands_behind_it_in(b):
    values = 10 + np.random.default_rng(b).normal(size=(40, b))
    values[np.random.default_rng(2).random(values.shape) < 0.05] = np.nan
    exact = moments(values, 5, np.float64, 0.0)
    for kind in KINDS:
        one, other = moments(values, 5, kind, np.nan), moments(values, 5, kind, 1e30)
        for found, same, want in zip(one, other, exact, strict=True):
            assert found.tobytes() == same.tobytes()
            np.testing.assert_allclose(found, want, rtol=0, atol=100 * close(kind) * max(np.abs(want).max(), 1))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("b", [19, 33])
def test_gram_matrices_of_long_entities_are_those_of_their_centred_rows(b, kind):
    entities, T = 3, 600
    values = 10 + np.random.default_rng(b).normal(size=(entities * T, b)) @ np.triu(np.ones((b, b))) / b
    nothing, unit = np.zeros((T, 2 * b)), np.eye(2 * b)
    fit = EntityFit(nothing, nothing, np.full(b, 0.5), unit, unit, np.full(b, 10.0), 1)
    out = EntitySums(
        np.zeros((1, 2, b, 2, b)), np.zeros((1, T, 2, b)), np.zeros((2, b)), np.zeros((3, b)),
        np.zeros((entities, T)), np.empty((entities, b)),
    )  # fmt: skip
    X = np.concatenate([values.reshape(-1), np.zeros(LANES)]).astype(kind)
    order, starts = np.arange(entities * T), np.arange(entities + 1) * T
    time, block = np.tile(np.arange(T), entities), np.zeros(entities, np.int64)
    entity_rows(X, b, 0, time, np.empty(0), order, starts, block, widened(fit, kind), out)
    cells = values.reshape(entities, T, b) / 2
    parts = [part - part.mean(axis=1, keepdims=True) for part in (cells[:, :-1], cells[:, 1:])]
    for i, j in ((0, 0), (0, 1), (1, 1)):
        want = np.einsum("eta,etc->ac", parts[i], parts[j])
        np.testing.assert_allclose(out.grams[0, i, :, j], want, rtol=0, atol=100 * close(kind) * np.abs(want).max())
        if i == j:
            np.testing.assert_array_equal(out.grams[0, i, :, j], out.grams[0, i, :, j].T)
