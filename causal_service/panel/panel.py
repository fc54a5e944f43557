"""The panel: entity x period x indicator, immutable, aware of its gaps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from causal_service.panel.large import LargePanel

__all__ = ["Panel", "Regime"]

Regime = Literal["panel", "series", "cross-section"]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Measured values on a regular calendar, in canonical order.

    Indicators and entities are sorted by name and periods by time, so that permuting the input changes nothing.
    A cross-section has one period; its rows are the entities' observations (``clusters`` names the declared entity
    of each row, and rows are sorted by value when no entity is declared).
    """

    entities: tuple[str, ...]
    """Entity labels, length E (row numbers in a cross-section without entities)."""
    periods: tuple[str, ...]
    """Period labels of the *full calendar* between first and last, length T, gaps included."""
    indicators: tuple[str, ...]
    """Indicator keys, length P, sorted."""
    values: NDArray[np.float64]
    """Array (E, T, P) in the users' units; NaN where missing."""
    present: NDArray[np.bool_]
    """Array (E, T): the file has a row for this cell."""
    weights: NDArray[np.float64] | None
    """Array (E, T): number of observations behind a cell; ``None`` when not declared."""
    regime: Regime
    """What kind of data this is."""
    clusters: tuple[str, ...] | None
    """Cross-section only: declared cluster of each row, length E."""
    frequency: str
    """``day`` | ``week`` | ``month`` | ``quarter`` | ``year`` | ``index`` | ``""`` (cross-section)."""
    entity_column: str | None
    """Name of the entity column in the file."""
    period_column: str | None
    """Name of the period column in the file."""
    segments: tuple[str, ...] | None = None
    """Segment of each entity (row in a cross-section), length E; empty where unknown; ``None`` = not declared."""
    segment_column: str | None = None
    """Name of the segment column in the file."""
    behind: LargePanel | None = None
    """All rows of a panel too large for memory; this panel is then a sample of its entities."""

    @property
    def outline(self) -> Panel:
        """Size and calendar: the panel itself, of a sample all entities without their indicators."""
        return self if self.behind is None else self.behind.outline(self)

    @property
    def fingerprint(self) -> str:
        """``sha256:…`` of labels, values and weights in canonical order; column names of the file do not count.

        Segments count where they are declared. Of a panel too large for memory: of the digest of all its rows and the
        indicators.
        """
        digest = hashlib.sha256()
        if self.behind is not None:
            digest.update(json.dumps([self.behind.digest, self.indicators]).encode())
            return f"sha256:{digest.hexdigest()}"
        labels: dict[str, object] = {
            "regime": self.regime,
            "frequency": self.frequency,
            "entities": self.entities,
            "periods": self.periods,
            "indicators": self.indicators,
            "clusters": self.clusters,
        }
        if self.segments is not None:
            labels["segments"] = self.segments
        digest.update(json.dumps(labels, ensure_ascii=True, sort_keys=True).encode())
        for array in (self.values, self.present, self.weights):
            digest.update(b"none" if array is None else _canonical_bytes(array))
        return f"sha256:{digest.hexdigest()}"


def _canonical_bytes(array: NDArray[Any]) -> bytes:
    """Return little-endian bytes in which every NaN and every zero is written in one way."""
    if array.dtype == np.bool_:
        return np.packbits(array).tobytes()
    return (np.where(np.isnan(array), np.nan, array) + 0.0).astype("<f8").tobytes()
