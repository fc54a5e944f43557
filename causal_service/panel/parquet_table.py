"""A Parquet table seen from outside: which columns it has and how long it is, before any cell is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from causal_service.errors import DataError, Text
from causal_service.panel.columns import NumericColumns, keys_of
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import fold
from causal_service.panel.numbers import ParsedColumn
from causal_service.panel.shape import INDICATOR_NAMES, column_named
from causal_service.panel.tables import RawTable, headers_of, parquet_columns

__all__ = ["LARGE_CELLS", "ParquetTable", "large_table"]

LARGE_CELLS = 20_000_000
"""Cells (rows x columns) from which a Parquet table is read in pieces (160 MB as float64)."""
_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """One wide Parquet table with an entity and a period column."""

    name: str
    """File or folder name."""
    row_groups: Mapping[str, tuple[int, ...]]
    """Rows of every row group, by file."""
    entity: str
    """Header of the entity column."""
    period: str
    """Header of the period column."""
    text_keys: tuple[str, ...]
    """Those of the two that hold text."""
    indicators: Mapping[str, str]
    """Header by indicator key, sorted by key."""
    weight: str | None
    """Header of the weight column."""
    columns: NumericColumns
    """What findings about the columns need; without cells."""
    row_word: Text
    """What a row number counts."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(sum(sizes) for sizes in self.row_groups.values())


def large_table(
    source: Path,
    *,
    entity: str | None,
    period: str | None,
    weight: str | None,
    dictionary: Dictionary,
    stream: bool | None,
) -> ParquetTable | None:
    """Return the table if it can and should be read in pieces: wide Parquet with an entity and a period column.

    Parameters
    ----------
    source : a file, or a folder of Parquet files with the same columns.
    stream : ``True`` reads any such table in pieces, ``None`` those with at least ``LARGE_CELLS`` cells.

    Raises
    ------
    UnknownName : entity, period or weight is no column.
    DataError : a declared indicator or the weight holds text.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    files = _parquet_files(source)
    if stream is False or not files or entity is None or period is None:
        return None
    try:
        heads = [pq.ParquetFile(file) for file in files]
    except (pa.ArrowException, OSError):
        return None  # the reader of small tables says what is damaged
    rows = sum(head.metadata.num_rows for head in heads)
    schema = heads[0].schema_arrow
    if rows == 0 or (stream is None and not source.is_dir() and rows * len(schema.names) < LARGE_CELLS):
        return None
    _refuse_other_columns(source, files, heads)
    stored = parquet_columns(heads[0])
    raw = dict(zip(headers_of(stored, source.name, []), stored, strict=True))
    kinds = {header: schema.field(name).type for header, name in raw.items()}
    if any(fold(header) in INDICATOR_NAMES and _is_text(kind) for header, kind in kinds.items()):
        return None  # a long table
    row_word = Text("行", "row")
    head = RawTable(source.name, pd.DataFrame(columns=list(raw)), np.empty(0, np.int64), row_word)
    who = column_named(head, entity, Text("实体列", "entity column"))
    when = column_named(head, period, Text("时间列", "period column"))
    heavy = None if weight is None else column_named(head, weight, Text("权重列", "weight column"))
    keys = keys_of(head, [header for header in raw if header not in (who, when, heavy)], dictionary)
    numeric = [header for header in keys if _is_number(kinds[header])]
    for header in (*keys, *(() if heavy is None else (heavy,))):
        if not _is_number(kinds[header]) and (header == heavy or keys[header] in dictionary.indicators):
            raise _text(source.name, header)
    return ParquetTable(
        name=source.name,
        row_groups={
            str(file): tuple(part.metadata.row_group(g).num_rows for g in range(part.num_row_groups))
            for file, part in zip(files, heads, strict=True)
        },
        entity=raw[who],
        period=raw[when],
        text_keys=tuple(raw[name] for name in (who, when) if _is_text(kinds[name])),
        indicators={keys[header]: raw[header] for header in sorted(numeric, key=keys.__getitem__)},
        weight=None if heavy is None else raw[heavy],
        columns=NumericColumns(
            {keys[header]: _NO_CELLS for header in numeric},
            {keys[header]: header for header in numeric if keys[header] != header},
            tuple(header for header in keys if header not in numeric),
            {},
        ),
        row_word=row_word,
    )


_NO_CELLS = ParsedColumn(np.empty(0), np.empty(0, np.intp), frozenset(), 0, 0)


def _parquet_files(source: Path) -> list[Path]:
    """Return the Parquet files that ``source`` is or holds, by name; none when it is anything else."""
    files = sorted(source.glob("*.parquet")) if source.is_dir() else [source]
    return [file for file in files if file.is_file() and _begins_as_parquet(file)]


def _begins_as_parquet(file: Path) -> bool:
    try:
        with file.open("rb") as content:
            return content.read(4) == _MAGIC
    except OSError:
        return False


def _refuse_other_columns(source: Path, files: list[Path], heads: list[Any]) -> None:
    for file, head in zip(files, heads, strict=True):
        if head.schema_arrow.names != heads[0].schema_arrow.names:
            raise DataError(
                "parts-differ",
                Text(
                    f"“{source.name}”中的 {files[0].name} 与 {file.name} 列不同。",
                    f"In {source.name!r}, {files[0].name} and {file.name} have different columns.",
                ),
                Text("请使各文件的列一致。", "Give all files the same columns."),
                {"files": [files[0].name, file.name]},
            )


def _text(name: str, header: str) -> DataError:
    return DataError(
        "text-in-numbers",
        Text(f"“{name}”的数值列“{header}”保存为文字。", f"{name!r}: numeric column {header!r} is stored as text."),
        Text(
            "请在 Parquet 中以数值类型保存；文字列请从词典中删除。",
            "Store it as numbers in the Parquet file; remove it from the dictionary if it is a label.",
        ),
        {"file": name, "column": header},
    )


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
