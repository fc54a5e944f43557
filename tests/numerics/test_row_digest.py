"""Digests of rows: every bit of every cell counts, the order of rows and what stands in missing cells do not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from causal_service.numerics.row_digest import add_rows, digest_words


def digest(table, keys, when, groups=4, offset=0):
    """Digest of columns (n, p) but the first ``offset`` rows; ``table`` may be masked."""
    columns = [pa.array(np.ma.getdata(c), mask=np.ma.getmaskarray(c)) for c in np.ma.asarray(table).T]
    keys, when = keys[offset:], when[offset:]
    where = np.array(
        [[c.buffers()[1].address + 8 * offset, c.buffers()[0].address if c.null_count else 0, offset] for c in columns]
    )
    sums = np.zeros((groups, 2), np.uint64)
    who = np.arange(len(keys), dtype=np.int32)
    add_rows(keys, who, when, *where.T.copy(), digest_words(len(columns)), sums)
    return sums


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    keys = rng.integers(0, 2**64, 700, dtype=np.uint64)
    return rng.normal(size=(700, 6)), keys, rng.integers(0, 4, 700).astype(np.int32)


def test_every_bit_of_every_cell_counts_in_both_sums(rows):
    table, keys, when = rows
    before = digest(table, keys, when)
    for column in range(table.shape[1]):
        for bit in range(64):
            other = table.copy()
            other.view(np.uint64)[7, column] ^= np.uint64(1) << np.uint64(bit)
            changed = digest(other, keys, when) != before
            assert changed[when[7]].all()
            assert changed.sum() == 2


def test_so_do_key_and_group(rows):
    table, keys, when = rows
    before = digest(table, keys, when)
    for bit in range(64):
        other = keys.copy()
        other[7] ^= np.uint64(1) << np.uint64(bit)
        assert (digest(table, other, when) != before)[when[7]].all()
    other = when.copy()
    other[7] = (other[7] + 1) % 4
    assert (digest(table, keys, other) != before).sum() == 4


def test_the_order_and_the_parts_of_rows_do_not_count(rows):
    at = np.random.default_rng(2).permutation(len(rows[0]))
    mixed = [part[at] for part in rows]
    np.testing.assert_array_equal(digest(*rows), digest(*mixed))
    first, second = ([part[half] for part in mixed] for half in (slice(320), slice(320, None)))
    np.testing.assert_array_equal(digest(*rows), digest(*first) + digest(*second))


def test_a_missing_cell_is_nan_whatever_stands_in_it_and_zero_has_no_sign(rows):
    table, keys, when = rows
    holes = np.random.default_rng(1).random(table.shape) < 0.3
    expected = digest(np.where(holes, np.nan, table), keys, when)
    masked = np.ma.masked_array(table, holes)
    np.testing.assert_array_equal(digest(masked, keys, when), expected)
    np.testing.assert_array_equal(
        digest(masked, keys, when, offset=13), digest(np.ma.getdata(masked.filled(np.nan))[13:], keys[13:], when[13:])
    )
    np.testing.assert_array_equal(digest(np.where(holes, -np.nan, table), keys, when), expected)
    zero = digest(np.where(holes, 0.0, table), keys, when)
    np.testing.assert_array_equal(digest(np.where(holes, -0.0, table), keys, when), zero)
    assert (zero != expected).all()


def test_small_whole_numbers_do_not_collide():
    values = np.stack(np.meshgrid(*[np.arange(12.0)] * 4), axis=-1).reshape(-1, 4)
    keys, when = np.zeros(len(values), np.uint64), np.arange(len(values), dtype=np.int32)
    found = digest(values, keys, when, len(values))
    assert all(np.unique(lane).size == len(values) for lane in found.T)


def test_words_fill_thirty_two_bits_and_differ():
    words = digest_words(300)
    assert words.max() < 2**32
    assert words.max() > 2**32 * 0.99
    assert np.unique(words).size == words.size
