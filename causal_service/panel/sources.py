"""One wide table with its keys told apart from its indicators, ready to be joined with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.columns import NumericColumns, numeric_columns
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import fold, listed, nearest_text
from causal_service.panel.tables import RawTable

__all__ = ["Source", "entity_label", "weight_holder"]


@dataclass(frozen=True, slots=True)
class Source:
    """A wide table whose columns are understood."""

    table: RawTable
    """The table, one row per entity and period."""
    entity: str | None
    """Header of the entity column."""
    period: str | None
    """Header of the period column."""
    labels: NDArray[np.object_] | None
    """Entity label of each row."""
    columns: NumericColumns
    """Indicators (without the weight)."""
    weight: NDArray[np.float64] | None
    """Weight of each row, when this table holds the weight column."""
    segment: NDArray[np.object_] | None = None
    """Segment label of each row, empty where missing, when this table holds the segment column."""

    @classmethod
    def build(
        cls,
        table: RawTable,
        entity: str | None,
        period: str | None,
        weight: str | None,
        dictionary: Dictionary,
        segment: str | None = None,
    ) -> Source:
        """Tell keys, weight and indicators apart and read the numbers.

        Raises
        ------
        DataError : an entity is missing, or a column holds text, infinite values or negative weights.
        """
        headers = [str(header) for header in table.frame.columns if header not in (entity, period, segment)]
        heavy = None if weight is None else next((h for h in headers if h == weight or fold(h) == fold(weight)), None)
        columns = numeric_columns(table, headers, dictionary, () if heavy is None else (heavy,))
        values = None
        if heavy is not None:
            columns, values = _without_weight(table, columns, heavy)
        labels = None if entity is None else _labels(table, entity)
        group = None if segment is None else np.array([entity_label(x) for x in table.frame[segment]], dtype=object)
        return cls(table, entity, period, labels, columns, values, group)


def _without_weight(table: RawTable, columns: NumericColumns, heavy: str) -> tuple[NumericColumns, NDArray[np.float64]]:
    key = next((key for key, header in columns.renamed.items() if header == heavy), heavy)
    values = columns.parsed[key].values
    negative = np.flatnonzero(values < 0)
    if negative.size:
        where = listed(table.lines[negative].tolist())
        raise DataError(
            "negative-weights",
            Text(
                f"权重列“{heavy}”有 {negative.size} 个负值（第 {where} 行）。",
                f"Weight column {heavy!r} holds {negative.size} negative values ({table.row_word.en} {where}).",
            ),
            Text("权重应为每行背后的观测数，不小于零。", "Weights are numbers of observations: zero or more."),
            {"column": heavy, "rows": table.lines[negative[:5]].tolist(), "count": int(negative.size)},
        )
    rest = {name: column for name, column in columns.parsed.items() if name != key}
    renamed = {name: header for name, header in columns.renamed.items() if name != key}
    return NumericColumns(rest, renamed, columns.set_aside, columns.states), values


def _labels(table: RawTable, entity: str) -> NDArray[np.object_]:
    cells = table.frame[entity]
    labels = np.array([entity_label(cell) for cell in cells], dtype=object)
    missing = np.flatnonzero(labels == "")
    if missing.size:
        where = listed(table.lines[missing].tolist())
        raise DataError(
            "missing-entity",
            Text(
                f"实体列“{entity}”有 {missing.size} 行为空（第 {where} 行）。",
                f"Entity column {entity!r} is empty in {missing.size} rows ({table.row_word.en} {where}).",
            ),
            Text("请补全或删除这些行。", "Fill in or delete these rows."),
            {"column": entity, "rows": table.lines[missing[:5]].tolist(), "count": int(missing.size)},
        )
    return labels


def entity_label(cell: object) -> str:
    """Return the label of an entity cell as text; empty when the cell is."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:  # noqa: PLR0124 - NaN is the one value unequal to itself
        return ""
    if isinstance(cell, (float, np.floating)) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


def weight_holder(sources: Sequence[Source], weight: str | None) -> Source | None:
    """Return the one source that holds the weight column.

    Raises
    ------
    CallError : no source or several sources hold it.
    """
    if weight is None:
        return None
    holders = [source for source in sources if source.weight is not None]
    if len(holders) == 1:
        return holders[0]
    if holders:
        files = [source.table.name for source in holders]
        raise CallError(
            "weight-twice",
            Text(
                f"权重列“{weight}”同时出现在 {'、'.join(files)} 中。",
                f"Weight column {weight!r} stands in several files: {', '.join(files)}.",
            ),
            Text("请只在一个文件中保留。", "Keep it in one file."),
            {"column": weight, "files": files},
        )
    headers = [str(header) for source in sources for header in source.table.frame.columns]
    raise CallError(
        "unknown-column",
        Text(f"没有权重列“{weight}”。", f"There is no weight column {weight!r}."),
        nearest_text(weight, headers),
        {"column": weight},
    )
