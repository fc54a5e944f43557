"""Digests of rows: every bit of every cell counts, the order of rows does not."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.row_digest import add_rows, digest_words


def digest(rows, groups=4):
    sums = np.zeros((groups, 2), np.uint64)
    add_rows(rows.view(np.uint32), rows.itemsize // 4, 3, digest_words(2 * rows.shape[1]), sums)
    return sums


def rows_of(seed, n=50, columns=9, kind=np.float64):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, columns)).astype(kind)
    halves = rows.view(np.uint64 if kind == np.float64 else np.uint32)
    halves[:, :2] = rng.integers(0, 2**32, (n, 2))
    halves[:, 2] = rng.integers(0, 4, n)
    return rows


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("columns", [9, 10])
def test_every_bit_of_every_cell_counts_in_both_sums(kind, columns):
    rows = rows_of(0, columns=columns, kind=kind)
    before = digest(rows)
    size = rows.itemsize // 4
    group = int(rows.view(np.uint32)[7, 2 * size])
    words = [0, size, *range(3 * size, columns * size)]
    for word in words:
        for bit in range(32):
            other = rows.copy()
            other.view(np.uint32)[7, word] ^= np.uint32(1) << np.uint32(bit)
            changed = digest(other) != before
            assert changed[group].all()
            assert changed.sum() == 2


def test_the_order_and_the_parts_of_rows_do_not_count():
    rows = rows_of(1)
    mixed = rows[np.random.default_rng(2).permutation(len(rows))]
    np.testing.assert_array_equal(digest(rows), digest(mixed))
    np.testing.assert_array_equal(digest(rows), digest(mixed[:20]) + digest(mixed[20:]))


def test_small_whole_numbers_do_not_collide():
    values = np.stack(np.meshgrid(*[np.arange(12.0)] * 4), axis=-1).reshape(-1, 4)
    found = {tuple(digest(np.concatenate([np.zeros(3), row])[None], 1)[0].tolist()) for row in values}
    assert len(found) == len(values)
    assert len({pair[0] for pair in found}) == len({pair[1] for pair in found}) == len(values)


def test_words_fill_thirty_two_bits_and_differ():
    words = digest_words(300)
    assert words.max() < 2**32
    assert words.max() > 2**32 * 0.99
    assert np.unique(words).size == words.size
