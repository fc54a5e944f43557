"""Moments of every segment, each less the entity and period effects of its own.

Period effects are those of the segment: where slopes differ, what all entities share in a period moves the segments
differently, and period effects taken over all of them would leave that difference in the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.covariances import covariances
from causal_service.numerics.gaussian_em import expected_grams
from causal_service.numerics.short_panel import pair_counts, stationary_covariance
from causal_service.preparation.drift import trend_columns
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.rows import Rows
from causal_service.preparation.within_rows import WithinRows

__all__ = ["FEWEST_BLOCKS", "SegmentMoments", "SegmentSize", "segment_moments", "segment_sizes"]

FEWEST_BLOCKS = 5
"""Entities (rows or clusters in a cross-section, stretches of time with few entities) that a segment needs."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SegmentSize:
    """One segment and whether it can be told apart."""

    name: str
    """Label."""
    entities: int
    """Entities in it (rows in a cross-section)."""
    rows: int
    """Rows used."""
    reason: str | None
    """Why it is not told apart: ``one-entity`` | ``too-few-entities`` | ``too-few-rows`` | ``no-variation``."""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentMoments:
    """Moments of one segment per resampling block, in the units of ``Prepared``."""

    grams: Array
    """(k, b, b) Gram matrices of the base columns of the k blocks that have rows in it."""
    mass: Array
    """(k,) sums of row weights."""
    blocks: NDArray[np.int64]
    """(k,) the block each belongs to."""
    span: Array
    """Pair counts for the short-panel correction; empty when there is none."""
    shrinkage: float
    """Share of variance left after period effects were removed."""

    def covariances(self, weights: Array, prepared: Prepared) -> Array:
        """Return the stationary covariances (B, d, d) under block weights (B, blocks).

        A draw that holds fewer than two of the segment's blocks counts them all once.
        """
        own = weights[:, self.blocks]
        own = np.where(((own > 0).sum(axis=1) < 2)[:, None], 1.0, own)
        W = covariances(np.tensordot(own, self.grams, 1), own @ self.mass, self.shrinkage)
        S = W if not self.span.size else self._stationary(W, prepared)
        return prepared.expanded(S)

    def within(self, prepared: Prepared) -> Array:
        """Return the covariance (d, d) of the whole segment on which a graph is searched."""
        return prepared.expanded(self._whole)

    @property
    def _whole(self) -> Array:
        """(b, b) covariance of the base columns over all blocks."""
        return covariances(self.grams.sum(axis=0), self.mass.sum(), self.shrinkage)

    def _stationary(self, W: Array, prepared: Prepared) -> Array:
        """Remove the short-panel bias: that of all blocks together in full, from there two rounds per draw."""
        whole = self._whole
        added = stationary_covariance(whole, self.span, prepared.base, prepared.lags) - whole
        return stationary_covariance(W, self.span, prepared.base, prepared.lags, rounds=2, added=added)


def segment_sizes(within: WithinRows, segments: Sequence[str]) -> tuple[SegmentSize, ...]:
    """Return every segment by name; the unknown one (empty label) is left out."""
    labels = np.array(segments, dtype=object)[within.rows.entity]
    needed = within.filled.shape[1] + 8
    out = []
    for name in sorted(set(segments) - {""}):
        kept = labels == name
        entities, rows = int(np.unique(within.rows.entity[kept]).size), int(kept.sum())
        blocks = np.unique(within.blocks.code[kept]).size
        used = rows - entities - np.unique(within.rows.time[kept]).size
        reason = None
        if entities < 2:
            reason = "one-entity"
        elif blocks < FEWEST_BLOCKS:
            reason = "too-few-entities"
        elif (used < needed and within.panel.regime != "cross-section") or rows < needed:
            reason = "too-few-rows"
        elif np.any((within.part(kept) ** 2).mean(axis=0) < 1e-6):
            reason = "no-variation"
        out.append(SegmentSize(name, entities, rows, reason))
    return tuple(out)


def segment_moments(within: WithinRows, prepared: Prepared, segments: Sequence[str], name: str) -> SegmentMoments:
    """Return the moments of the segment ``name``; ``segments`` (E,) holds the label of every entity."""
    kept = (np.array(segments, dtype=object) == name)[within.rows.entity]
    rows = within.rows
    entity = np.unique(rows.entity[kept], return_inverse=True)[1].astype(np.int64)
    own = Rows(entity, rows.time[kept], rows.weight[kept], rows.lags)
    blocks, code = np.unique(within.blocks.code[kept], return_inverse=True)
    code = code.astype(np.int64)
    Z = np.ascontiguousarray(within.part(kept))
    grams = expected_grams(Z, within.missing[kept], within.sigma, own.weight, code, blocks.size)
    dynamic = prepared.span.size > 0
    columns = None
    if within.drift != "none":
        columns = trend_columns(own)
    elif within.terms is not None:
        columns = within.terms.columns[kept]
    period = own.time - own.time.min()
    span = pair_counts(own.entity, period, own.weight, int(period.max()) + 1, columns) if dynamic else np.empty(0)
    entities = int(entity.max()) + 1
    return SegmentMoments(
        grams=grams,
        mass=np.bincount(code, weights=own.weight, minlength=blocks.size).astype(np.float64),
        blocks=blocks.astype(np.int64),
        span=span,
        shrinkage=1 - 1 / entities if within.terms is None else 1.0,
    )
