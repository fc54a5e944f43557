"""Rows of a Parquet file on their way to the entities they belong to: some row groups in, one file of grouped rows out.

Entities are spread over partitions by a hash of their label, so that a partition holds all rows of its entities and
fits into memory, whatever the order of the rows in the file. A unit of work (some row groups) writes its own file
under a final name, which makes it safe to run twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.scatter import places_by_group, scatter_column
from causal_service.panel.sources import entity_label

__all__ = [
    "FIRST_COLUMN",
    "Partition",
    "PartitionRows",
    "SpillPlan",
    "SpilledUnit",
    "Unit",
    "keys_of",
    "read_partition",
    "spill",
]

BATCH = 32_768
"""Rows decoded and grouped at a time."""
_STRIP = 2048
"""Rows of a batch whose columns are copied before the next rows, so that the target stays in the processor's cache."""
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
    entities: tuple[str, ...]
    """Labels of the entities met, in order of appearance."""
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


def keys_of(labels: Sequence[str]) -> NDArray[np.uint64]:
    """Return a 64-bit hash (n,) of every label; the same on every machine."""
    digests = b"".join(hashlib.blake2b(label.encode(), digest_size=8).digest() for label in labels)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def partition_of(key: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    """Return the partition of every key; partitions hold ascending ranges of keys."""
    return ((key >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.int64)


def spill(plan: SpillPlan, unit: Unit) -> SpilledUnit:
    """Group the rows of one unit by partition and write them."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    columns = list(dict.fromkeys((plan.entity, plan.period, *plan.columns)))
    entities, periods = _Codes(), _Codes()
    missing, infinite = np.zeros(len(plan.columns), np.int64), np.zeros(len(plan.columns), np.int64)
    who: list[NDArray[np.int32]] = []
    when: list[NDArray[np.int32]] = []
    offsets: list[NDArray[np.int64]] = []
    written, least = 0, 0.0
    name = hashlib.sha256(f"{unit.path}\0{unit.row_groups}".encode()).hexdigest()[:24]
    final = Path(plan.folder) / f"{name}.rows"
    partial = final.with_suffix(f".{os.getpid()}")
    buffer = np.empty((BATCH, FIRST_COLUMN + len(plan.columns)))
    with (
        pq.ParquetFile(unit.path, buffer_size=1 << 20, read_dictionary=list(plan.texts)) as file,
        partial.open("wb") as target,
    ):
        for batch in _batches(file, unit.row_groups, columns):
            who.append(entities.of(batch.column(plan.entity), label=True))
            when.append(periods.of(batch.column(plan.period), label=False))
            keys = entities.keys[who[-1]]
            place, starts = places_by_group(partition_of(keys, plan.partitions), plan.partitions)
            rows = buffer[: batch.num_rows]
            rows.view(np.uint64)[place, 0] = keys
            rows[place, 1] = when[-1]
            for j, found in enumerate(_scattered(batch, plan.columns, place, rows)):
                missing[j] += found[0]
                infinite[j] += found[1]
            if plan.weighted:
                least = min(least, float(np.nanmin(rows[:, -1], initial=0.0)))
            target.write(rows.data.cast("B"))
            offsets.append(starts + written)
            written += batch.num_rows
    partial.replace(final)
    pa.default_memory_pool().release_unused()
    return SpilledUnit(
        str(final),
        np.stack(offsets) if offsets else np.zeros((0, plan.partitions + 1), np.int64),
        tuple(str(cell) for cell in entities.cells),
        tuple(periods.cells),
        np.concatenate(who) if who else np.empty(0, np.int32),
        np.concatenate(when) if when else np.empty(0, np.int32),
        missing,
        infinite,
        least,
    )


def _batches(file: Any, row_groups: Sequence[int], columns: Sequence[str]) -> Iterator[Any]:
    """Row group by row group: one reader over several keeps the memory of all."""
    for row_group in row_groups:
        yield from file.iter_batches(BATCH, row_groups=[row_group], columns=columns, use_threads=False)


def _scattered(
    batch: Any, columns: Sequence[str], place: NDArray[np.int64], rows: NDArray[np.float64]
) -> list[NDArray[np.int64]]:
    """Copy the columns of a batch into its grouped rows; return (missing, infinite) per column."""
    parts = [_numbers(batch.column(name)) for name in columns]
    counts = [np.zeros(2, np.int64) for _ in columns]
    for start in range(0, batch.num_rows, _STRIP):
        strip = slice(start, min(start + _STRIP, batch.num_rows))
        for j, (values, valid, bit) in enumerate(parts):
            counts[j] += scatter_column(values[strip], valid, bit + start, place[strip], FIRST_COLUMN + j, rows)
    return counts


def _numbers(column: Any) -> tuple[NDArray[np.float64], NDArray[np.uint8], int]:
    """Return (values, validity bitmap, its first bit) of an Arrow column, as float64 without a copy where it is."""
    import pyarrow as pa

    if column.type != pa.float64():
        column = column.cast(pa.float64())
    bitmap, data = column.buffers()
    values = np.frombuffer(data, np.float64, len(column), column.offset * 8)
    valid = np.empty(0, np.uint8) if bitmap is None or column.null_count == 0 else np.frombuffer(bitmap, np.uint8)
    return values, valid, column.offset


class _Codes:
    """Codes of the distinct cells of a key column, in order of appearance."""

    def __init__(self) -> None:
        self.cells: list[object] = []
        self.keys = np.zeros(1, np.uint64)
        """Hash of every cell read as a label, then 0 for the empty cell (code -1)."""
        self._code: dict[object, int] = {}
        self._known: tuple[Any, NDArray[np.int32]] | None = None

    def of(self, column: Any, *, label: bool) -> NDArray[np.int32]:
        """Return the code of every cell, -1 where it is empty; ``label`` = the cell is an entity."""
        import pyarrow as pa

        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if self._known is None or not self._known[0].equals(column.dictionary):
            cells = column.dictionary.to_pylist()
            before = len(self.cells)
            codes = [self._add(entity_label(cell) if label else cell) for cell in cells]
            if label:
                added = keys_of([str(cell) for cell in self.cells[before:]])
                self.keys = np.concatenate([self.keys[:-1], added, np.zeros(1, np.uint64)])
            self._known = column.dictionary, np.array([*codes, -1], np.int32)
        indices = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False)
        return np.asarray(self._known[1][indices])

    def _add(self, cell: object) -> int:
        if cell is None or cell == "":
            return -1
        code = self._code.setdefault(cell, len(self.cells))
        if code == len(self.cells):
            self.cells.append(cell)
        return code


def read_partition(partition: Partition) -> PartitionRows:
    """Read all rows of a partition, in file order."""
    count = sum(int((piece[1][:, 1] - piece[1][:, 0]).sum()) for piece in partition.pieces)
    rows = np.empty((count, partition.width))
    time = np.empty(count, np.int64)
    done = 0
    for path, spans, calendar in partition.pieces:
        first = done
        with open(path, "rb", buffering=0) as file:
            for start, stop in spans[spans[:, 1] > spans[:, 0]]:
                file.seek(int(start) * partition.width * 8)
                view = rows[done : done + stop - start].data.cast("B")
                if file.readinto(view) != view.nbytes:
                    raise OSError(f"{path} is shorter than it was when it was written")
                done += int(stop - start)
        time[first:done] = calendar[rows[first:done, 1].astype(np.int64)]
    return PartitionRows(rows.view(np.uint64)[:, 0].copy(), time, rows)


def partitions_of(units: Sequence[SpilledUnit], calendar: Mapping[object, int], width: int) -> tuple[Partition, ...]:
    """Return the partitions of spilled units; ``calendar`` gives the place of every period cell."""
    places = [np.array([calendar[cell] for cell in unit.periods], np.int64) for unit in units]
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
