"""From cells to indicator columns: keys of the dictionary, numbers or a refusal that shows the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding, ParamValue
from causal_service.panel.labels import display_names, fold, listed
from causal_service.panel.numbers import ParsedColumn, parse_column
from causal_service.panel.statements import about_indicators, about_panel
from causal_service.panel.tables import RawTable

__all__ = ["NumericColumns", "form_findings", "keys_of", "numeric_columns"]


@dataclass(frozen=True, slots=True)
class NumericColumns:
    """The indicator columns of one table."""

    parsed: dict[str, ParsedColumn]
    """Numbers by indicator key."""
    renamed: dict[str, str]
    """Header by key where they differ."""
    set_aside: tuple[str, ...]
    """Headers of text columns that are no indicators."""


def keys_of(table: RawTable, headers: Sequence[str], dictionary: Dictionary) -> dict[str, str]:
    """Return the key of every header: the key itself, else the key whose zh or en name it is, else the header.

    Raises
    ------
    DataError : two columns mean the same indicator.
    CallError : a header is the display name of several indicators.
    """
    known = display_names(dictionary)
    keys = {header: _key(header, known, dictionary) for header in headers}
    owners: dict[str, str] = {}
    for header, key in keys.items():
        if key in owners:
            raise DataError(
                "duplicate-columns",
                Text(
                    f"“{table.name}”的列“{owners[key]}”和“{header}”是同一个指标“{key}”。",
                    f"Columns {owners[key]!r} and {header!r} of {table.name!r} are the same indicator {key!r}.",
                ),
                Text("请只保留其中一列。", "Keep only one of them."),
                {"file": table.name, "columns": [owners[key], header], "indicator": key},
            )
        owners[key] = header
    return keys


def _key(header: str, known: Mapping[str, tuple[str, ...]], dictionary: Dictionary) -> str:
    if header in dictionary.indicators:
        return header
    candidates = known.get(fold(header), ())
    if len(candidates) > 1:
        raise CallError(
            "ambiguous-name",
            Text(
                f"列名“{header}”对应多个指标：{'、'.join(candidates)}。",
                f"Column {header!r} is the name of several indicators: {', '.join(candidates)}.",
            ),
            Text("请把列名改为指标的键名。", "Rename the column to the key of the indicator."),
            {"name": header, "candidates": list(candidates)},
        )
    return candidates[0] if candidates else header


def numeric_columns(
    table: RawTable, headers: Sequence[str], dictionary: Dictionary, keep: Sequence[str]
) -> NumericColumns:
    """Read ``headers`` as numbers.

    Text columns outside the dictionary (a region label) are set aside; ``keep`` names columns that may not be.

    Raises
    ------
    DataError : text in a numeric column, or infinite values; column, rows and values are shown.
    """
    keys = keys_of(table, headers, dictionary)
    parsed: dict[str, ParsedColumn] = {}
    aside: list[str] = []
    for header, key in keys.items():
        cells = table.frame[header]
        if _is_time(cells) and key not in dictionary.indicators and header not in keep:
            aside.append(header)
            continue
        column = parse_column(cells)
        readable = column.filled - column.bad.size
        if column.bad.size and readable == 0 and key not in dictionary.indicators and header not in keep:
            aside.append(header)
            continue
        if column.bad.size:
            raise _rows_error("text-in-numbers", table, header, column.bad)
        infinite = np.flatnonzero(np.isinf(column.values))
        if infinite.size:
            raise _rows_error("infinite-values", table, header, infinite)
        parsed[key] = column
    return NumericColumns(parsed, {key: header for header, key in keys.items() if key != header}, tuple(aside))


def _is_time(cells: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.infer_dtype(cells, skipna=True) in (
        "datetime",
        "date",
        "timedelta",
    )


def _rows_error(code: str, table: RawTable, header: str, rows: NDArray[np.intp]) -> DataError:
    where = listed(table.lines[rows].tolist())
    shown = listed(dict.fromkeys(repr(str(table.frame[header].iloc[row])) for row in rows[:5]))
    zh, en = {
        "text-in-numbers": (
            "数值列“{0}”有 {1} 个单元格不是数字",
            "numeric column {0!r} holds {1} cells that are no numbers",
        ),
        "infinite-values": ("列“{0}”有 {1} 个无穷大的值", "column {0!r} holds {1} infinite values"),
    }[code]
    remedy = {
        "text-in-numbers": Text(
            "请改正或清空这些单元格；文字列请从文件中删除。",
            "Correct or empty these cells; remove the column if it is a label.",
        ),
        "infinite-values": Text(
            "请改正或清空这些单元格（常见原因是除以零）。", "Correct or empty these cells (usually a division by zero)."
        ),
    }[code]
    return DataError(
        code,
        Text(
            f"“{table.name}”的{zh.format(header, rows.size)}：{shown}（第 {where} 行）。",
            f"{table.name!r}: {en.format(header, rows.size)}: {shown} ({table.row_word.en} {where}).",
        ),
        remedy,
        {"file": table.name, "column": header, "rows": table.lines[rows[:5]].tolist(), "count": int(rows.size)},
    )


def form_findings(columns: Sequence[NumericColumns], dictionary: Dictionary) -> list[Finding]:
    """Say what was understood: percent signs, other number forms, renamed and set-aside columns."""
    parsed = {key: column for part in columns for key, column in part.parsed.items()}
    renamed = {key: header for part in columns for key, header in part.renamed.items()}
    aside = tuple(sorted(header for part in columns for header in part.set_aside))
    findings = [*_percent_findings(parsed, dictionary), *_other_forms(parsed, dictionary)]
    if renamed:
        message = Text(
            "列名已按指标字典对应到键名：{names}。", "Columns were matched to the dictionary by display name: {names}."
        )
        params: dict[str, ParamValue] = {"headers": tuple(renamed[key] for key in sorted(renamed))}
        findings.append(
            about_indicators("renamed-columns", "pass", sorted(renamed), dictionary, message=message, params=params)
        )
    if aside:
        message = Text(
            f"文字列未作为指标使用：{'、'.join(aside)}。",
            f"Text columns were set aside, they are no indicators: {', '.join(aside)}.",
        )
        remedy = Text("若其中有指标，请改为数值。", "If one of them is an indicator, give it as numbers.")
        findings.append(
            about_panel("text-columns", "review", message=message, remedy=remedy, params={"columns": aside})
        )
    return findings


def _percent_findings(parsed: Mapping[str, ParsedColumn], dictionary: Dictionary) -> list[Finding]:
    percent = sorted(key for key, column in parsed.items() if column.percent_cells)
    mixed = [key for key in percent if parsed[key].percent_cells < parsed[key].filled]
    whole = [key for key in percent if key not in mixed]
    findings = []
    if mixed:
        message = Text(
            "只有部分单元格带百分号，其余按原值读取，单位可能不一致：{names}。",
            "Only some cells carry a percent sign, the others were read as they stand; the units may differ: {names}.",
        )
        remedy = Text("请统一写法（都写 12.5% 或都写 12.5）。", "Write all cells in one form (all 12.5% or all 12.5).")
        params: dict[str, ParamValue] = {"percent_cells": tuple(float(parsed[key].percent_cells) for key in mixed)}
        findings.append(
            about_indicators(
                "mixed-percent", "review", mixed, dictionary, message=message, remedy=remedy, params=params
            )
        )
    if whole:
        message = Text(
            "带百分号的数值按百分点读取（12.5% 读作 12.5）：{names}。",
            "Percent signs were read as percentage points (12.5% is 12.5): {names}.",
        )
        findings.append(about_indicators("percent-signs", "pass", whole, dictionary, message=message))
    return findings


def _other_forms(parsed: Mapping[str, ParsedColumn], dictionary: Dictionary) -> list[Finding]:
    keys = sorted(key for key, column in parsed.items() if column.forms - {"percent"})
    if not keys:
        return []
    forms = tuple(sorted(set().union(*(parsed[key].forms for key in keys)) - {"percent"}))
    message = Text(
        "已识别千分位、货币符号、括号负数、全角或真假写法：{names}。",
        "Thousands separators, currency signs, brackets, full-width or true/false forms were understood: {names}.",
    )
    return [about_indicators("number-forms", "pass", keys, dictionary, message=message, params={"forms": forms})]
