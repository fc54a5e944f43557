"""Rows of a Parquet file on their way to the entities they belong to: some row groups in, one file of grouped rows out.

Entities are spread over partitions by a hash of their label, so that a partition holds all rows of its entities and
fits into memory, whatever the order of the rows in the file. A unit of work (some row groups) writes its own file
under a final name, which makes it safe to run twice.

A row on disk is [entity key, upper and lower half | period code | columns], float64 in the first partitions and float32
in the others, where the first three are the bits of whole numbers.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.lanes import LANES
from causal_service.numerics.row_digest import add_rows, digest_words
from causal_service.numerics.scatter import places_by_partition, read_keys, scatter_rows
from causal_service.panel.columns import LARGEST
from causal_service.panel.direct_file import (
    kept_room,
    leave_direct,
    open_to_read,
    open_to_write,
    read_bytes,
    whole_blocks,
    write_blocks,
)
from causal_service.panel.key_codes import EntityCodes, PeriodCodes

__all__ = [
    "FIRST_COLUMN",
    "DamagedFile",
    "Partition",
    "PartitionRows",
    "SpillPlan",
    "SpilledUnit",
    "Unit",
    "partition_of",
    "partitions_of",
    "read_partition",
    "spill",
]

GROUPED_BYTES = 16 << 20
"""Memory for rows that are grouped at a time, as float32: the rows of a partition are as many stretches of the file,
and reading a stretch costs more than what is in it unless it is long."""
SHORT_STRETCH = 32 << 10
"""Bytes of a partition's rows in a piece, on average, below which the file goes through the page cache."""
_FEWEST_GROUPED = 1024
"""Rows grouped at a time, whatever memory they take."""
DECODED_BYTES = 32 << 20
"""Memory for the cells of decoded rows: a row group that fits is decoded at once, which costs least."""
_FEWEST_DECODED = 1024
"""Rows decoded at once, whatever memory they take."""
FIRST_COLUMN = 3
"""Position of the first value in a row on disk, behind the key and the period."""
_EXACT: np.dtype[Any] = np.dtype(np.float64)
_ROUNDED: np.dtype[Any] = np.dtype(np.float32)
_Rows = tuple[NDArray[np.int32], NDArray[np.int32], Any]
_LEAST = float(np.finfo(np.float32).tiny)
"""Smallest weight that float32 holds in full."""


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
    exact: int
    """How many of them, the first ones, hold float64."""
    folder: str
    """Where the files of grouped rows are written; all workers must see it."""


@dataclass(frozen=True, slots=True, eq=False)
class SpilledUnit:
    """Where the rows of a unit went, and what was seen on the way."""

    path: str
    """File of rows, some rows after the other, these by partition."""
    direct: bool
    """Whether it was written past the page cache."""
    spans: NDArray[np.int64]
    """(pieces, partitions, 2) where in the file the rows of every partition begin and end, in bytes."""
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
    """(columns,) infinite cells, and those beyond ``columns.LARGEST``."""
    beyond: int
    """Finite cells that are too large for float32, and weights that are too small."""
    least_weight: float
    """Smallest weight if it is negative, else 0."""
    digests: NDArray[np.uint64]
    """(periods, 2) sums of the hashes of all rows by period code; at least one row."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Where the rows of one partition are."""

    pieces: tuple[tuple[str, bool, NDArray[np.int64], NDArray[np.int64]], ...]
    """Per unit: file, whether it was written past the page cache, (pieces, 2) where the rows begin and end, calendar
    place of every period code."""
    width: int
    """Numbers per row in the file."""
    exact: bool
    """Whether they are float64, not float32."""


@dataclass(frozen=True, slots=True, eq=False)
class PartitionRows:
    """The rows of one partition."""

    key: NDArray[np.uint64]
    """(n,) hash of the entity."""
    time: NDArray[np.int64]
    """(n,) calendar period."""
    rows: NDArray[Any]
    """(n, FIRST_COLUMN + columns) the rows as they stand in the file, values from FIRST_COLUMN on; NaN = missing."""
    cells: NDArray[Any]
    """The rows one after the other, and ``LANES`` more numbers."""


class DamagedFile(Exception):
    """A file whose cells cannot be decoded, by its path alone, so that it can travel between processes."""


def spill(plan: SpillPlan, unit: Unit) -> SpilledUnit:
    """Group the rows of one unit by partition and write them.

    Raises
    ------
    DamagedFile : with the path of the unit.
    OSError : the file cannot be opened, or the rows cannot be written.
    """
    import pyarrow as pa  # type: ignore[import-untyped]

    entities, periods = EntityCodes(), PeriodCodes()
    counts = np.zeros((len(plan.columns), 3), np.int64)
    who: list[NDArray[np.int32]] = []
    when: list[NDArray[np.int32]] = []
    least, beyond = 0.0, 0
    name = hashlib.sha256(f"{unit.path}\0{unit.row_groups}".encode()).hexdigest()[:24]
    final = Path(plan.folder) / f"{name}.rows"
    partial = final.with_suffix(f".{os.getpid()}")
    digests, words = np.zeros((1, 2), np.uint64), digest_words(len(plan.columns))
    target = open_to_write(partial)
    try:
        grouped = _Grouped(target, plan)
        for row_who, row_when, rows in _undamaged(unit, _decoded(unit, plan, entities, periods)):
            who.append(row_who)
            when.append(row_when)
            keys, cells = entities.keys, _Cells.of(rows, plan.columns)
            counts[:, 0] += cells.missing
            grouped.add(keys.take(row_who), row_when, cells, counts)
            if digests.shape[0] < len(periods.cells):
                digests = np.concatenate([digests, np.zeros((len(periods.cells) - digests.shape[0], 2), np.uint64)])
            add_rows(keys, row_who, row_when, *cells.where, words, digests)
            if plan.weighted:
                weights = cells.columns[-1].to_numpy(zero_copy_only=False)
                least = min(least, float(np.nanmin(weights, initial=0.0)))
                beyond += int(np.count_nonzero((weights != 0) & (np.abs(weights) < _LEAST)))
            del rows, cells  # their memory is that of the next ones
    finally:
        os.close(target)
    partial.replace(final)
    pa.default_memory_pool().release_unused()
    return SpilledUnit(
        str(final),
        grouped.direct,
        grouped.spans,
        entities.labels,
        entities.keys[:-1],
        periods.cells,
        np.concatenate(who) if who else np.empty(0, np.int32),
        np.concatenate(when) if when else np.empty(0, np.int32),
        counts[:, 0],
        counts[:, 1],
        int(counts[:, 2].sum()) + beyond,
        least,
        digests,
    )


class _Grouped:
    """A file of grouped rows that is being written."""

    def __init__(self, target: int, plan: SpillPlan) -> None:
        width = FIRST_COLUMN + len(plan.columns)
        self._target, self._plan = target, plan
        self._rows = max(_FEWEST_GROUPED, GROUPED_BYTES // (width * _ROUNDED.itemsize))
        shape = self._rows + 1, width
        self._memory = tuple(kept_room(kind.name, math.prod(shape) * kind.itemsize) for kind in (_EXACT, _ROUNDED))
        self._rooms = tuple(
            memory[: math.prod(shape) * kind.itemsize].view(kind).reshape(shape)
            for memory, kind in zip(self._memory, (_EXACT, _ROUNDED), strict=True)
        )
        self._spans: list[NDArray[np.int64]] = []
        self._written = 0
        self.direct = True

    @property
    def spans(self) -> NDArray[np.int64]:
        """(pieces, partitions, 2) where in the file the rows of every partition begin and end, in bytes."""
        return np.stack(self._spans) if self._spans else np.zeros((0, self._plan.partitions, 2), np.int64)

    def add(self, keys: NDArray[np.uint64], when: NDArray[np.int32], cells: _Cells, counts: NDArray[np.int64]) -> None:
        """Write rows with these keys and periods; ``counts`` as in ``scatter_rows``."""
        values, valid, first_bit = cells.where
        if not when.size:
            return
        step = -(-when.size // -(-when.size // self._rows))  # pieces of one size
        if self.direct and step * self._rooms[1].strides[0] < SHORT_STRETCH * self._plan.partitions:
            leave_direct(self._target)
            self.direct = False
        for start in range(0, when.size, step):
            rows = slice(start, start + step)
            place, starts = places_by_partition(keys[rows], self._plan.partitions)
            first = starts[self._plan.exact]
            exact, rounded = self._rooms[0][:first], self._rooms[1][: place.size - first + 1]
            bits = exact.view(np.uint64), rounded.view(np.uint32)
            where = values + 8 * start, valid, first_bit + start
            scatter_rows(keys[rows], when[rows], *where, place, exact, bits[0], rounded, bits[1], LARGEST, counts)
            spans = [self._put(0, starts[: self._plan.exact + 1]), self._put(1, starts[self._plan.exact :])]
            self._spans.append(np.concatenate(spans))

    def _put(self, kind: int, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write the rows of one kind; return (partitions, 2) where those of each begin and end in the file.

        ``starts`` (partitions + 1,) counts rows of both kinds. What is left of the last block is filled with zeros.
        """
        ends = (starts - starts[0]) * self._rooms[kind].strides[0]
        size = int(ends[-1])
        memory = self._memory[kind][: whole_blocks(size)]
        memory[size:] = 0
        write_blocks(self._target, memory, self._written)
        ends += self._written
        self._written += memory.size
        return np.stack([ends[:-1], ends[1:]], axis=1)


def _undamaged(unit: Unit, rows: Iterator[_Rows]) -> Iterator[_Rows]:
    """Yield ``rows``; what their decoding raises because of the content of the file becomes ``DamagedFile``."""
    import pyarrow as pa

    try:
        yield from rows
    except MemoryError:
        raise
    except (pa.ArrowException, UnicodeDecodeError):
        raise DamagedFile(unit.path) from None
    except OSError as error:
        if error.errno is None:  # of arrow, not of the system
            raise DamagedFile(unit.path) from None
        raise


def _decoded(unit: Unit, plan: SpillPlan, entities: EntityCodes, periods: PeriodCodes) -> Iterator[_Rows]:
    """Yield (entity codes, period codes, columns) of some rows, as many as are decoded at once.

    Row group by row group: one reader over several keeps the memory of all. Labels come first, since every batch would
    bring all labels of its row group, and those of all row groups, since what they leave of the memory of cells is too
    short for the next cells. The file is mapped, which saves copying what is still compressed; its pages are
    given back as they are done with.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with open(unit.path, "rb") as content:
        mapped = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
    file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(mapped)), read_dictionary=list(plan.texts))
    size = max(_FEWEST_DECODED, DECODED_BYTES // (8 * max(len(plan.columns), 1)))
    codes = []
    for row_group in unit.row_groups:
        keys = file.read_row_group(row_group, [plan.entity, plan.period], use_threads=False)
        codes.append((_coded(entities, keys.column(plan.entity)), _coded(periods, keys.column(plan.period))))
        del keys
    for row_group, (who, when) in zip(unit.row_groups, codes, strict=True):
        done = 0
        for batch in file.iter_batches(size, row_groups=[row_group], columns=list(plan.columns), use_threads=False):
            rows = slice(done, done + batch.num_rows)
            done += batch.num_rows
            yield who[rows], when[rows], batch
            del batch  # its memory is the next one's
        if hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)


def _coded(codes: EntityCodes | PeriodCodes, column: Any) -> NDArray[np.int32]:
    parts = [codes.of(chunk) for chunk in column.chunks]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int32), *parts])


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Columns of some rows, and where their cells are for as long as this holds them."""

    columns: list[Any]
    where: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    """(columns,) addresses of the cells, of the validity bitmaps or 0, and first bits."""
    missing: NDArray[np.int64]
    """(columns,) cells that are missing by the bitmaps; cells that are NaN do not count."""

    @staticmethod
    def of(rows: Any, names: Sequence[str]) -> _Cells:
        import pyarrow as pa

        columns = rows.select(names).columns
        columns = [c if c.type == pa.float64() else c.cast(pa.float64(), safe=False) for c in columns]
        values, valid, first_bit, missing = np.array([_addresses(c) for c in columns], np.int64).reshape(-1, 4).T.copy()
        return _Cells(columns, (values, valid, first_bit), missing)


def _addresses(part: Any) -> tuple[int, int, int, int]:
    """Return (address of the first cell, of the bitmap or 0, its first bit, missing cells) of an Arrow array."""
    bitmap, data = part.buffers()
    missing = part.null_count
    return data.address + 8 * part.offset, bitmap.address if missing else 0, part.offset, missing


def read_partition(partition: Partition) -> PartitionRows:
    """Read all rows of a partition, in file order. They hold until this thread reads or writes others."""
    kind = _EXACT if partition.exact else _ROUNDED
    width = partition.width * kind.itemsize
    count = sum(int((spans[:, 1] - spans[:, 0]).sum()) for _, _, spans, _ in partition.pieces) // width
    size = (count * partition.width + LANES) * kind.itemsize
    cells = kept_room(kind.name, size)[:size].view(kind)
    rows = cells[:-LANES].reshape(count, partition.width)
    bits, content = rows.view(f"u{kind.itemsize}"), cells.view(np.uint8).data
    key, time = np.empty(count, np.uint64), np.empty(count, np.int64)
    done = 0
    for path, direct, spans, calendar in partition.pieces:
        begin, at = done, done * width
        number = open_to_read(path, direct=direct)
        try:
            for start, stop in spans[spans[:, 1] > spans[:, 0]].tolist():
                if read_bytes(number, start, stop, content[at : at + stop - start]) < stop - start:
                    raise OSError(f"{path} is shorter than it was when it was written")
                at += stop - start
        finally:
            os.close(number)
        done = at // width
        read_keys(bits, begin, done, calendar, key, time)
    return PartitionRows(key, time, rows, cells)


def partition_of(key: int, partitions: int) -> int:
    """Return the partition of an entity, as ``places_by_partition`` has it."""
    return (key >> 32) * partitions >> 32


def partitions_of(
    units: Sequence[SpilledUnit], calendar: Mapping[object, int], plan: SpillPlan
) -> tuple[Partition, ...]:
    """Return the partitions of spilled units; ``calendar`` gives the place of every period cell that a row has."""
    places = [np.array([calendar.get(cell, 0) for cell in unit.periods], np.int64) for unit in units]
    return tuple(
        Partition(
            tuple(
                (unit.path, unit.direct, unit.spans[:, p], place)
                for unit, place in zip(units, places, strict=True)
                if (unit.spans[:, p, 1] > unit.spans[:, p, 0]).any()
            ),
            FIRST_COLUMN + len(plan.columns),
            p < plan.exact,
        )
        for p in range(plan.partitions)
    )
