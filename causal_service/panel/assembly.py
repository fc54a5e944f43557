"""Joining sources on entity and period, and laying the cells out on the full calendar in canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.calendar import Calendar, build_calendar
from causal_service.panel.findings import Finding
from causal_service.panel.labels import listed
from causal_service.panel.panel import Panel
from causal_service.panel.segments import entity_segments, refuse_many_segments
from causal_service.panel.sources import Source
from causal_service.panel.statements import Params, about_panel
from causal_service.panel.tables import MAX_INDICATORS

__all__ = ["assemble_calendar_panel", "assemble_cross_section", "calendar_findings"]

MAX_CELLS = 400_000_000
"""Most cells (entities x periods x indicators) laid out in memory (3.2 GB)."""
ONE_ENTITY = "all"
"""Label of the only entity when no entity column was named."""


def assemble_calendar_panel(
    sources: Sequence[Source], weighted: Source | None, segment: str | None = None
) -> tuple[Panel, list[Finding]]:
    """Return the panel of sources that have a period column, and findings about its calendar.

    Raises
    ------
    CallError : one of several sources has no period column.
    DataError : an entity-period pair stands twice, a column stands in two files, periods differ in kind, one row only;
        the ``segment`` column is no property of the entities.
    """
    _refuse_column_twice(sources)
    calendar, places = _common_calendar(sources)
    keys = [
        np.full(len(source.table.frame), ONE_ENTITY, dtype=object) if source.labels is None else source.labels
        for source in sources
    ]
    entities = tuple(sorted(set().union(*(set(part.tolist()) for part in keys))))
    indicators = _indicators(sources)
    shape = (len(entities), len(calendar.labels))
    _refuse_too_large(shape, len(indicators))
    position = {entity: index for index, entity in enumerate(entities)}
    values = np.full((*shape, len(indicators)), np.nan)
    present = np.zeros(shape, dtype=bool)
    weights = None if weighted is None else np.zeros(shape)
    for source, labels, when in zip(sources, keys, places, strict=True):
        who = np.array([position[label] for label in labels], dtype=np.intp)
        _refuse_duplicates(source, who * shape[1] + when, entities, calendar.labels)
        present[who, when] = True
        for key, column in source.columns.parsed.items():
            values[who, when, indicators.index(key)] = column.values + 0.0
        if weights is not None and source.weight is not None:
            weights[who, when] = np.nan_to_num(source.weight, nan=0.0)
    if present.sum() < 2:
        raise _one_row(sources[0])
    groups: tuple[str, ...] | None = None
    noticed: tuple[Finding, ...] = ()
    if segment is not None:
        labelled = [(k, s.segment) for k, s in zip(keys, sources, strict=True) if s.segment is not None]
        groups, noticed = entity_segments(entities, labelled, segment)
    panel = Panel(
        entities=entities,
        periods=calendar.labels,
        indicators=indicators,
        values=_frozen(values),
        present=_frozen(present),
        weights=None if weights is None else _frozen(weights),
        regime="panel" if len(entities) > 1 else "series",
        clusters=None,
        frequency=calendar.frequency,
        entity_column=sources[0].entity,
        period_column=sources[0].period,
        segments=groups,
        segment_column=segment,
    )
    return panel, [*calendar_findings(calendar), *_weight_finding(weighted), *noticed]


def _frozen(array: NDArray) -> NDArray:  # type: ignore[type-arg]
    array.setflags(write=False)
    return array


def _common_calendar(sources: Sequence[Source]) -> tuple[Calendar, list[NDArray[np.intp]]]:
    """Return the calendar of all sources together and, per source, the place of every row in it."""
    calendars = []
    for source in sources:
        if source.period is None:
            raise CallError(
                "no-period-column",
                Text(
                    f"“{source.table.name}”没有时间列，无法与其他文件合并。",
                    f"{source.table.name!r} has no period column and cannot be joined.",
                ),
                Text("请为每个文件提供相同的实体列和时间列。", "Give every file the same entity and period columns."),
                {"file": source.table.name},
            )
        table = source.table
        calendars.append(build_calendar(table.frame[source.period], table.lines, source.period, table.row_word))
    if len(calendars) == 1:
        return calendars[0], [calendars[0].index]
    kinds = list(dict.fromkeys(calendar.frequency for calendar in calendars))
    if len(kinds) > 1:
        shown = listed(f"{s.table.name}: {c.frequency}" for s, c in zip(sources, calendars, strict=True))
        raise DataError(
            "mixed-periods",
            Text(f"各文件的时间频率不同（{shown}）。", f"The files have different frequencies ({shown})."),
            Text("请先汇总到同一频率。", "Aggregate them to one frequency first."),
            {"frequencies": kinds},
        )
    labels = pd.Series([label for c in calendars for label in np.array(c.labels, dtype=object)[c.index]], dtype=object)
    table = sources[0].table
    joint = build_calendar(labels, np.arange(1, len(labels) + 1), sources[0].period or "", table.row_word)
    cuts = np.cumsum([calendar.index.size for calendar in calendars])[:-1]
    serial = next((calendar.serial for calendar in calendars if calendar.serial is not None), None)
    return replace(joint, serial=serial), list(np.split(joint.index, cuts))


def _indicators(sources: Sequence[Source]) -> tuple[str, ...]:
    indicators = tuple(sorted(key for source in sources for key in source.columns.parsed))
    if not indicators:
        names = listed(source.table.name for source in sources)
        raise DataError(
            "no-indicators",
            Text(f"“{names}”中没有数值指标列。", f"{names!r} holds no numeric indicator column."),
            Text("请检查实体列、时间列和分隔符。", "Check the entity and period columns and the separator."),
            {"file": names},
        )
    return indicators


def _refuse_column_twice(sources: Sequence[Source]) -> None:
    owner: dict[str, Source] = {}
    for source in sources:
        for key in source.columns.parsed:
            if key in owner:
                files = [owner[key].table.name, source.table.name]
                raise DataError(
                    "column-in-two-files",
                    Text(
                        f"指标“{key}”同时出现在 {files[0]} 和 {files[1]} 中。",
                        f"Indicator {key!r} stands in both {files[0]} and {files[1]}.",
                    ),
                    Text("请只在一个文件中保留该列。", "Keep this column in one of the files."),
                    {"indicator": key, "files": files},
                )
            owner[key] = source


def _refuse_too_large(shape: tuple[int, int], count: int) -> None:
    cells = shape[0] * shape[1] * count
    if count > MAX_INDICATORS or cells > MAX_CELLS:
        raise DataError(
            "too-large",
            Text(
                f"面板有 {cells:,} 个单元格（{shape[0]} 个实体 × {shape[1]} 期 × {count} 个指标），过大。",
                f"The panel is too large: {shape[0]} entities x {shape[1]} periods x {count} indicators.",
            ),
            Text("请减少指标、实体或期数。", "Keep fewer indicators, entities or periods."),
            {"cells": cells, "limit": MAX_CELLS},
        )


def _refuse_duplicates(
    source: Source, cells: NDArray[np.intp], entities: Sequence[str], periods: Sequence[str]
) -> None:
    distinct, counts = np.unique(cells, return_counts=True)
    twice = distinct[counts > 1]
    if not twice.size:
        return
    first = twice[:3]
    width = len(periods)
    rows = [listed(source.table.lines[np.flatnonzero(cells == cell)].tolist()) for cell in first]
    pairs = [f"{entities[cell // width]}/{periods[cell % width]}" for cell in first]
    more = Text(
        "" if twice.size <= 3 else f" 等 {twice.size} 对", "" if twice.size <= 3 else f", … ({twice.size} pairs)"
    )
    zh = "；".join(f"{pair}（第 {row} 行）" for pair, row in zip(pairs, rows, strict=True))
    en = "; ".join(f"{pair} ({source.table.row_word.en} {row})" for pair, row in zip(pairs, rows, strict=True))
    alone = source.labels is None
    raise DataError(
        "duplicate-keys",
        Text(
            f"“{source.table.name}”中同一实体和时间出现多次：{zh}{more.zh}。",
            f"{source.table.name!r} holds one entity and period more than once: {en}{more.en}.",
        ),
        Text("请指明实体列（--entity），或先汇总。", "Name the entity column (--entity), or aggregate first.")
        if alone
        else Text(
            "请保留其中一行，或先汇总到每个实体每期一行。",
            "Keep one of the rows, or aggregate to one row per entity and period.",
        ),
        {"file": source.table.name, "pairs": pairs, "count": int(twice.size), "rows": int(counts[counts > 1].sum())},
    )


def _one_row(source: Source) -> DataError:
    return DataError(
        "one-row",
        Text(f"“{source.table.name}”只有一行数据。", f"{source.table.name!r} holds a single row."),
        Text("至少需要多个实体或多个时期的数据。", "Give several entities or several periods."),
        {"file": source.table.name},
    )


def calendar_findings(calendar: Calendar) -> list[Finding]:
    """Say how periods were read: numbers as dates, distances of more than one unit of the calendar."""
    return [*_serial_finding(calendar), *_step_finding(calendar)]


def _serial_finding(calendar: Calendar) -> list[Finding]:
    if calendar.serial is None:
        return []
    cell, label = calendar.serial
    message = Text(
        f"时间列的数字按电子表格的日期序号读取（{cell} 读作 {label}）。",
        f"The numbers of the period column were read as dates of a spreadsheet ({cell} is {label}).",
    )
    remedy = Text("若不是日期，请改写为 1、2、3… 这样的期号。", "If they are no dates, number the periods 1, 2, 3 …")
    params: Params = {"cell": cell, "period": label}
    return [about_panel("serial-dates", "pass", message=message, remedy=remedy, params=params)]


def _step_finding(calendar: Calendar) -> list[Finding]:
    if calendar.step == 1:
        return []
    return [
        Finding(
            "calendar-step",
            "pass",
            "panel",
            (),
            Text(
                f"相邻两期相隔 {calendar.step} 个时间单位，按一期处理。",
                f"Periods are {calendar.step} calendar units apart; that distance counts as one period.",
            ),
            Text("滞后和展望期都以这一间隔为单位。", "Lags and horizons are counted in this distance."),
            {"step": calendar.step},
        )
    ]


def _weight_finding(weighted: Source | None) -> list[Finding]:
    missing = 0 if weighted is None or weighted.weight is None else int(np.isnan(weighted.weight).sum())
    if not missing:
        return []
    return [
        Finding(
            "missing-weights",
            "review",
            "panel",
            (),
            Text(
                f"{missing} 行没有权重，按 0 处理，不参与计算。",
                f"{missing} rows have no weight; they count as 0 and are not used.",
            ),
            Text("请补全权重。", "Fill in the weights."),
            {"rows": missing},
        )
    ]


def assemble_cross_section(sources: Sequence[Source], weighted: Source | None, segment: str | None = None) -> Panel:
    """Return the cross-section of sources without periods; rows are sorted by cluster, then by value.

    Raises
    ------
    CallError : several sources cannot be joined because no entity column was named.
    DataError : an entity stands twice in a source to be joined, a column stands in two files, one row only.
    """
    _refuse_column_twice(sources)
    indicators = _indicators(sources)
    labels, places = _cross_rows(sources)
    count = int(max(place.max() for place in places)) + 1
    _refuse_too_large((count, 1), len(indicators))
    values = np.full((count, len(indicators)), np.nan)
    weights = None if weighted is None else np.zeros(count)
    groups = None if segment is None else np.full(count, "", dtype=object)
    for source, place in zip(sources, places, strict=True):
        if groups is not None and source.segment is not None:
            groups[place] = source.segment
        for key, column in source.columns.parsed.items():
            values[place, indicators.index(key)] = column.values + 0.0
        if weights is not None and source.weight is not None:
            weights[place] = np.nan_to_num(source.weight, nan=0.0)
    if count < 2:
        raise _one_row(sources[0])
    if groups is not None and segment is not None:
        refuse_many_segments(groups.tolist(), segment)
    order = _row_order(labels, values, weights, groups)
    clusters = None if labels is None else tuple(str(label) for label in labels[order])
    unique = clusters is not None and len(set(clusters)) == count
    return Panel(
        entities=clusters if clusters is not None and unique else tuple(str(row + 1) for row in range(count)),
        periods=("",),
        indicators=indicators,
        values=_frozen(values[order][:, None, :]),
        present=_frozen(np.ones((count, 1), dtype=bool)),
        weights=None if weights is None else _frozen(weights[order][:, None]),
        regime="cross-section",
        clusters=clusters,
        frequency="",
        entity_column=sources[0].entity,
        period_column=None,
        segments=None if groups is None else tuple(str(label) for label in groups[order]),
        segment_column=segment,
    )


def _cross_rows(sources: Sequence[Source]) -> tuple[NDArray[np.object_] | None, list[NDArray[np.intp]]]:
    """Return the label of every row and, per source, the row each record goes to."""
    if len(sources) == 1:
        return sources[0].labels, [np.arange(len(sources[0].table.frame), dtype=np.intp)]
    parts = [source.labels for source in sources if source.labels is not None]
    if len(parts) < len(sources):
        raise CallError(
            "no-join-key",
            Text(
                "没有实体列或时间列，多个文件无法合并。",
                "Several files cannot be joined without an entity or period column.",
            ),
            Text("请用 --entity 和 --period 指明。", "Name them with --entity and --period."),
        )
    names = np.array(sorted(set().union(*(set(part.tolist()) for part in parts))), dtype=object)
    position = {name: index for index, name in enumerate(names)}
    places = [np.array([position[label] for label in part], dtype=np.intp) for part in parts]
    for source, place in zip(sources, places, strict=True):
        _refuse_duplicates(source, place, list(names), ("",))
    return names, places


def _row_order(
    labels: NDArray[np.object_] | None,
    values: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    groups: NDArray[np.object_] | None,
) -> NDArray[np.intp]:
    """Return the order that depends on content alone: cluster, values column by column (NaN last), weight, segment."""
    keys = [np.where(np.isnan(column), np.inf, column) for column in values.T]
    keys += [np.isnan(column).astype(float) for column in values.T]
    if weights is not None:
        keys.append(weights)
    if groups is not None:
        keys.append(np.unique(groups.astype(str), return_inverse=True)[1].astype(float))
    if labels is not None:
        keys.insert(0, np.unique(labels.astype(str), return_inverse=True)[1].astype(float))
    return np.lexsort(keys[::-1]).astype(np.intp)
