"""Rows grouped by entity: a sort that depends on content alone."""

from __future__ import annotations

import numpy as np
import pytest

from causal_service.numerics.entity_order import cell_totals, sorted_rows
from causal_service.numerics.scatter import places_by_partition, read_keys, scatter_rows, text_hashes


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cells", ["some twice", "dense", "sparse"])
def test_rows_come_by_key_then_time(seed, cells):
    rng = np.random.default_rng(seed)
    pairs = 100_000 if cells == "sparse" else 1000
    pair = rng.integers(0, 1000, 500) if cells == "some twice" else rng.permutation(pairs)[:500]
    periods = pairs // 40
    keys, time = rng.integers(0, 2**63, 40, dtype=np.uint64)[pair % 40], pair // 40
    order, starts, found = sorted_rows(keys, time, periods)
    np.testing.assert_array_equal(found, np.unique(keys))
    np.testing.assert_array_equal(order, np.lexsort((time, keys)))
    np.testing.assert_array_equal(keys[order[starts[:-1]]], found)
    assert starts[-1] == 500


def test_rows_that_come_entity_by_entity_are_moved_in_runs():
    keys, time = np.repeat(np.array([7, 2**63 + 1, 3], np.uint64), [4, 1, 5]), np.array([0, 2, 3, 8, 4, 0, 1, 2, 6, 9])
    for times in (time, time[::-1].copy(), np.zeros(10, np.int64)):
        order, starts, found = sorted_rows(keys, times, 10)
        np.testing.assert_array_equal(order, np.lexsort((times, keys)))
        np.testing.assert_array_equal(starts, [0, 5, 9, 10])
        np.testing.assert_array_equal(found, np.array([3, 7, 2**63 + 1], np.uint64))
    again = np.append(keys, np.uint64(7))  # an entity that comes back
    np.testing.assert_array_equal(
        sorted_rows(again, np.append(time, 9), 10)[0], np.lexsort((np.append(time, 9), again))
    )


def test_totals_are_those_of_the_measured_cells():
    X = np.array([[9.0, 1.0, np.nan], [9.0, 3.0, 4.0], [9.0, np.nan, 6.0]])
    totals = cell_totals(X, np.array([1, 2]), np.array([2, 0, 1]), np.array([1.0, 2.0]))
    np.testing.assert_allclose(totals, [[2, 2], [2, 6], [4, 20]])


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_rows_go_to_their_partitions_and_their_keys_come_back(kind):
    keys = np.array([2**63 + 5, 7, 0], np.uint64)
    who, when = np.array([0, 1, 0, -1], np.int32), np.array([5, 6, 7, 8], np.int32)
    place, starts = places_by_partition(keys[who], 3)
    np.testing.assert_array_equal(place, [2, 0, 3, 1])
    np.testing.assert_array_equal(starts, [0, 2, 4, 4])
    exact, rounded = scattered(keys[who], when, place, [], [], [], 4 if kind == np.float64 else 0)[:2]
    rows = exact if kind == np.float64 else rounded
    key, time = np.zeros(4, np.uint64), np.zeros(4, np.int64)
    read_keys(rows.view(f"u{rows.itemsize}"), 1, 4, np.arange(20) * 10, key, time)
    np.testing.assert_array_equal(key, [0, 0, 2**63 + 5, 2**63 + 5])
    np.testing.assert_array_equal(time, [0, 80, 50, 70])


def scattered(keys, when, place, cells, bits, first_bit, split):
    """(float64 rows, float32 rows, counts) of columns."""
    exact = np.zeros((split, 3 + len(cells)))
    rounded = np.zeros((place.size - split + 1, 3 + len(cells)), np.float32)
    addresses = np.array([part.ctypes.data for part in cells], np.int64)
    bitmaps = np.array([0 if part is None else part.ctypes.data for part in bits], np.int64)
    counts, first = np.zeros((len(cells), 3), np.int64), np.array(first_bit, np.int64)
    for k, (part, bit) in enumerate(zip(bits, first_bit, strict=True)):
        if part is not None:
            counts[k, 0] = (np.unpackbits(part, bitorder="little")[bit : bit + place.size] == 0).sum()
    scatter_rows(
        keys, when, addresses, bitmaps, first, place,
        exact, exact.view(np.uint64), rounded, rounded.view(np.uint32), 1e100, counts,
    )  # fmt: skip
    return exact, rounded[:-1], counts


@pytest.mark.parametrize("n", [4, 8, 63, 64, 65, 100])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("more", [0, 3, 4, 5, 12, 13])
def test_columns_are_scattered_with_their_gaps(n, share, more):
    """Squares of eight rows and columns, whole ones and those that are not; half of the columns have a bitmap."""
    rng = np.random.default_rng(n)
    place = rng.permutation(n)
    cells = [
        np.concatenate([[1.0, np.nan, np.inf, -0.0], rng.normal(size=n - 4)]),
        rng.normal(size=n),
        np.append(np.ones(n - 1), 1e99),
        np.append(np.ones(n - 1), -1e101),
        *rng.normal(size=(more, n)),
    ]
    first = [3 * k % 19 for k in range(len(cells))]
    there = [rng.random(n + first[k]) > 0.2 if k % 2 == 0 else np.ones(n + first[k], bool) for k in range(len(cells))]
    there[0][:4] = True
    there[2][-1] = True
    bits = [np.packbits(one, bitorder="little") if k % 2 == 0 else None for k, one in enumerate(there)]
    split = int(share * n)
    exact, rounded, found = scattered(np.zeros(n, np.uint64), np.zeros(n, np.int32), place, cells, bits, first, split)
    expected = np.stack(
        [np.where(one[begin:], part, np.nan) for one, begin, part in zip(there, first, cells, strict=True)]
    )
    kept = place < split
    np.testing.assert_array_equal(exact[place[kept], 3:].T, expected[:, kept])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(rounded[place[~kept] - split, 3:].T, expected[:, ~kept].astype(np.float32))
    assert not np.signbit(np.concatenate([exact[:, 3], rounded[:, 3]])[place[3]])
    np.testing.assert_array_equal(found[:, 0], np.isnan(expected).sum(axis=1))
    np.testing.assert_array_equal(found[:, 1], [1, 0, 0, 1, *[0] * more])
    np.testing.assert_array_equal(found[:, 2], [0, 0, 1, *[0] * (1 + more)])
    assert (exact[:, :3] == 0).all() and (rounded[:, :3] == 0).all()


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_few_columns_write_nothing_beside_them(columns):
    cells = list(np.arange(20.0 * columns).reshape(columns, 20))
    nothing = [None] * columns
    rows = scattered(
        np.zeros(20, np.uint64), np.zeros(20, np.int32), np.arange(20)[::-1].copy(), cells, nothing, [0] * columns, 0
    )[1]
    np.testing.assert_array_equal(rows[:, 3:], np.stack(cells)[:, ::-1].T)
    assert (rows[:, :3] == 0).all()


def hashed(texts):
    data = [text if isinstance(text, bytes) else text.encode() for text in texts]
    return text_hashes(np.cumsum([0, *map(len, data)]), np.frombuffer(b"".join(data), np.uint8))


def test_texts_have_hashes_of_their_own():
    texts = [f"plant {i}" for i in range(2000)] + ["", "厂"]
    hashes = hashed(texts)[0]
    assert np.unique(hashes).size == len(texts)
    assert hashes[-2] == 0xCBF29CE484222325  # of the empty text, by definition
    assert hashed(["厂"])[0] == hashes[-1]


def test_texts_that_need_no_trimming_are_told():
    assert hashed(["plant 1", "", "b"])[1]
    assert hashed([])[1]
    for text in (" a", "a\t", "厂", "\u3000a", "a\x00", b"\xff"):
        assert not hashed(["b", text])[1]
