"""Reading a panel: files or a data frame in, an immutable ``Panel`` in canonical order and what was noticed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from causal_service.errors import CallError, Text
from causal_service.panel.assembly import assemble_calendar_panel, assemble_cross_section, calendar_findings
from causal_service.panel.columns import form_findings
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.forgotten_period import refuse_forgotten_period
from causal_service.panel.knowledge_reading import validate_knowledge
from causal_service.panel.panel import Panel
from causal_service.panel.segments import refuse_segment_in_pieces, refuse_segment_is_key, segment_headers
from causal_service.panel.shape import column_named, to_wide
from causal_service.panel.sources import Source, weight_holder
from causal_service.panel.statements import about_panel
from causal_service.panel.tables import RawTable, read_table, short_row_findings, table_from_frame

__all__ = ["ReadPanel", "panel_from_frame", "read_panel"]

_IN_MEMORY = about_panel(
    "read-in-memory",
    "review",
    message=Text(
        "要求分块读取，但该数据已整体读入内存。", "Reading in pieces was asked for, but the data were read into memory."
    ),
    remedy=Text(
        "只有含实体列和时间列、实体足够多的单个宽表 Parquet（或其文件夹）才能分块读取；内存足够时无需处理。",
        "One wide Parquet table with an entity and a period column and enough entities, or a folder of it, is read in "
        "pieces. Nothing to do where memory suffices.",
    ),
)
_ENTITY, _PERIOD = Text("实体列", "entity column"), Text("时间列", "period column")


@dataclass(frozen=True, slots=True)
class ReadPanel:
    """A panel and what was noticed while reading it."""

    panel: Panel
    """The panel, in canonical order."""
    findings: tuple[Finding, ...]
    """Short rows, number forms, renamed and set-aside columns, calendar; in a fixed order."""


def read_panel(
    sources: str | Path | Sequence[str | Path] | pd.DataFrame,
    *,
    entity: str | None = None,
    period: str | None = None,
    dictionary: Dictionary | None = None,
    weight: str | None = None,
    segment: str | None = None,
    stream: bool | None = None,
) -> ReadPanel:
    """Read one panel from files (CSV, Parquet, Excel, each optionally gzip) or from a data frame.

    Parameters
    ----------
    sources : one path, several paths (joined on entity and period), or a data frame.
    entity, period : columns; default those the dictionary declares. Without a period the data are a cross-section,
        with a period but one entity a series.
    dictionary : indicator keys and display names; a column headed by a display name gets its key.
    weight : column with the number of observations behind each row; it is no indicator.
    segment : column with the group each entity (in a cross-section each row) belongs to; it is no indicator.
    stream : ``True`` reads Parquet in pieces and says so where it cannot, ``False`` never does, ``None`` does when it
        is large or a folder. The panel is then a sample of the entities with all rows behind it.

    Raises
    ------
    CallError : a file or column does not exist (nearest names offered), or the call contradicts itself.
    DataError : the content cannot be read as a panel; rows and values are shown.
    KnowledgeConflict, DictionaryError : the dictionary's knowledge names what is neither declared nor measured.
    """
    known = dictionary if dictionary is not None else Dictionary()
    entity, period = entity or known.entity, period or known.period
    if entity is not None and entity == period:
        raise CallError(
            "entity-is-period",
            Text(f"实体列和时间列都是“{entity}”。", f"The entity and the period column are both {entity!r}."),
            Text("请给出两个不同的列。", "Name two different columns."),
            {"column": entity},
        )
    refuse_segment_is_key(segment, (entity, period, weight))
    large = _large(sources, entity, period, weight, known, stream)
    if large is not None:
        refuse_segment_in_pieces(segment)
        return large
    tables = _tables(sources)
    held = segment_headers(tables, segment)
    shaped = [_source(table, entity, period, weight, known, own) for table, own in zip(tables, held, strict=True)]
    holder = weight_holder(shaped, weight)
    if any(source.period is not None for source in shaped):
        panel, noticed = assemble_calendar_panel(shaped, holder, segment)
    else:
        for table in tables:
            refuse_forgotten_period(table, known)
        panel, noticed = assemble_cross_section(shaped, holder, segment), []
    validate_knowledge(known, panel.indicators)
    forms = form_findings([source.columns for source in shaped], known)
    whole = [_IN_MEMORY] if stream else []
    return ReadPanel(panel, (*whole, *short_row_findings(tables), *forms, *noticed))


def _large(
    sources: str | Path | Sequence[str | Path] | pd.DataFrame,
    entity: str | None,
    period: str | None,
    weight: str | None,
    dictionary: Dictionary,
    stream: bool | None,
) -> ReadPanel | None:
    """Return the panel when it is to be read in pieces."""
    if isinstance(sources, pd.DataFrame):
        return None
    paths = [sources] if isinstance(sources, (str, Path)) else list(sources)
    if len(paths) != 1:
        return None
    from causal_service.panel.parquet_table import large_table

    table = large_table(
        Path(paths[0]), entity=entity, period=period, weight=weight, dictionary=dictionary, stream=stream
    )
    if table is None:
        return None
    from causal_service.panel.large import read_large

    found = read_large(table)
    if found is None:
        return None
    panel, calendar = found
    validate_knowledge(dictionary, panel.indicators)
    return ReadPanel(panel, (*form_findings([table.columns], dictionary), *calendar_findings(calendar)))


def panel_from_frame(
    frame: pd.DataFrame,
    *,
    entity: str | None = None,
    period: str | None = None,
    dictionary: Dictionary | None = None,
    weight: str | None = None,
    segment: str | None = None,
) -> Panel:
    """Return the panel in a data frame; see ``read_panel``."""
    return read_panel(frame, entity=entity, period=period, dictionary=dictionary, weight=weight, segment=segment).panel


def _tables(sources: str | Path | Sequence[str | Path] | pd.DataFrame) -> list[RawTable]:
    if isinstance(sources, pd.DataFrame):
        return [table_from_frame(sources)]
    paths = [sources] if isinstance(sources, (str, Path)) else list(sources)
    if not paths:
        raise CallError(
            "no-panel",
            Text("没有给出面板文件。", "No panel file was given."),
            Text("请至少给出一个文件。", "Give at least one file."),
        )
    return [read_table(Path(path)) for path in paths]


def _source(
    table: RawTable,
    entity: str | None,
    period: str | None,
    weight: str | None,
    dictionary: Dictionary,
    segment: str | None,
) -> Source:
    entity = None if entity is None else column_named(table, entity, _ENTITY)
    if period is not None:
        headers = [str(header) for header in table.frame.columns]
        period = next((header for header in headers if header == period), period)
    wide, found = to_wide(table, entity, period, segment)
    if period is not None and found == period:
        found = column_named(wide, period, _PERIOD)
        if found != period:
            wide, found = to_wide(table, entity, found, segment)
    return Source.build(wide, entity, found, weight, dictionary, segment)
