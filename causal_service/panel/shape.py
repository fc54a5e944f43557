"""Long, wide, or wide by period: every table becomes one row per entity and period, one column per indicator."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from causal_service.errors import CallError, DataError, Text, UnknownName, nearest
from causal_service.panel.calendar import are_periods
from causal_service.panel.labels import fold, listed, nearest_text
from causal_service.panel.tables import MAX_INDICATORS, RawTable

__all__ = ["INDICATOR_NAMES", "PERIOD", "column_named", "to_wide"]

PERIOD = "period"
"""Header given to the period column of a table whose periods stood in its header."""

INDICATOR_NAMES = ("indicator", "indicators", "variable", "metric", "kpi", "指标", "指标名称", "变量")
_VALUE_NAMES = ("value", "values", "值", "数值", "指标值")


def column_named(table: RawTable, name: str, role: Text) -> str:
    """Return the header of ``table`` that ``name`` means (spacing, width and case do not matter).

    Raises
    ------
    UnknownName : there is none; the nearest headers are offered.
    """
    headers = [str(header) for header in table.frame.columns]
    hits = [header for header in headers if header == name] or [h for h in headers if fold(h) == fold(name)]
    if hits:
        return hits[0]
    raise UnknownName(
        "unknown-column",
        Text(
            f"“{table.name}”中没有{role.zh}“{name}”。",
            f"{table.name!r} has no {role.en} {name!r}.",
        ),
        nearest_text(name, headers),
        {"file": table.name, "column": name, "nearest": list(nearest(name, headers))},
    )


def to_wide(
    table: RawTable, entity: str | None, period: str | None, segment: str | None = None
) -> tuple[RawTable, str | None]:
    """Return ``table`` with one column per indicator, and the header of its period column (``None`` without one).

    A table is *long* when it has an indicator-name column and a value column; *wide by period* when it has an
    indicator-name column and all its other columns are periods; otherwise it is wide already. The ``segment`` column
    of the table, if any, stays as it is.
    """
    headers = [str(header) for header in table.frame.columns]
    names = _first(headers, INDICATOR_NAMES)
    values = _first(headers, _VALUE_NAMES)
    others = [header for header in headers if header not in (entity, names, segment)]
    if names is not None and period not in headers and len(others) >= 2 and are_periods(others):
        return _from_periods(table, entity, names, others, segment), PERIOD
    if names is not None and values is not None and set(headers) <= {entity, period, names, values, segment}:
        return _from_long(table, entity, period, names, values, segment), period
    if period is None and entity is not None and names is None and len(others) >= 4 and are_periods(others):
        raise CallError(
            "periods-as-columns",
            Text(
                f"“{table.name}”的列名是时间，但没有指标名列。",
                f"The columns of {table.name!r} are periods, but no column names the indicator.",
            ),
            Text("请增加一列 indicator 写明指标名。", "Add a column `indicator` that names the indicator."),
            {"file": table.name},
        )
    return table, period


def _first(headers: list[str], known: tuple[str, ...]) -> str | None:
    return next((header for header in headers if fold(header) in known), None)


def _from_periods(table: RawTable, entity: str | None, names: str, periods: list[str], segment: str | None) -> RawTable:
    keys = [column for column in (entity, names, segment) if column is not None]
    source = table.frame.assign(**{"\0line": table.lines})
    melted = source.melt(id_vars=[*keys, "\0line"], value_vars=periods, var_name=PERIOD, value_name="value")
    lines = melted.pop("\0line").to_numpy(dtype=np.int64)
    return _from_long(replace(table, frame=melted, lines=lines), entity, PERIOD, names, "value", segment)


def _from_long(
    table: RawTable, entity: str | None, period: str | None, names: str, values: str, segment: str | None
) -> RawTable:
    """Pivot; a cell that stands twice is refused, because which of the two is right cannot be known."""
    frame = table.frame
    keys = [column for column in (entity, period) if column is not None]
    labels = frame[names].astype(str).str.strip()
    _refuse_nameless(table, names)
    if labels.nunique() > MAX_INDICATORS:
        raise DataError(
            "too-many-columns",
            Text(
                f"“{table.name}”有 {labels.nunique():,} 个指标，最多支持 {MAX_INDICATORS} 个。",
                f"{table.name!r} has {labels.nunique():,} indicators; at most {MAX_INDICATORS} are supported.",
            ),
            Text("请只保留要研究的指标。", "Keep only the indicators to be studied."),
            {"file": table.name, "columns": int(labels.nunique()), "limit": MAX_INDICATORS},
        )
    if not keys:
        raise CallError(
            "long-without-keys",
            Text(
                f"“{table.name}”是长表，但没有给出实体列或时间列。",
                f"{table.name!r} is a long table, but no entity or period column was named.",
            ),
            Text("请用 --entity 和 --period 指明。", "Name them with --entity and --period."),
            {"file": table.name},
        )
    tidy = frame[keys].astype(object).where(frame[keys].notna(), "").astype(str).assign(name=labels)
    twice = tidy.duplicated(keep=False).to_numpy()
    if twice.any():
        raise _duplicate_cells(table, tidy.loc[twice], np.flatnonzero(twice))
    groups = tidy.groupby(keys, sort=False).ngroup().to_numpy()
    first = pd.Series(groups).drop_duplicates().index.to_numpy()
    wide = frame.loc[first, [*keys, *([] if segment is None else [segment])]].reset_index(drop=True)
    for label in dict.fromkeys(labels):
        rows = np.flatnonzero((labels == label).to_numpy())
        column = np.full(len(first), None, dtype=object)
        column[groups[rows]] = frame[values].to_numpy(dtype=object)[rows]
        wide[label] = column
    return replace(table, frame=wide, lines=table.lines[first])


def _refuse_nameless(table: RawTable, names: str) -> None:
    missing = table.frame[names].isna().to_numpy()
    if missing.any():
        rows = table.lines[missing]
        raise DataError(
            "missing-indicator-name",
            Text(
                f"“{table.name}”有 {rows.size} 行没有指标名（第 {listed(rows)} 行）。",
                f"{table.name!r} has {rows.size} rows without an indicator name ({table.row_word.en} {listed(rows)}).",
            ),
            Text("请补全或删除这些行。", "Fill in or delete these rows."),
            {"file": table.name, "rows": rows[:5].tolist(), "count": int(rows.size)},
        )


def _duplicate_cells(table: RawTable, cells: pd.DataFrame, rows: np.ndarray) -> DataError:
    shown = listed(dict.fromkeys("/".join(row) for row in cells.itertuples(index=False)))
    where = listed(table.lines[rows])
    return DataError(
        "duplicate-keys",
        Text(
            f"“{table.name}”中同一实体、时间和指标出现多次：{shown}（第 {where} 行）。",
            f"{table.name!r} holds one cell more than once: {shown} ({table.row_word.en} {where}).",
        ),
        Text("请保留其中一行，或先汇总。", "Keep one of the rows, or aggregate first."),
        {"file": table.name, "rows": table.lines[rows][:5].tolist(), "count": len(rows)},
    )
