"""The segment of every entity: which group it belongs to, settled where rows disagree, refused where it is no property.

A segment is constant over time. Where the rows of an entity disagree, its most frequent label stands (the first in
alphabetical order among equals) and a finding says so; where labels change so often that they describe periods rather
than entities, the column is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import CallError, DataError, Text
from causal_service.panel.findings import Finding
from causal_service.panel.labels import fold, listed, nearest_text
from causal_service.panel.statements import about_panel
from causal_service.panel.tables import RawTable

__all__ = [
    "MOST_SEGMENTS",
    "entity_segments",
    "refuse_many_segments",
    "refuse_segment_in_pieces",
    "refuse_segment_is_key",
    "segment_headers",
]

MOST_SEGMENTS = 12
"""More distinct labels than this are no segments."""
STEADY = 0.8
"""Share of rows that must carry the label their entity is counted under."""


def segment_headers(tables: Sequence[RawTable], segment: str | None) -> list[str | None]:
    """Return the header of the segment column in every table; ``None`` where a table lacks it.

    Raises
    ------
    CallError : no table has it; the nearest headers are offered.
    """
    if segment is None:
        return [None] * len(tables)
    headers = [[str(header) for header in table.frame.columns] for table in tables]
    found = [
        next((h for h in own if h == segment), next((h for h in own if fold(h) == fold(segment)), None))
        for own in headers
    ]
    if not any(found):
        known = [header for own in headers for header in own]
        raise CallError(
            "unknown-column",
            Text(f"没有分组列“{segment}”。", f"There is no segment column {segment!r}."),
            nearest_text(segment, known),
            {"column": segment},
        )
    return found


def refuse_segment_is_key(segment: str | None, keys: Sequence[str | None]) -> None:
    """Raise ``CallError`` when the segment column is also the entity, period or weight column."""
    if segment is not None and segment in keys:
        raise CallError(
            "segment-is-key",
            Text(
                f"分组列“{segment}”同时被用作实体、时间或权重列。",
                f"The segment column {segment!r} is also the entity, period or weight column.",
            ),
            Text("请给出另一列，例如区域或客群。", "Name another column, such as a region or a customer group."),
            {"column": segment},
        )


def refuse_segment_in_pieces(segment: str | None) -> None:
    """Raise ``CallError``: panels that are read in pieces are not told by segment."""
    if segment is not None:
        raise CallError(
            "segment-in-memory",
            Text("分块读取的大面板暂不支持按分组给出效应。", "A panel read in pieces is not told by segment."),
            Text(
                "请加 --stream no 读入内存，或按分组抽取部分实体后再研究。",
                "Read it into memory (--stream no), or study a sample of the entities.",
            ),
            {"column": segment},
        )


def entity_segments(
    entities: Sequence[str], labelled: Sequence[tuple[NDArray[np.object_], NDArray[np.object_]]], column: str
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the segment of every entity (empty where no row has one) and what was noticed.

    Parameters
    ----------
    labelled : per file that holds the column, (entity, segment) of every row.

    Raises
    ------
    DataError : ``segment-changes`` (no property of the entities) or ``too-many-segments``.
    """
    counts: dict[str, dict[str, int]] = {}
    for keys, labels in labelled:
        for key, label in zip(keys.tolist(), labels.tolist(), strict=True):
            if label != "":
                own = counts.setdefault(key, {})
                own[label] = own.get(label, 0) + 1
    settled = {key: min(own, key=lambda label: (-own[label], label)) for key, own in counts.items()}
    refuse_many_segments(settled.values(), column)
    changing = sorted(key for key, own in counts.items() if len(own) > 1)
    rows = sum(sum(own.values()) for own in counts.values())
    kept = sum(counts[key][label] for key, label in settled.items())
    if rows and kept < STEADY * rows:
        raise _changes(column, changing, kept / rows)
    findings = []
    if changing:
        findings.append(_varies(column, changing, rows - kept))
    unknown = [entity for entity in entities if entity not in settled]
    if unknown:
        findings.append(_unknown(column, unknown))
    return tuple(settled.get(entity, "") for entity in entities), tuple(findings)


def refuse_many_segments(labels: Iterable[str], column: str) -> None:
    """Raise ``DataError`` when there are more distinct labels than segments can have."""
    distinct = sorted({label for label in labels if label != ""})
    if len(distinct) > MOST_SEGMENTS:
        raise DataError(
            "too-many-segments",
            Text(
                f"分组列“{column}”有 {len(distinct)} 个不同取值（{listed(distinct)}），最多支持 {MOST_SEGMENTS} 个。",
                f"Segment column {column!r} holds {len(distinct)} distinct values ({listed(distinct)}); at most "
                f"{MOST_SEGMENTS} are supported.",
            ),
            Text(
                "请先合并成少数几组，例如大区或规模档。",
                "Merge them into a few groups first, such as regions or size classes.",
            ),
            {"column": column, "segments": len(distinct), "limit": MOST_SEGMENTS},
        )


def _changes(column: str, changing: Sequence[str], share: float) -> DataError:
    return DataError(
        "segment-changes",
        Text(
            f"分组列“{column}”不是实体的固定属性：{len(changing)} 个实体的分组随时间变化，"
            f"只有 {share:.0%} 的行与其实体的主要分组一致。",
            f"Segment column {column!r} is no property of the entities: it changes over time in {len(changing)} of "
            f"them, and only {share:.0%} of the rows carry the main segment of their entity.",
        ),
        Text(
            "请改用不随时间变化的列（区域、业态），或把每个“实体 × 分组”作为一个实体。",
            "Name a column that does not change over time (region, format), or make every entity x segment an entity.",
        ),
        {"column": column, "entities": len(changing), "share": share},
    )


def _varies(column: str, changing: Sequence[str], rows: int) -> Finding:
    one = len(changing) == 1
    return about_panel(
        "segment-varies",
        "review",
        message=Text(
            f"{len(changing)} 个实体的“{column}”随时间变化（{listed(changing, 3)}），"
            f"按其最常见的取值归组，涉及 {rows} 行。",
            f"'{column}' changes over time in {len(changing)} {'entity' if one else 'entities'} "
            f"({listed(changing, 3)}); each counts under its most frequent value, which differs in {rows} rows.",
        ),
        remedy=Text(
            "若分组确实变更过，请把变更前后作为两个实体。",
            "Where an entity truly moved, make two entities of the time before and after.",
        ),
        params={"column": column, "entities": len(changing), "rows": rows},
    )


def _unknown(column: str, unknown: Sequence[str]) -> Finding:
    one = len(unknown) == 1
    return about_panel(
        "segment-missing",
        "review",
        message=Text(
            f"{len(unknown)} 个实体没有“{column}”（{listed(unknown, 3)}），只计入总体，不计入任何分组。",
            f"{len(unknown)} {'entity has' if one else 'entities have'} no '{column}' ({listed(unknown, 3)}); "
            f"{'it counts' if one else 'they count'} in the whole but in no segment.",
        ),
        remedy=Text("请补全分组。", "Fill in the segments."),
        params={"column": column, "entities": len(unknown)},
    )
