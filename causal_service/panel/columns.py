"""From cells to indicator columns: keys of the dictionary, numbers or a refusal that shows the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.dictionary import Dictionary, Indicator
from causal_service.panel.findings import Finding, ParamValue
from causal_service.panel.labels import display_names, fold, listed, noted
from causal_service.panel.numbers import MISSING, ParsedColumn, has_decimal_comma, parse_cell, parse_column
from causal_service.panel.statements import about_indicators, about_panel
from causal_service.panel.tables import RawTable
from causal_service.panel.word_scales import declared_scale, known_scale

__all__ = ["NumericColumns", "form_findings", "keys_of", "numeric_columns"]

_BESIDE_COMMAS = (";", "\t")
"""Separators of files in which a comma may be that of a decimal."""
LARGEST = 1e100
"""Numbers beyond this are no measurements, and their squares no numbers."""
MOST_STATES = 12
"""More distinct words than this are labels, not states."""


@dataclass(frozen=True, slots=True)
class NumericColumns:
    """The indicator columns of one table."""

    parsed: dict[str, ParsedColumn]
    """Numbers by indicator key."""
    renamed: dict[str, str]
    """Header by key where they differ."""
    set_aside: tuple[str, ...]
    """Headers of text columns that are no indicators."""
    states: dict[str, tuple[str, ...]]
    """Words by indicator key where words were read as 0, 1, 2 …, lowest first."""
    doubtful: tuple[str, ...] = ()
    """Keys of indicators whose commas were read as thousands in a file with semicolons or tabs between its fields."""


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

    Words whose order the dictionary declares (``levels``) or everybody knows (no and yes, low to high) become numbers.
    Other text columns outside the dictionary (a region label) are set aside; ``keep`` names columns that may not be.

    Raises
    ------
    DataError : text in a numeric column, or infinite values; column, rows and values are shown.
    """
    keys = keys_of(table, headers, dictionary)
    parsed: dict[str, ParsedColumn] = {}
    states: dict[str, tuple[str, ...]] = {}
    aside: list[str] = []
    for header, key in keys.items():
        cells = table.frame[header]
        if (coded := _states(table, header, dictionary.indicators.get(key))) is not None:
            parsed[key], states[key] = coded
            continue
        if _is_time(cells) and key not in dictionary.indicators and header not in keep:
            aside.append(header)
            continue
        column = parse_column(cells)
        readable = column.filled - column.bad.size
        decimal = _decimal_commas(cells, column) and (readable > 0 or table.separator in _BESIDE_COMMAS)
        if decimal:
            raise _rows_error("decimal-commas", table, header, column.bad)
        if column.bad.size and readable == 0 and key not in dictionary.indicators and header not in keep:
            aside.append(header)
            continue
        if column.bad.size:
            raise _rows_error("text-in-numbers", table, header, column.bad)
        infinite = np.flatnonzero(np.abs(column.values) > LARGEST)
        if infinite.size:
            raise _rows_error("infinite-values", table, header, infinite)
        parsed[key] = column
    renamed = {key: header for header, key in keys.items() if key != header}
    grouped = [
        key for key, column in parsed.items() if table.separator in _BESIDE_COMMAS and "thousands" in column.forms
    ]
    return NumericColumns(parsed, renamed, tuple(aside), states, tuple(grouped))


def _states(table: RawTable, header: str, indicator: Indicator | None) -> tuple[ParsedColumn, tuple[str, ...]] | None:
    """Return (numbers, words lowest first) of a column of ordered words; ``None`` for any other column."""
    cells = table.frame[header]
    declared = () if indicator is None else indicator.levels
    if pd.api.types.is_numeric_dtype(cells.dtype) or (not declared and _is_time(cells)):
        return None
    cells = cells.astype(object)
    if not declared and not _looks_like_words(cells):
        return None
    codes, words = pd.factorize(cells.where(cells.notna(), None).map(lambda cell: None if cell is None else str(cell)))
    if declared:
        scale = {word: declared_scale(declared).get(fold(word)) for word in words}
    else:
        scale = dict(known_scale(map(str, words)) or {}) if len(words) <= MOST_STATES else {}
        if not scale:
            return None
    numbers = np.array([*(_number(scale, str(word)) for word in words), np.nan])
    unknown = np.array([*(scale.get(word) is None and fold(str(word)) not in MISSING for word in words), False])
    if unknown[codes].any():
        raise _rows_error("unknown-level", table, header, np.flatnonzero(unknown[codes]))
    values = numbers[codes]
    filled = int(np.isfinite(values).sum())
    ordered = tuple(sorted((str(word) for word in words if scale.get(word) is not None), key=lambda w: (scale[w], w)))
    return ParsedColumn(values, np.empty(0, np.intp), frozenset(), 0, filled), declared or ordered


def _decimal_commas(cells: pd.Series, column: ParsedColumn) -> bool:
    """Whether most of the cells that cannot be read are numbers with a decimal comma."""
    if not column.bad.size:
        return False
    texts = [str(cell) for cell in cells.iloc[column.bad[:200]]]
    return sum(map(has_decimal_comma, texts)) > len(texts) / 2


def _looks_like_words(cells: pd.Series) -> bool:
    """Whether the first filled cells are few different words, none of them a number."""
    first = {str(cell) for cell in cells.dropna().head(100)}
    return 0 < len(first) <= MOST_STATES and all(
        (number := parse_cell(word)[0]) is None or np.isnan(number) for word in first
    )


def _number(scale: Mapping[str, float | None], word: str) -> float:
    number = scale.get(word)
    return np.nan if number is None else number


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
        "decimal-commas": (
            "数值列“{0}”有 {1} 个单元格以逗号作小数点",
            "numeric column {0!r} holds {1} cells with decimal commas",
        ),
        "infinite-values": (
            f"列“{{0}}”有 {{1}} 个无穷大或绝对值超过 {LARGEST:g} 的值",
            f"column {{0!r}} holds {{1}} values that are infinite or beyond {LARGEST:g}",
        ),
        "unknown-level": (
            "列“{0}”有 {1} 个单元格不在指标字典的 levels 中",
            "column {0!r} holds {1} cells that are none of the levels in the dictionary",
        ),
    }[code]
    remedy = {
        "text-in-numbers": Text(
            "请改正或清空这些单元格；文字列请从文件中删除。",
            "Correct or empty these cells; remove the column if it is a label.",
        ),
        "decimal-commas": Text(
            "请改用小数点（1,5 写作 1.5）后重新导出整个文件；只改这些单元格会让其余数值放大一千倍。",
            "Export the whole file with decimal points (1.5, not 1,5); mending these cells alone would leave others, "
            "such as 1,500, a thousand times too large.",
        ),
        "unknown-level": Text(
            "请改正这些单元格，或在词典的 levels 中补充该状态。",
            "Correct these cells, or add the state to levels in the dictionary.",
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
    doubtful = sorted(key for part in columns for key in part.doubtful)
    if doubtful:
        message = Text(
            "文件以分号或制表符分隔，逗号按千分位读取（101,632 读作 101632）：{names}。",
            "Semicolons or tabs separate the fields, and commas were read as thousands (101,632 is 101632): {names}.",
        )
        remedy = Text(
            "若逗号是小数点，数值会放大一千倍：请改用小数点重新导出。",
            "Where they are decimal commas the values are a thousand times too large: export with decimal points.",
        )
        findings.append(
            about_indicators("doubtful-commas", "review", doubtful, dictionary, message=message, remedy=remedy)
        )
    if renamed:
        message = Text(
            "列名已按指标字典对应到键名：{names}。", "Columns were matched to the dictionary by display name: {names}."
        )
        params: dict[str, ParamValue] = {"headers": tuple(renamed[key] for key in sorted(renamed))}
        findings.append(
            about_indicators("renamed-columns", "pass", sorted(renamed), dictionary, message=message, params=params)
        )
    states = {key: words for part in columns for key, words in part.states.items()}
    if states:
        said = noted(dictionary, {key: " < ".join(states[key]) for key in sorted(states)})
        message = Text(
            f"文字状态已按由低到高的顺序读作 0、1、2…：{said.zh}。",
            f"Words were read as 0, 1, 2 … from the lowest state up: {said.en}.",
        )
        remedy = Text(
            "顺序有误时，请在词典中用 levels 声明。", "Where the order is wrong, declare levels in the dictionary."
        )
        findings.append(
            about_indicators("word-states", "review", sorted(states), dictionary, message=message, remedy=remedy)
        )
    if aside:
        message = Text(
            f"文字列未作为指标使用：{'、'.join(aside)}。",
            f"Text columns were set aside, they are no indicators: {', '.join(aside)}.",
        )
        remedy = Text(
            "若其中有指标，请改为数值，或在词典中用 levels 按由低到高声明其状态。",
            "If one of them is an indicator, give it as numbers or declare its levels in the dictionary, lowest first.",
        )
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
