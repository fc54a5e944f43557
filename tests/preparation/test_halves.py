"""The two halves of the time: moments of each, less the effects of its own."""

from __future__ import annotations

import numpy as np

from causal_service.panel.dictionary import Dictionary
from causal_service.preparation.halves import FEWEST_PERIODS, halves_of
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import within_rows


def halves(simulated, **options):
    within = within_rows(simulated.panel(simulated.frame(0, **options)), Dictionary(), (), 1)
    return within, prepared_from(within), halves_of(within, prepared_from(within))


def test_each_half_is_demeaned_by_itself(simulated):
    within, prepared, found = halves(simulated, entities=18, periods=25)
    late = within.rows.time > 12
    for half, rows in enumerate((~late, late)):
        assert found.mass[half].sum() == rows.sum()
        Z = within.filled[rows].reshape(18, 12, -1)
        Z = Z - Z.mean(axis=1, keepdims=True) - Z.mean(axis=0, keepdims=True) + Z.mean(axis=(0, 1))
        np.testing.assert_allclose(found.grams[half], np.einsum("itc,itd->icd", Z, Z), atol=1e-8)
    first, second = found.covariances(np.ones((1, prepared.blocks)))
    np.testing.assert_allclose(second[0], found.grams[1].sum(axis=0) / late.sum(), atol=1e-9)
    assert first.shape == (1, 8, 8)


def test_short_time_is_not_halved(simulated):
    assert halves(simulated, entities=18, periods=2 * FEWEST_PERIODS)[2] is None
    assert halves(simulated, entities=18, periods=2 * FEWEST_PERIODS + 1)[2] is not None


def test_a_cross_section_has_no_halves(simulated):
    panel = simulated.cross_section(simulated.frame(0).drop(columns=["plant", "month"]))
    within = within_rows(panel, Dictionary(), (), 0)
    assert halves_of(within, prepared_from(within)) is None
