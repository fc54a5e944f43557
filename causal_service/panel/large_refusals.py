"""What a large Parquet table is refused for; the same codes as for a table in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.columns import LARGEST
from causal_service.panel.labels import listed
from causal_service.panel.parquet_parts import cannot_open
from causal_service.panel.parquet_refusals import damaged_parquet
from causal_service.panel.parquet_table import ParquetTable
from causal_service.panel.spilling import FIRST_COLUMN, DamagedFile, SpilledUnit

__all__ = [
    "naming_files",
    "refuse_duplicates",
    "refuse_empty_keys",
    "refuse_infinite",
    "refuse_negative_weights",
    "refuse_size",
]

MAX_PLACES = 2_000_000_000
"""Most entity-period places that are counted (2 GB)."""


@contextmanager
def naming_files(table: ParquetTable) -> Iterator[None]:
    """Say which file is at fault when the files of ``table``, or those of its grouped rows, fail.

    Raises
    ------
    UnreadableFile : ``damaged-parquet``.
    CallError : ``cannot-open``, a file of the table is gone; ``cannot-write``, the temporary folder is full or missing.
    """
    try:
        yield
    except DamagedFile as error:
        raise damaged_parquet(table.name, Path(str(error)).name) from None
    except OSError as error:
        if error.errno is None or isinstance(error, (ConnectionError, TimeoutError)):
            raise
        if str(error.filename) in table.row_groups:
            raise cannot_open(Path(str(error.filename)), error) from None
        raise _cannot_write(table, error) from None


def _cannot_write(table: ParquetTable, error: OSError) -> CallError:
    try:
        folder = tempfile.gettempdir()
    except OSError:  # there is none
        folder = os.environ.get("TMPDIR", os.sep + "tmp")
    columns = FIRST_COLUMN + len(table.indicators) + (table.weight is not None)
    size = f"{max(8 * columns * table.rows / 1e9, 0.1):,.1f} GB"
    return CallError(
        "cannot-write",
        Text(
            f"“{table.name}”的数据行无法写入临时文件夹“{folder}”：{error.strerror}。",
            f"The rows of {table.name!r} cannot be written to the temporary folder {folder!r}: {error.strerror}.",
        ),
        Text(
            f"请在其中腾出空间（最多需要 {size}），或将环境变量 TMPDIR 设为有空间且可写的文件夹。",
            f"Make room there (up to {size} are needed), or set the environment variable TMPDIR to a folder that has "
            "room and can be written to.",
        ),
        {"folder": folder, "reason": error.strerror or ""},
    )


def refuse_empty_keys(table: ParquetTable, unit: SpilledUnit, before: int) -> None:
    """Refuse rows without entity or period; ``before`` rows stand in front of the unit."""
    for codes, column, code, zh in (
        (unit.row_entity, table.entity, "missing-entity", "实体列"),
        (unit.row_period, table.period, "missing-period", "时间列"),
    ):
        empty = np.flatnonzero(codes < 0)
        if empty.size:
            where = (empty + before + 1).tolist()
            en = "Entity" if code == "missing-entity" else "Period"
            raise DataError(
                code,
                Text(
                    f"{zh}“{column}”有 {empty.size} 行为空（第 {listed(where)} 行）。",
                    f"{en} column {column!r} is empty in {empty.size} rows (row {listed(where)}).",
                ),
                Text("请补全或删除这些行。", "Fill in or delete these rows."),
                {"column": column, "rows": where[:5], "count": int(empty.size)},
            )


def refuse_infinite(table: ParquetTable, units: Sequence[SpilledUnit]) -> None:
    """Refuse infinite values, and those too large to be computed with."""
    count = np.sum([unit.infinite for unit in units], axis=0)
    headers = [*table.indicators.values(), *(() if table.weight is None else (table.weight,))]
    for header, cells in zip(headers, count.tolist(), strict=True):
        if cells:
            raise DataError(
                "infinite-values",
                Text(
                    f"“{table.name}”的列“{header}”有 {cells} 个无穷大或绝对值超过 {LARGEST:g} 的值。",
                    f"{table.name!r}: column {header!r} holds {cells} values that are infinite or beyond {LARGEST:g}.",
                ),
                Text(
                    "请改正或清空这些单元格（常见原因是除以零）。",
                    "Correct or empty these cells (usually a division by zero).",
                ),
                {"file": table.name, "column": header, "count": cells},
            )


def refuse_negative_weights(table: ParquetTable, units: Sequence[SpilledUnit]) -> None:
    """Refuse weights below zero."""
    least = min(unit.least_weight for unit in units)
    if table.weight is not None and least < 0:
        raise DataError(
            "negative-weights",
            Text(
                f"权重列“{table.weight}”有负值，最小为 {least:g}。",
                f"Weight column {table.weight!r} holds negative values, the smallest is {least:g}.",
            ),
            Text("权重应为每行背后的观测数，不小于零。", "Weights are numbers of observations: zero or more."),
            {"column": table.weight, "least": least},
        )


def refuse_duplicates(table: ParquetTable, count: int) -> None:
    """Refuse a table in which ``count`` rows repeat an entity and period."""
    raise DataError(
        "duplicate-keys",
        Text(
            f"“{table.name}”中有 {count} 行与另一行的实体和时间相同。",
            f"In {table.name!r} {count} rows repeat the entity and period of another row.",
        ),
        Text(
            "请保留其中一行，或先汇总到每个实体每期一行。",
            "Keep one of the rows, or aggregate to one row per entity and period.",
        ),
        {"file": table.name, "count": count},
    )


def refuse_size(table: ParquetTable, entities: int, periods: int) -> None:
    """Refuse more entity-period places than can be counted."""
    if entities * periods > MAX_PLACES:
        raise DataError(
            "too-large",
            Text(
                f"“{table.name}”有 {entities:,} 个实体 × {periods:,} 期，过大。",
                f"{table.name!r} is too large: {entities:,} entities x {periods:,} periods.",
            ),
            Text("请使用更粗的实体或周期。", "Use coarser entities or periods."),
            {"entities": entities, "periods": periods, "limit": MAX_PLACES},
        )
