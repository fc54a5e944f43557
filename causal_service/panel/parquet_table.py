"""A Parquet table seen from outside: which columns it has and how long it is, before any cell is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from causal_service.errors import DataError, Text
from causal_service.panel.calendar import are_periods
from causal_service.panel.columns import NumericColumns, keys_of
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import fold
from causal_service.panel.numbers import ParsedColumn
from causal_service.panel.parquet_kinds import KEYS, NULL, NUMBER, TEXT
from causal_service.panel.parquet_parts import Part, common_kinds, part_of, parts_of_folder
from causal_service.panel.parquet_refusals import (
    key_kind,
    long_in_pieces,
    no_indicators,
    no_rows,
    refuse_memory,
    text_in_numbers,
)
from causal_service.panel.shape import INDICATOR_NAMES, column_named
from causal_service.panel.tables import RawTable, headers_of

__all__ = ["LARGE_CELLS", "ParquetTable", "large_table"]

LARGE_CELLS = 20_000_000
"""Cells (rows x columns) from which a Parquet table is read in pieces (160 MB as float64)."""


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
    folder: bool
    """Whether it is a folder of files, which nothing else can read."""

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

    A single file that cannot is left to the reader in memory. A folder has no other reader, so it is refused here.

    Parameters
    ----------
    source : a file, or a folder of Parquet files with the same columns, in any order.
    stream : ``True`` reads any such table in pieces, ``None`` those with at least ``LARGE_CELLS`` cells and folders.

    Raises
    ------
    UnknownName : entity, period or weight is no column.
    CallError : a folder with ``stream=False``, or without an entity or period column named; a part may not be opened;
        a header is the name of several indicators.
    DataError : a declared indicator or the weight holds text; two columns of one name or meaning. Of a folder also:
        no files, or files in sub-folders only; a part is damaged; parts differ in columns or in what a column holds;
        no rows, a long table, keys of a type that is not understood, or no numeric indicator.
    UnreadableFile : too many columns, or a damaged part.
    """
    folder = source.is_dir()
    parts = parts_of_folder(source) if folder else _single(source, entity, period, stream)
    if not parts:
        return None  # the reader in memory says what is wrong
    if folder:
        refuse_memory(source.name, entity, period, stream)
    cells = sum(sum(part.row_groups) for part in parts) * len(parts[0].schema.names)
    if entity is None or period is None or (stream is None and not folder and cells < LARGE_CELLS):
        return None
    try:
        columns = _columns(source.name, parts, entity, period, weight, dictionary)
    except _NotInPieces as why:
        if folder:
            raise why.refusal from None
        return None
    text_keys = tuple(columns.raw[name] for name in (columns.entity, columns.period) if columns.kinds[name] == TEXT)
    keys, numeric = columns.keys, columns.numeric
    return ParquetTable(
        name=source.name,
        row_groups={str(part.path): part.row_groups for part in parts},
        entity=columns.raw[columns.entity],
        period=columns.raw[columns.period],
        text_keys=text_keys,
        indicators={keys[header]: columns.raw[header] for header in sorted(numeric, key=keys.__getitem__)},
        weight=None if columns.weight is None else columns.raw[columns.weight],
        columns=NumericColumns(
            {keys[header]: _NO_CELLS for header in numeric},
            {keys[header]: header for header in numeric if keys[header] != header},
            tuple(header for header in keys if header not in numeric),
            {},
        ),
        row_word=_ROW,
        folder=folder,
    )


def _single(file: Path, entity: str | None, period: str | None, stream: bool | None) -> Sequence[Part]:
    """Return the only part of a table in one file; none where that is for the reader in memory."""
    part = None if stream is False or entity is None or period is None else part_of(file)
    return () if part is None else (part,)


class _NotInPieces(Exception):
    """The table is not for reading in pieces, though perhaps for the reader in memory."""

    def __init__(self, refusal: DataError) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class _Columns:
    """Columns of a table by normalised header."""

    raw: Mapping[str, str]
    """Name in the files by header."""
    kinds: Mapping[str, str]
    """Kind of cells by header."""
    entity: str
    """Header of the entity column."""
    period: str
    """Header of the period column."""
    weight: str | None
    """Header of the weight column."""
    keys: Mapping[str, str]
    """Indicator key of all other headers."""
    numeric: tuple[str, ...]
    """Those of them that are indicators; at least one."""


def _columns(
    name: str, parts: Sequence[Part], entity: str, period: str, weight: str | None, dictionary: Dictionary
) -> _Columns:
    if not any(sum(part.row_groups) for part in parts):
        raise _NotInPieces(no_rows(name))
    stored, names = common_kinds(name, parts), parts[0].columns
    raw = dict(zip(headers_of(names, name, []), names, strict=True))
    kinds = {header: stored[column] for header, column in raw.items()}
    if (naming := _naming_column(kinds, entity, period)) is not None:
        raise _NotInPieces(long_in_pieces(name, naming))
    head = RawTable(name, pd.DataFrame(columns=list(raw)), np.empty(0, np.int64), _ROW)
    who = column_named(head, entity, Text("实体列", "entity column"))
    when = column_named(head, period, Text("时间列", "period column"))
    heavy = None if weight is None else column_named(head, weight, Text("权重列", "weight column"))
    for header in (who, when):
        if kinds[header] not in KEYS:
            raise _NotInPieces(key_kind(name, header, kinds[header]))
    keys = keys_of(head, [header for header in raw if header not in (who, when, heavy)], dictionary)
    for header in (*keys, *(() if heavy is None else (heavy,))):
        if kinds[header] not in _NUMBERS and (header == heavy or keys[header] in dictionary.indicators):
            raise text_in_numbers(name, header)
    numeric = tuple(header for header in keys if kinds[header] in _NUMBERS)
    if not numeric:
        raise _NotInPieces(no_indicators(name))
    return _Columns(raw, kinds, who, when, heavy, keys, numeric)


def _naming_column(kinds: Mapping[str, str], entity: str, period: str) -> str | None:
    """Return the column that names the indicators of a table that is long, or wide by period, as ``to_wide`` has it."""
    naming = next((h for h, kind in kinds.items() if fold(h) in INDICATOR_NAMES and kind == TEXT), None)
    others = [header for header in kinds if header != naming and fold(header) not in (fold(entity), fold(period))]
    return naming if len(others) <= 1 or are_periods(others) else None


_ROW = Text("行", "row")
_NO_CELLS = ParsedColumn(np.empty(0), np.empty(0, np.intp), frozenset(), 0, 0)
_NUMBERS = frozenset({NUMBER, NULL})
"""Kinds of indicators; a column without a cell is an empty one."""
