"""Is there enough of it: cells, calendar, periods, entities, weights, and the effect that could have been seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import listed, noted, number, percent
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, about_panel, passed
from causal_service.panel.units import amount
from causal_service.panel.variation import pooled_sd

__all__ = [
    "calendar_gaps",
    "checked_on_sample",
    "effective_rows",
    "entity_count",
    "missing_values",
    "period_count",
    "regime_seen",
    "sufficiency",
    "thin_cells",
]

MOSTLY_MISSING, OFTEN_MISSING = 0.9, 0.2
FEW_ENTITIES, FEW_ROWS, FEW_PERIODS, LEAST_PERIODS = 15, 30, 4, 2
THIN = 5
"""Observations behind a cell below which its mean is mostly noise."""
USEFUL = 0.2
"""A useful effect, in outcome standard deviations (METHOD, verdicts)."""
POWER = 2.8
"""Normal quantiles of a two-sided 5 % test with power .8: 1.96 + .84."""


def regime_seen(panel: Panel) -> list[Finding]:
    """Say which kind of data this is and why."""
    entities, periods = panel.present.shape
    zh, en = {
        "panel": (
            f"面板数据：{entities} 个实体 × {periods} 期（有时间列且实体不止一个）。",
            f"Panel: {entities} entities x {periods} periods (a period column and more than one entity).",
        ),
        "series": (
            f"单一时间序列：1 个实体 × {periods} 期（有时间列，只有一个实体）。",
            f"Series: one entity x {periods} periods (a period column and a single entity).",
        ),
        "cross-section": (
            f"截面数据：{entities} 行（没有时间列）。",
            f"Cross-section: {entities} rows (no period column).",
        ),
    }[panel.regime]
    params: Params = {"regime": panel.regime, "entities": entities, "periods": periods, "frequency": panel.frequency}
    return [about_panel("regime", "pass", message=Text(zh, en), params=params)]


def checked_on_sample(panel: Panel) -> list[Finding]:
    """Say that a panel too large for memory is checked on a sample of its entities."""
    if panel.behind is None:
        return []
    entities, of = len(panel.entities), len(panel.behind.entities)
    params: Params = {"entities": entities, "of": of, "rows": panel.behind.rows}
    message = Text(
        f"面板（{panel.behind.rows} 行）分批读取：规模、日历、空值和矩按全部数据计算；"
        f"其余检查只看 {of} 个实体中按名称散列抽取的 {entities} 个。",
        f"The panel ({panel.behind.rows} rows) is read in pieces: size, calendar, empty cells and moments "
        f"are those of all rows; the other checks look at {entities} of {of} entities, drawn by a hash of their "
        "labels.",
    )
    return [about_panel("checked-on-sample", "pass", message=message, params=params)]


def empty_share(panel: Panel) -> NDArray[np.float64]:
    """Return the share of empty cells of every indicator, over all rows."""
    if panel.behind is None:
        return np.asarray(np.isnan(panel.values[panel.present]).mean(axis=0))
    return panel.behind.empty_share(panel.indicators)


def missing_values(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> list[Finding]:
    """Judge the share of empty cells of every indicator; an outcome without any value stops the study."""
    share = empty_share(panel)
    by_name = dict(zip(panel.indicators, share.tolist(), strict=True))
    findings = [_no_outcome(name, dictionary) for name in outcomes if by_name[name] == 1]
    gone = [name for name, part in by_name.items() if part > MOSTLY_MISSING and name not in outcomes]
    often = [name for name, part in by_name.items() if part > OFTEN_MISSING and part < 1 and name not in gone]
    for names, severity, verb in ((gone, "fail", _GONE), (often, "review", _OFTEN)):
        if names:
            shares, target = tuple(by_name[name] for name in names), set(names) & set(outcomes)
            shown = noted(dictionary, {name: percent(by_name[name]) for name in names})
            message = Text(verb.zh.format(shown.zh), verb.en.format(shown.en))
            findings.append(
                about_indicators(
                    "missing-values",
                    severity,  # type: ignore[arg-type]
                    names,
                    dictionary,
                    message=message,
                    remedy=Text(_FILL.zh + _AT_RANDOM.zh, f"{_FILL.en} {_AT_RANDOM.en}") if target else _FILL,
                    params={"shares": shares},
                )
            )
    if findings:
        return findings
    mean, worst = float(share.mean()), float(share.max())
    text = Text(
        f"空单元格占 {percent(mean)}，单个指标最多 {percent(worst)}。",
        f"{percent(mean)} of cells are empty, at most {percent(worst)} of one indicator.",
    )
    return [passed("missing-values", text, {"share": mean, "largest": worst})]


_GONE = Text(
    "几乎没有数值，不参与研究（空值比例）：{0}。", "Hardly measured and left out of the study (share empty): {0}."
)
_OFTEN = Text("空值较多（空值比例）：{0}。", "Often missing (share empty): {0}.")
_FILL = Text(
    "请补录数据；空值按其余指标推断，不以均值填充。",
    "Supply the values where possible; gaps are inferred from the other indicators, never filled with means.",
)


_AT_RANDOM = Text(
    "目标指标若恰在表现差（或好）时缺失，任何方法得到的效应都会有偏，请先查明缺失的原因。",
    "Where the outcome is missing just when it is bad (or good), effects are wrong by any method: find out why it is "
    "missing first.",
)


def _no_outcome(name: str, dictionary: Dictionary) -> Finding:
    label = dictionary.name(name)
    return about_panel(
        "missing-values",
        "fail",
        message=Text(f"目标指标“{label.zh}”没有任何数值。", f"The outcome {label.en!r} has no values at all."),
        remedy=Text("请补充目标指标的数据，或改选目标指标。", "Supply its values, or choose another outcome."),
        params={"outcome": name, "share": 1.0},
    )


def calendar_gaps(panel: Panel) -> list[Finding]:
    """Report absent cells between an entity's first and last period; they break lags and are never bridged."""
    if panel.regime == "cross-section":
        return []
    present = panel.present
    started = np.cumsum(present, axis=1) > 0
    ended = np.cumsum(present[:, ::-1], axis=1)[:, ::-1] > 0
    gap = started & ended & ~present
    cells = int(gap.sum())
    if not cells:
        text = Text("每个实体在首末期之间没有缺期。", "No entity misses a period between its first and last.")
        return [passed("calendar-gap", text, {"cells": 0})]
    rows = np.flatnonzero(gap.any(axis=1))
    first = [f"{panel.entities[row]}/{panel.periods[int(np.argmax(gap[row]))]}" for row in rows[:3]]
    share = cells / int((started & ended).sum())
    message = Text(
        f"{rows.size} 个实体共缺 {cells} 期（占 {percent(share)}），例如 {listed(first)}。",
        f"{rows.size} entities miss {cells} periods in between ({percent(share)}), for example {listed(first)}.",
    )
    remedy = Text("请补录缺期；缺期处的滞后关系不参与计算。", "Supply these periods; lags across a gap are not used.")
    params: Params = {"cells": cells, "entities": int(rows.size), "share": share}
    return [about_panel("calendar-gap", "review", message=message, remedy=remedy, params=params)]


def period_count(panel: Panel) -> list[Finding]:
    """Judge the number of periods that carry data."""
    if panel.regime == "cross-section":
        return []
    periods = int(panel.present.any(axis=0).sum())
    params: Params = {"periods": periods, "needed": FEW_PERIODS}
    if periods < LEAST_PERIODS:
        message = Text(
            "只有一期数据，无法分析随时间的变化。", "There is a single period; nothing can be seen over time."
        )
        remedy = Text("请提供更多期，或不给出时间列按截面研究。", "Give more periods, or leave out the period column.")
        return [about_panel("too-few-periods", "fail", message=message, remedy=remedy, params=params)]
    if periods < FEW_PERIODS:
        message = Text(
            f"只有 {periods} 期，滞后效应难以识别（建议至少 {FEW_PERIODS} 期）。",
            f"There are {periods} periods; effects over time are hard to see (at least {FEW_PERIODS} are advised).",
        )
        remedy = Text("请补充历史数据。", "Add earlier periods.")
        return [about_panel("too-few-periods", "review", message=message, remedy=remedy, params=params)]
    return [passed("too-few-periods", Text(f"共有 {periods} 期。", f"There are {periods} periods."), params)]


def entity_count(panel: Panel) -> list[Finding]:
    """Judge the number of entities (rows of a cross-section)."""
    if panel.regime == "series":
        return []
    rows = panel.regime == "cross-section"
    count, needed = len(panel.entities), FEW_ROWS if rows else FEW_ENTITIES
    params: Params = {"entities": count, "needed": needed}
    word = Text("行" if rows else "个实体", "rows" if rows else "entities")
    if count < needed:
        message = Text(
            f"只有 {count} {word.zh}，结论的区间会很宽（建议至少 {needed} {word.zh}）。",
            f"There are {count} {word.en}; intervals will be wide (at least {needed} are advised).",
        )
        remedy = Text("请补充更多数据行。", "Add rows.") if rows else _MORE_ENTITIES
        return [about_panel("too-few-entities", "review", message=message, remedy=remedy, params=params)]
    return [passed("too-few-entities", Text(f"共有 {count} {word.zh}。", f"There are {count} {word.en}."), params)]


_MORE_ENTITIES = Text("请纳入更多同类实体。", "Include more entities of the same kind.")
_MORE_DATA = {
    "panel": Text(
        "请增加期数或实体，较小的效应目前看不出来。", "Add periods or entities; smaller effects cannot be seen yet."
    ),
    "series": Text(
        "请增加期数，或提供多个同类实体；较小的效应目前看不出来。",
        "Add periods, or bring several similar entities; smaller effects cannot be seen yet.",
    ),
    "cross-section": Text("请增加数据行，较小的效应目前看不出来。", "Add rows; smaller effects cannot be seen yet."),
}


def thin_cells(panel: Panel) -> list[Finding]:
    """Report cells that rest on few observations."""
    if panel.weights is None:
        return []
    weights = panel.weights[panel.present]
    share, middle = float((weights < THIN).mean()), float(np.median(weights))
    params: Params = {"share": share, "median": middle, "threshold": THIN}
    if share < 0.25:
        text = Text(
            f"每格观测数的中位数为 {number(middle)}。", f"The median cell rests on {number(middle)} observations."
        )
        return [passed("thin-cells", text, params)]
    message = Text(
        f"{percent(share)} 的单元格不足 {THIN} 个观测（中位数 {number(middle)}），均值噪声较大。",
        f"{percent(share)} of cells rest on fewer than {THIN} observations (median {number(middle)}); means are noisy.",
    )
    remedy = Text("请改用更粗的实体或周期。", "Use coarser entities or periods.")
    return [about_panel("thin-cells", "review", message=message, remedy=remedy, params=params)]


def effective_rows(panel: Panel, indicator: str) -> float:
    """Return the rows that carry information about ``indicator``: measured cells less the effects removed.

    Those are entity and period effects in a panel, level and trend in a series, the mean in a cross-section.

    Weights count by Kish's effective size ``(sum w)^2 / sum w^2``.
    """
    column = panel.values[:, :, panel.indicators.index(indicator)]
    seen = np.isfinite(column) & panel.present
    rows = float(seen.sum())
    if panel.weights is not None and seen.any():
        w = panel.weights[seen]
        rows = float(w.sum() ** 2 / (w**2).sum()) if w.any() else 0.0
    effects = {"series": 2, "cross-section": 1}.get(panel.regime, seen.any(axis=1).sum() + seen.any(axis=0).sum() - 1)
    if panel.behind is not None:
        present = panel.behind.present
        rows *= (1 - panel.behind.empty_share([indicator])[0]) * present.sum() / max(seen.sum(), 1)
        effects = present.any(axis=1).sum() + present.any(axis=0).sum() - 1
    return max(rows - float(effects), 0.0)


def sufficiency(
    panel: Panel, dictionary: Dictionary, outcomes: Sequence[str], left: NDArray[np.float64]
) -> list[Finding]:
    """State the smallest effect on each outcome that this much data could have shown (power .8, alpha .05).

    ``2.8 / sqrt(n)`` outcome standard deviations per standard deviation of a lever, after entity and period effects.
    ``left`` is the ``within_residual`` of the panel.
    """
    sd = pooled_sd(left)
    return [_detectable(panel, dictionary, name, float(sd[panel.indicators.index(name)])) for name in outcomes]


def _detectable(panel: Panel, dictionary: Dictionary, outcome: str, sd: float) -> Finding:
    rows = effective_rows(panel, outcome)
    smallest = POWER / np.sqrt(rows) if rows >= 1 else None
    entry = dictionary.indicators.get(outcome)
    label, unit = dictionary.name(outcome), entry.unit if entry is not None else ""
    params: Params = {
        "outcome": outcome,
        "effective_rows": rows,
        "smallest_detectable": None if smallest is None else float(smallest),
        "smallest_detectable_unit": None if smallest is None else float(smallest * sd),
        "unit": unit,
    }
    if smallest is None:
        message = Text(f"“{label.zh}”没有可用的有效行。", f"{label.en!r} leaves no effective rows.")
        remedy = Text("请补充数据。", "Add data.")
        return about_indicators(
            "sufficiency", "review", [outcome], dictionary, message=message, remedy=remedy, params=params
        )
    seen = amount(number(smallest * sd), unit)
    message = Text(
        f"约 {rows:.0f} 行有效数据；对“{label.zh}”能识别的最小效应约为 {smallest:.2f} 个标准差（{seen.zh}）。",
        f"About {rows:.0f} effective rows; the smallest effect on {label.en!r} that could be seen is "
        f"{smallest:.2f} standard deviations ({seen.en}).",
    )
    if smallest <= USEFUL:
        return about_indicators("sufficiency", "pass", [outcome], dictionary, message=message, params=params)
    remedy = _MORE_DATA[panel.regime]
    return about_indicators(
        "sufficiency", "review", [outcome], dictionary, message=message, remedy=remedy, params=params
    )
