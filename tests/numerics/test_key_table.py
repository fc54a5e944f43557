"""Keys get codes in order of appearance, however the table has grown."""

from __future__ import annotations

import numpy as np

from causal_service.numerics.key_table import KeyTable, mixed


def test_codes_count_first_appearances():
    rng = np.random.default_rng(0)
    keys = mixed(np.arange(3000, dtype=np.uint64))
    table, code = KeyTable(), {}
    for size in (1, 5, 700, 4000, 0, 4000):
        drawn = keys[rng.integers(0, keys.size, size)]
        expected_new = []
        for i, key in enumerate(drawn.tolist()):
            if key not in code:
                code[key] = len(code)
                expected_new.append(i)
        codes, new = table.codes(drawn)
        np.testing.assert_array_equal(codes, [code[key] for key in drawn.tolist()])
        np.testing.assert_array_equal(new, expected_new)
    np.testing.assert_array_equal(table.keys, np.array(list(code), np.uint64))


def test_keys_that_meet_in_a_slot_stay_apart():
    keys = np.array([7, 7 + 2**40, 7 + 2**41, 7], np.uint64)
    np.testing.assert_array_equal(KeyTable().codes(keys)[0], [0, 1, 2, 0])


def test_mixing_spreads_small_numbers_over_all_bits_and_loses_none():
    keys = mixed(np.arange(20_000, dtype=np.uint64))
    assert np.unique(keys).size == keys.size
    share = [float(((keys >> np.uint64(bit)) & np.uint64(1)).mean()) for bit in range(64)]
    assert max(abs(s - 0.5) for s in share) < 0.02
