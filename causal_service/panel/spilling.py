"""Rows of a Parquet file on their way to the entities they belong to: some row groups in, one file of grouped rows out.

Entities are spread over partitions by a hash of their label, so that a partition holds all rows of its entities and
fits into memory, whatever the order of the rows in the file. A unit of work (some row groups) writes its own file
under a final name, which makes it safe to run twice.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.row_digest import add_rows, digest_words
from causal_service.numerics.scatter import places_by_partition, read_keys, scatter_columns
from causal_service.panel.key_codes import EntityCodes, PeriodCodes

__all__ = [
    "FIRST_COLUMN",
    "Partition",
    "PartitionRows",
    "SpillPlan",
    "SpilledUnit",
    "Unit",
    "read_partition",
    "spill",
]

BATCH = 16_384
"""Rows decoded and grouped at a time."""
FIRST_COLUMN = 2
"""Position of the first value in a row on disk, behind the key and the period."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Neighbouring row groups of one file."""

    path: str
    """Parquet file."""
    row_groups: tuple[int, ...]
    """Positions in the file."""


@dataclass(frozen=True, slots=True)
class SpillPlan:
    """How rows are grouped."""

    entity: str
    """Header of the entity column in the file."""
    period: str
    """Header of the period column in the file."""
    texts: tuple[str, ...]
    """Those of the two that hold text; they are decoded as codes."""
    columns: tuple[str, ...]
    """Headers of the numeric columns: indicators in order of their keys, then the weight column if there is one."""
    weighted: bool
    """Whether the last of ``columns`` is the weight."""
    partitions: int
    """Number of partitions."""
    folder: str
    """Where the files of grouped rows are written; all workers must see it."""


@dataclass(frozen=True, slots=True, eq=False)
class SpilledUnit:
    """Where the rows of a unit went, and what was seen on the way."""

    path: str
    """File of float64 rows [entity key | period code | columns], batch after batch, each batch by partition."""
    offsets: NDArray[np.int64]
    """(batches, partitions + 1) first row of every partition in every batch."""
    entities: Any
    """Arrow array of the labels of the entities met, in order of appearance."""
    keys: NDArray[np.uint64]
    """Hash of every label."""
    periods: tuple[object, ...]
    """Cells of the period column met, in order of appearance; the codes in the file count them."""
    row_entity: NDArray[np.int32]
    """(rows,) position in ``entities`` of every row, in file order; -1 where the cell is empty."""
    row_period: NDArray[np.int32]
    """(rows,) position in ``periods``; -1 where the cell is empty."""
    missing: NDArray[np.int64]
    """(columns,) cells without a value."""
    infinite: NDArray[np.int64]
    """(columns,) infinite cells."""
    least_weight: float
    """Smallest weight if it is negative, else 0."""
    digests: NDArray[np.uint64]
    """(periods, 2) sums of the hashes of all rows by period code; at least one row."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Where the rows of one partition are."""

    pieces: tuple[tuple[str, NDArray[np.int64], NDArray[np.int64]], ...]
    """Per unit: file, (batches, 2) first and last row, calendar place of every period code."""
    width: int
    """Numbers per row in the file."""


@dataclass(frozen=True, slots=True, eq=False)
class PartitionRows:
    """The rows of one partition."""

    key: NDArray[np.uint64]
    """(n,) hash of the entity."""
    time: NDArray[np.int64]
    """(n,) calendar period."""
    rows: NDArray[np.float64]
    """(n, FIRST_COLUMN + columns) the rows as they stand in the file, values from FIRST_COLUMN on; NaN = missing."""


def spill(plan: SpillPlan, unit: Unit) -> SpilledUnit:
    """Group the rows of one unit by partition and write them."""
    import pyarrow as pa  # type: ignore[import-untyped]

    columns = list(dict.fromkeys((plan.entity, plan.period, *plan.columns)))
    entities, periods = EntityCodes(), PeriodCodes()
    missing, infinite = np.zeros(len(plan.columns), np.int64), np.zeros(len(plan.columns), np.int64)
    who: list[NDArray[np.int32]] = []
    when: list[NDArray[np.int32]] = []
    offsets: list[NDArray[np.int64]] = []
    written, least = 0, 0.0
    name = hashlib.sha256(f"{unit.path}\0{unit.row_groups}".encode()).hexdigest()[:24]
    final = Path(plan.folder) / f"{name}.rows"
    partial = final.with_suffix(f".{os.getpid()}")
    buffer = np.empty((BATCH, FIRST_COLUMN + len(plan.columns)))
    digests, words = np.zeros((1, 2), np.uint64), digest_words(buffer.shape[1])
    with partial.open("wb", buffering=0) as target:
        for batch in _batches(unit, columns, plan.texts):
            who.append(entities.of(batch.column(plan.entity)))
            when.append(periods.of(batch.column(plan.period)))
            rows = buffer[: batch.num_rows]
            place, starts = places_by_partition(entities.keys, who[-1], when[-1], plan.partitions, rows)
            counts = _scattered(batch, plan.columns, place, rows)
            missing += counts[:, 0]
            infinite += counts[:, 1]
            if plan.weighted:
                least = min(least, float(np.nanmin(rows[:, -1], initial=0.0)))
            if digests.shape[0] < len(periods.cells):
                digests = np.concatenate([digests, np.zeros((len(periods.cells) - digests.shape[0], 2), np.uint64)])
            add_rows(rows, FIRST_COLUMN, words, digests)
            _write(target, rows)
            offsets.append(starts + written)
            written += batch.num_rows
    partial.replace(final)
    pa.default_memory_pool().release_unused()
    return SpilledUnit(
        str(final),
        np.stack(offsets) if offsets else np.zeros((0, plan.partitions + 1), np.int64),
        entities.labels,
        entities.keys[:-1],
        periods.cells,
        np.concatenate(who) if who else np.empty(0, np.int32),
        np.concatenate(when) if when else np.empty(0, np.int32),
        missing,
        infinite,
        least,
        digests,
    )


def _write(target: Any, rows: NDArray[np.float64]) -> None:
    left = rows.data.cast("B")
    while left.nbytes:
        left = left[target.write(left) :]


def _batches(unit: Unit, columns: Sequence[str], texts: Sequence[str]) -> Iterator[Any]:
    """Row group by row group: one reader over several keeps the memory of all.

    The file is mapped, which saves copying what is still compressed; its pages are given back as they are done with.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with open(unit.path, "rb") as content:
        mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(mapped)), read_dictionary=list(texts))
    for row_group in unit.row_groups:
        yield from file.iter_batches(BATCH, row_groups=[row_group], columns=columns, use_threads=False)
        if hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def _scattered(
    batch: Any, columns: Sequence[str], place: NDArray[np.int64], rows: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Copy the columns of a batch into its grouped rows; return (columns, 2) how many cells are missing, infinite."""
    import pyarrow as pa

    parts = [batch.column(name) for name in columns]
    parts = [part if part.type == pa.float64() else part.cast(pa.float64()) for part in parts]
    where = np.array([_addresses(part) for part in parts], np.int64).reshape(-1, 3).T.copy()
    counts = np.empty((len(columns), 2), np.int64)
    scatter_columns(where[0], where[1], where[2], place, FIRST_COLUMN, rows, counts)
    return counts


def _addresses(part: Any) -> tuple[int, int, int]:
    """Return (address of the first cell, address of the validity bitmap or 0, its first bit) of an Arrow array."""
    bitmap, data = part.buffers()
    return data.address + 8 * part.offset, 0 if bitmap is None or part.null_count == 0 else bitmap.address, part.offset


def read_partition(partition: Partition) -> PartitionRows:
    """Read all rows of a partition, in file order. They hold until this thread reads the next partition."""
    count = sum(int((piece[1][:, 1] - piece[1][:, 0]).sum()) for piece in partition.pieces)
    rows = _room(count * partition.width).reshape(count, partition.width)
    key, time = np.empty(count, np.uint64), np.empty(count, np.int64)
    done = 0
    for path, spans, calendar in partition.pieces:
        with open(path, "rb", buffering=0) as file:
            for start, stop in spans[spans[:, 1] > spans[:, 0]].tolist():
                end = done + stop - start
                view = rows[done:end].data.cast("B")
                if os.preadv(file.fileno(), [view], start * partition.width * 8) != view.nbytes:
                    raise OSError(f"{path} is shorter than it was when it was written")
                read_keys(rows, done, end, calendar, key, time)
                done = end
    return PartitionRows(key, time, rows)


_ROOM = threading.local()


def _room(size: int) -> NDArray[np.float64]:
    """Return memory of this thread: fresh pages cost as much as reading rows into them."""
    kept: NDArray[np.float64] | None = getattr(_ROOM, "kept", None)
    if kept is None or kept.size < size:
        kept = np.empty(size + size // 8)
        _ROOM.kept = kept
    return kept[:size]


def partitions_of(units: Sequence[SpilledUnit], calendar: Mapping[object, int], width: int) -> tuple[Partition, ...]:
    """Return the partitions of spilled units; ``calendar`` gives the place of every period cell that a row has."""
    places = [np.array([calendar.get(cell, 0) for cell in unit.periods], np.int64) for unit in units]
    count = units[0].offsets.shape[1] - 1
    return tuple(
        Partition(
            tuple(
                (unit.path, unit.offsets[:, p : p + 2], place)
                for unit, place in zip(units, places, strict=True)
                if (unit.offsets[:, p + 1] > unit.offsets[:, p]).any()
            ),
            width,
        )
        for p in range(count)
    )
