"""A panel too large for memory: its rows stay grouped on disk, a sample of its entities stands in for it.

The entities of the sample are those with the smallest hash of their label, so it depends on the content alone and not
on the order of the rows. The sample is an ordinary ``Panel`` and goes through every check; what only all rows can tell
(size, calendar, empty cells) is counted while they are read, and their moments are taken in ``preparation``.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.numerics.fan_out import in_order
from causal_service.numerics.key_table import KeyTable
from causal_service.numerics.scatter import first_places, mark_cells
from causal_service.panel.calendar import Calendar, build_calendar
from causal_service.panel.coverage_checks import FEW_ENTITIES
from causal_service.panel.large_refusals import (
    naming_files,
    refuse_duplicates,
    refuse_empty_keys,
    refuse_infinite,
    refuse_negative_weights,
    refuse_size,
)
from causal_service.panel.panel import Panel
from causal_service.panel.parquet_refusals import few_entities
from causal_service.panel.parquet_table import ParquetTable
from causal_service.panel.spilling import (
    FIRST_COLUMN,
    Partition,
    SpilledUnit,
    SpillPlan,
    Unit,
    partition_of,
    partitions_of,
    read_partition,
    spill,
)

__all__ = ["SAMPLE_ROWS", "LargePanel", "read_large"]

PARTITION_BYTES = 8 << 20
"""Rows of a partition as float32."""
UNIT_ROWS = 1_000_000
"""Rows of neighbouring row groups that one unit of work reads."""
SAMPLE_ROWS = 25_000
"""Rows the sample holds at least, where there are as many."""
SAMPLE_ENTITIES = 200
"""Entities the sample holds at least, where there are as many."""
SAMPLE_CELLS = 20_000_000
"""Most cells (entities x periods x columns) of the sample."""
EXACT_SAMPLES = 6
"""Rows that are kept as float64, in multiples of ``SAMPLE_ROWS``; the sample is taken from them."""
_STRIP = 4096
"""Entities whose cells are put in order at a time."""
FINEST_ROUNDING = 1e-8
"""Most variance that rounding to float32 may have, in proportion to what a column varies within entities."""


@dataclass(frozen=True, slots=True, eq=False)
class LargePanel:
    """All rows of a panel of which only a sample is in memory."""

    entities: tuple[str, ...]
    """Entity labels, sorted, length E."""
    keys: NDArray[np.uint64]
    """(E,) hash of every label."""
    present: NDArray[np.bool_]
    """(E, T) whether the file has a row for this cell."""
    indicators: tuple[str, ...]
    """Keys of the columns of ``partitions``, sorted."""
    missing: NDArray[np.int64]
    """(P,) empty cells of every indicator."""
    weighted: bool
    """Whether the column behind the indicators holds weights."""
    partitions: tuple[Partition, ...]
    """Where the rows are; every entity is in one partition, partitions ascend by key."""
    digest: str
    """SHA-256 of labels, calendar and hashes of all rows, hexadecimal. Cells are hashed as they come, before they are
    rounded to float32; the order of the rows does not count."""
    scratch: tempfile.TemporaryDirectory[str]
    """Folder of the grouped rows; removed by ``close``, or with this object."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.present.sum())

    def close(self) -> None:
        """Remove the grouped rows from disk; moments can no longer be taken."""
        self.scratch.cleanup()

    def empty_share(self, indicators: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of empty cells of the indicators."""
        columns = [self.indicators.index(name) for name in indicators]
        return np.asarray(self.missing[columns] / self.rows)

    def outline(self, panel: Panel) -> Panel:
        """Return ``panel`` (the sample) with all entities and none of the indicators: size and calendar only."""
        shape = (*self.present.shape, 0)
        return Panel(
            entities=self.entities,
            periods=panel.periods,
            indicators=(),
            values=np.empty(shape),
            present=self.present,
            weights=None,
            regime=panel.regime,
            clusters=None,
            frequency=panel.frequency,
            entity_column=panel.entity_column,
            period_column=panel.period_column,
        )


def read_large(table: ParquetTable) -> tuple[Panel, Calendar] | None:
    """Group the rows of a Parquet table by entity on disk; return the sample, with the large panel behind it.

    ``None`` when there are too few entities to be resampled one by one: such a file is read into memory.

    Raises
    ------
    DataError : empty keys, unreadable periods, an entity-period pair that stands twice, infinite values, negative
        weights, more cells than can be counted, or a folder with too few entities.
    UnreadableFile : a file is damaged.
    CallError : a file is gone, or the temporary folder is full or cannot be written.
    """
    columns = (*table.indicators.values(), *(() if table.weight is None else (table.weight,)))
    width = 4 * (FIRST_COLUMN + len(columns))
    partitions = max(1, -(-table.rows * width // PARTITION_BYTES))
    exact = min(partitions, -(-int(EXACT_SAMPLES * SAMPLE_ROWS) * width // PARTITION_BYTES))
    plan = SpillPlan(
        table.entity, table.period, table.text_keys, columns, table.weight is not None, partitions, exact, ""
    )
    while True:
        with naming_files(table):
            found = _once(table, plan)
        if not isinstance(found, int):
            return found
        plan = replace(plan, exact=found)


def _once(table: ParquetTable, plan: SpillPlan) -> tuple[Panel, Calendar] | int | None:
    """Group the rows in a folder of their own, which goes unless the panel keeps it; return what ``_grouped`` does."""
    scratch = tempfile.TemporaryDirectory(prefix="causal-service-")
    found: tuple[Panel, Calendar] | int | None = None
    try:
        found = _grouped(table, replace(plan, folder=scratch.name), scratch)
    finally:
        if not isinstance(found, tuple):
            scratch.cleanup()
    return found


def _grouped(
    table: ParquetTable, plan: SpillPlan, scratch: tempfile.TemporaryDirectory[str]
) -> tuple[Panel, Calendar] | int | None:
    """Return what ``read_large`` does, or how many partitions have to be float64."""
    seen = _Seen(table)
    units = [seen.noted(unit) for unit in in_order(spill, plan, _units(table))]
    calendar = build_calendar(
        pd.Series(list(seen.periods), dtype=object), seen.first_rows(), table.period, table.row_word
    )
    labels, order = seen.sorted_labels()
    if len(labels) < FEW_ENTITIES:
        if table.folder:
            raise few_entities(table.name, len(labels), FEW_ENTITIES)
        return None
    refuse_infinite(table, units)
    refuse_negative_weights(table, units)
    present = seen.present(order, calendar)
    if plan.exact < plan.partitions and any(unit.beyond for unit in units):
        return plan.partitions
    missing = np.sum([unit.missing for unit in units], axis=0)
    places = dict(zip(seen.periods, calendar.index.tolist(), strict=True))
    large = LargePanel(
        entities=tuple(labels),
        keys=seen.entities.keys[order],
        present=present,
        indicators=tuple(table.indicators),
        missing=missing[: len(table.indicators)],
        weighted=table.weight is not None,
        partitions=partitions_of(units, places, plan),
        digest=_digest(labels, calendar, table, present, units, places),
        scratch=scratch,
    )
    sample = _sample(large, calendar, table)
    return sample if isinstance(sample, int) else (sample, calendar)


def _digest(
    labels: Sequence[str],
    calendar: Calendar,
    table: ParquetTable,
    present: NDArray[np.bool_],
    units: Sequence[SpilledUnit],
    places: Mapping[object, int],
) -> str:
    """Return the SHA-256 of what the panel holds, whatever the files, their encoding and the order of their rows."""
    known = [calendar.frequency, labels, calendar.labels, list(table.indicators), table.weight is not None]
    sums = np.zeros((len(calendar.labels), 2), np.uint64)
    for unit in units:
        for cell, digest in zip(unit.periods, unit.digests, strict=False):
            sums[places.get(cell, 0)] += digest
    digest = hashlib.sha256(json.dumps(known, ensure_ascii=True).encode())
    digest.update(np.packbits(present).tobytes())
    digest.update(sums.astype("<u8").tobytes())
    return digest.hexdigest()


def _units(table: ParquetTable) -> list[Unit]:
    units: list[Unit] = []
    for path, sizes in table.row_groups.items():
        groups: list[int] = []
        for group, size in enumerate(sizes):
            groups.append(group)
            if sum(sizes[g] for g in groups) + size > UNIT_ROWS or group == len(sizes) - 1:
                units.append(Unit(path, tuple(groups)))
                groups = []
    return units


class _Seen:
    """Entities, periods and cells met so far, in order of appearance."""

    def __init__(self, table: ParquetTable) -> None:
        self.entities = KeyTable()
        self._labels: list[str] = []
        self.periods: dict[object, int] = {}
        self._firsts: list[int] = []
        self._cells = np.zeros((1024, 8), np.uint8)  # a bit for every period
        self._rows = 0
        self._table = table

    def noted(self, unit: SpilledUnit) -> SpilledUnit:
        """Take over what a unit has seen; return the unit without its row codes."""
        refuse_empty_keys(self._table, unit, self._rows)
        who, new = self.entities.codes(unit.keys)
        self._labels += unit.entities.take(new).to_pylist()
        firsts = first_places(unit.row_period, len(unit.periods))
        when = np.zeros(len(unit.periods), np.int64)
        for code in np.argsort(firsts, kind="stable").tolist():
            cell, first = unit.periods[code], int(firsts[code])
            if first < 0:
                continue  # a categorical column names cells that no row has
            if cell not in self.periods:
                self.periods[cell] = len(self.periods)
                self._firsts.append(self._rows + 1 + first)
            when[code] = self.periods[cell]
        self._grow()
        mark_cells(self._cells, who, unit.row_entity, when, unit.row_period)
        self._rows += unit.row_entity.size
        nothing = np.empty(0, np.int32)
        return replace(unit, entities=None, keys=unit.keys[:0], row_entity=nothing, row_period=nothing)

    def first_rows(self) -> NDArray[np.int64]:
        """Row (from 1) of the first appearance of every period cell."""
        return np.array(self._firsts, np.int64)

    def sorted_labels(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return (entity labels, sorted; the code (E,) of each)."""
        order = sorted(range(len(self._labels)), key=self._labels.__getitem__)
        return [self._labels[code] for code in order], np.array(order, np.int64)

    def present(self, order: NDArray[np.int64], calendar: Calendar) -> NDArray[np.bool_]:
        """Return (E, T) of the cells met, entities in ``order``, periods by the calendar."""
        out = np.zeros((order.size, len(calendar.labels)), np.bool_)
        for start in range(0, order.size, _STRIP):
            rows = slice(start, start + _STRIP)
            cells = np.unpackbits(self._cells.take(order[rows], axis=0), axis=1, bitorder="little")
            for code, place in enumerate(calendar.index):
                out[rows, place] |= cells[:, code] > 0
        if int(out.sum()) != self._rows:
            refuse_duplicates(self._table, self._rows - int(out.sum()))
        return out

    def _grow(self) -> None:
        refuse_size(self._table, len(self._labels), len(self.periods))
        wanted = [
            max(have, 2 * need if need > have else have)
            for have, need in zip(self._cells.shape, (len(self._labels), -(-len(self.periods) // 8)), strict=True)
        ]
        if tuple(wanted) != self._cells.shape:
            cells = np.zeros(wanted, np.uint8)
            cells[: self._cells.shape[0], : self._cells.shape[1]] = self._cells
            self._cells = cells


def _sample(large: LargePanel, calendar: Calendar, table: ParquetTable) -> Panel | int:
    """Return the entities with the smallest keys as a panel, or how many partitions have to be float64."""
    by_key = np.argsort(large.keys, kind="stable")
    rows = np.cumsum(large.present.sum(axis=1)[by_key])
    count = min(
        len(by_key),
        max(int(np.searchsorted(rows, SAMPLE_ROWS)) + 1, SAMPLE_ENTITIES),
        max(SAMPLE_CELLS // (len(calendar.labels) * len(large.indicators)), SAMPLE_ENTITIES),
    )
    members = np.sort(by_key[:count])
    place = {int(large.keys[m]): i for i, m in enumerate(members)}
    highest = large.keys[by_key[count - 1]]
    wanted = partition_of(int(highest), len(large.partitions)) + 1
    if not all(partition.exact for partition in large.partitions[:wanted]):
        return wanted
    shape = (count, len(calendar.labels))
    values = np.full((*shape, len(large.indicators)), np.nan)
    weights = np.zeros(shape) if large.weighted else None
    for partition in large.partitions[:wanted]:
        found = read_partition(partition)
        inside = found.key <= highest
        if inside.any():
            who = np.array([place[int(key)] for key in found.key[inside]], np.int64)
            values[who, found.time[inside]] = found.rows[inside, FIRST_COLUMN : FIRST_COLUMN + len(large.indicators)]
            if weights is not None:
                weights[who, found.time[inside]] = np.nan_to_num(found.rows[inside, -1])
    if not all(partition.exact for partition in large.partitions) and _rounding_tells(values):
        return len(large.partitions)
    return Panel(
        entities=tuple(large.entities[m] for m in members),
        periods=calendar.labels,
        indicators=large.indicators,
        values=values,
        present=large.present[members],
        weights=weights,
        regime="panel",
        clusters=None,
        frequency=calendar.frequency,
        entity_column=table.entity,
        period_column=table.period,
        behind=large,
    )


def _rounding_tells(values: NDArray[np.float64]) -> bool:
    """Whether float32 is too coarse for a column of (E, T, P) beside what it varies within entities."""
    seen = ~np.isnan(values)
    known = np.where(seen, values, 0.0)
    with np.errstate(over="ignore"):
        rounding = ((known - known.astype(np.float32)) ** 2).sum(axis=(0, 1))
    level = known.sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)
    within = np.where(seen, (known - level) ** 2, 0.0).sum(axis=(0, 1))
    moves = within > 1e-24 * (known**2).sum(axis=(0, 1))  # else it is constant within entities
    return bool((rounding > FINEST_ROUNDING * within)[moves].any())
