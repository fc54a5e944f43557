"""What a panel is too small to show, and how large it would have to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from statistics import median
from typing import NamedTuple

from causal_service.errors import Text
from causal_service.levers.results import Lever
from causal_service.levers.verdicts import USEFUL
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import number
from causal_service.panel.statements import about_indicators
from causal_service.panel.units import amount
from causal_service.preparation.rows import BlockUnit

__all__ = ["MANY", "Extent", "power_findings"]

FARTHEST = 20.0
"""Times the present size beyond which no size is named: the root of the number of rows does not carry that far."""
_NOT_OF_SIZE = ("driver-strength-open", "direction-open", "carried-forward")
"""Reasons for which size is not the answer."""
MANY = 0.4
"""Share of the listed levers for which the panel is too small, above which it is said of the panel as a whole."""


class Extent(NamedTuple):
    """How large the panel is."""

    unit: BlockUnit
    """What is resampled."""
    entities: int
    """Entities, clusters of a clustered cross-section, rows of another."""
    periods: int
    """Periods."""


def power_findings(
    levers: Sequence[Lever],
    usual_sd: Mapping[str, float],
    extent: Extent,
    dictionary: Dictionary,
) -> tuple[Finding, ...]:
    """Return one finding per outcome for whose levers the panel is mostly too small.

    Levers that hang on the strength of a hidden driver, on whether they move the outcome or follow it, or on figures
    carried forward are left out.

    The size named follows from the smallest detectable effect of the typical lever concerned: an interval shrinks with
    the root of the number of rows. It is the least that would do, as an open direction does not close by itself.

    Parameters
    ----------
    levers : ranked and judged, with their reasons.
    usual_sd : how far every outcome usually moves (``levers.usual_spread``), its unit.
    extent : size of the panel.
    """
    outcomes = dict.fromkeys(lever.outcome for lever in levers)
    told = ([lever for lever in levers if lever.outcome == outcome] for outcome in outcomes)
    found = (_of_outcome(listed, usual_sd[listed[0].outcome], extent, dictionary) for listed in told)
    return tuple(finding for finding in found if finding is not None)


def _of_outcome(told: Sequence[Lever], sd: float, extent: Extent, dictionary: Dictionary) -> Finding | None:
    listed = [lever for lever in told if not any(lever.has_reason(code) for code in _NOT_OF_SIZE)]
    unseen = [lever for lever in listed if lever.has_reason("below-detectable")]
    if len(unseen) <= MANY * len(listed):
        return None
    outcome, apart = listed[0].outcome, _apart(len(told) - len(listed))
    smallest = median(lever.smallest_detectable for lever in unseen) / sd
    times = (smallest / USEFUL) ** 2
    entities, periods = _needed(extent, times)
    name, entry = dictionary.name(outcome), dictionary.indicators.get(outcome)
    unit = "" if entry is None else entry.unit
    seen, useful = amount(number(smallest * sd), unit), amount(number(USEFUL * sd), unit)
    crossed = extent.unit in ("cluster", "row")
    spread = Text("标准差", "") if crossed else Text("实体内标准差", " within entities")
    return about_indicators(
        "panel-too-small",
        "review",
        (outcome,),
        dictionary,
        message=Text(
            f"“{name.zh}”的 {len(listed)} 个候选指标中，有 {len(unseen)} 个判为“数据不足”：这份面板通常只能看清每步"
            f"至少 {seen.zh}的效应（“{name.zh}”{spread.zh}的 {number(smallest)} 倍），"
            f"而有用的效应是 {useful.zh}（{USEFUL} 倍）。看不清不等于没有效应。" + apart.zh,
            f"For {len(unseen)} of the {len(listed)} levers of '{name.en}' there is too little data: a panel of "
            f"this size typically shows effects from {seen.en} a step ({number(smallest)} SDs "
            f"of '{name.en}'{spread.en}), and {useful.en} ({USEFUL} SDs) would be useful. Not seen does "
            "not mean without effect." + apart.en,
        ),
        remedy=_remedy(entities, periods, extent.unit),
        params={
            "outcome": outcome,
            "levers": len(listed),
            "insufficient": len(unseen),
            "smallest_detectable": smallest * sd,
            "smallest_detectable_sd": smallest,
            "useful_sd": USEFUL,
            "entities": extent.entities,
            "periods": extent.periods,
            "entities_needed": entities,
            "periods_needed": periods,
        },
    )


def _apart(count: int) -> Text:
    """Say how many levers are not counted."""
    if count == 0:
        return Text("", "")
    return Text(
        f"另有 {count} 个指标取决于未观测到的共同驱动因素有多强、是否跟随目标指标，或数值几期才更新一次，未计入其中："
        "这不是数据量的问题。",
        f" Not counted: {count} more that hang on how strong a hidden driver is, on whether they follow the outcome, "
        "or on figures carried forward, which is no matter of size.",
    )


def _needed(extent: Extent, times: float) -> tuple[int | None, int | None]:
    """Return the entities and the periods that would do, each with the other as it is; ``None`` where it has no say, or
    where it is too far off to be told."""
    if times > FARTHEST:
        return None, None
    entities = None if extent.unit == "period" else ceil(extent.entities * times)
    periods = None if extent.unit in ("cluster", "row") else ceil(extent.periods * times)
    return entities, periods


def _remedy(entities: int | None, periods: int | None, unit: BlockUnit) -> Text:
    kind = {"row": Text("行数据", "rows"), "cluster": Text("个分组", "clusters")}.get(unit, Text("个实体", "entities"))
    more = Text(f"约 {entities} {kind.zh}", f"about {entities} {kind.en}")
    longer = Text(f"约 {periods} 期", f"about {periods} periods")
    if entities is None and periods is None:
        return Text(
            "这份面板远远不够；请先补充实体或时期，或先做小范围试验，而不要据此排除某个指标。",
            "This panel is far too small; collect more data first, or try a lever on a small scale, and rule none out "
            "because nothing was seen.",
        )
    if periods is None:
        size = more
    elif entities is None:
        size = longer
    else:
        size = Text(
            f"{more.zh}（期数不变），或{longer.zh}（实体不变）",
            f"{more.en} over as many periods, or {longer.en} of the same entities",
        )
    return Text(
        f"要看清有用的效应，至少需要{size.zh}；在此之前，请先做小范围试验，而不要据此排除某个指标。",
        f"To see a useful effect it takes at least {size.en}; until then try a lever on a small scale, and rule none "
        "out because nothing was seen.",
    )
