"""From the indicators in users' units to the base columns of the linear system, for any rows, as settled on some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.dictionary import Dictionary, Transform
from causal_service.preparation.transforms import transformed
from causal_service.preparation.within_rows import Total, WithinRows, complete_part, part_constant

__all__ = ["Scale", "settled_scale"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Exact sums are completed, transforms applied, totals left out."""

    names: tuple[str, ...]
    """Studied indicators, in order of the columns that come in."""
    base: tuple[str, ...]
    """Indicators of the columns that go out."""
    totals: tuple[tuple[Total, float], ...]
    """Exact sums and their constants."""
    transforms: Mapping[str, tuple[Transform, str]]
    """Transform and unit of the base indicators that are not on the identity scale."""
    ranks: Mapping[str, tuple[Floats, Floats]]
    """Values and scores between which the rank transform interpolates."""

    @property
    def plain(self) -> bool:
        """Whether the columns go out as they come in."""
        return self.names == self.base and not self.totals and not self.transforms

    def of(self, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """Return (base columns (n, b), average slope (b,), measured cells behind it (b,)) of rows (n, p)."""
        values = np.array(rows)[:, None, :]
        index = {name: i for i, name in enumerate(self.names)}
        for total, constant in self.totals:
            complete_part(values, total, index, constant)
        columns, slopes, counts = [], [], []
        for name in self.base:
            column = values[:, 0, index[name]]
            kind, unit = self.transforms.get(name, ("identity", ""))
            count = int((~np.isnan(column)).sum())
            slope = 1.0
            if kind == "rank":
                column = np.interp(column, *self.ranks[name])
                count = 0
            elif count:
                result = transformed(name, column, kind, unit)
                column, slope = result.values, result.slope
            columns.append(column)
            slopes.append(slope)
            counts.append(count)
        return np.ascontiguousarray(np.stack(columns, axis=1)), np.array(slopes), np.array(counts, np.float64)


def settled_scale(sample: WithinRows, dictionary: Dictionary, names: Sequence[str]) -> Scale:
    """Return the scale that was settled on a sample of the rows."""
    panel = sample.panel
    index = {name: i for i, name in enumerate(names)}
    totals = [(total, part_constant(panel.values, total, index)) for total in sample.totals]
    transforms: dict[str, tuple[Transform, str]] = {}
    ranks: dict[str, tuple[Floats, Floats]] = {}
    for name, kind in sample.kinds.items():
        transforms[name] = (kind, _unit(dictionary, name, panel.values[:, :, index[name]]))
        if kind == "rank":
            column = panel.values[:, :, index[name]]
            scores = sample.values[:, :, sample.names.index(name)]
            seen = ~np.isnan(column)
            points, first = np.unique(column[seen], return_index=True)
            ranks[name] = points, scores[seen][first]
    return Scale(tuple(names), sample.names, tuple((t, c) for t, c in totals if c is not None), transforms, ranks)


def _unit(dictionary: Dictionary, name: str, column: Floats) -> str:
    """Return the unit, settled from the sample where the dictionary leaves it open whether shares are percentages."""
    entry = dictionary.indicators.get(name)
    if entry is not None and entry.unit.strip():
        return entry.unit
    return "%" if float(np.nanmax(column)) > 1.0 else "share"
