"""Relations that do not hold throughout: effects changed midway, slopes that differ by entity, entities that drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causal_service.discovery.stability import EntitySlope, Shift
from causal_service.discovery.uneven_links import UnevenLink
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import number
from causal_service.panel.panel import Panel
from causal_service.panel.statements import about_indicators, about_panel
from causal_service.panel.units import unit_words
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import Total, within_rows

__all__ = ["drift_findings", "kept_drift_findings", "shift_findings", "slope_findings", "uneven_findings"]


def shift_findings(shifts: Sequence[Shift], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per effect that is not the same in the two halves of the time."""
    return tuple(_shift(shift, dictionary) for shift in shifts)


def _shift(shift: Shift, dictionary: Dictionary) -> Finding:
    lever, outcome, unit = (
        dictionary.name(shift.lever),
        dictionary.name(shift.outcome),
        _unit(shift.outcome, dictionary),
    )
    before, after = number(shift.before), number(shift.after)
    return about_indicators(
        "effect-shifted",
        "review",
        (shift.lever, shift.outcome),
        dictionary,
        message=Text(
            f"“{lever.zh}”对“{outcome.zh}”的效应中途变了：前半段每单位 {before}，后半段 {after}{unit.zh}。",
            f"The effect of '{lever.en}' on '{outcome.en}' changed half way: {before} per unit in the first half, "
            f"{after} in the second{unit.en}.",
        ),
        remedy=Text(
            "请核对这期间是否有流程、口径或系统的变更；若有，只用变更之后的数据重新研究。",
            "Look for a change of process, definition or system in between; if there was one, study the time after it.",
        ),
        params={"lever": shift.lever, "outcome": shift.outcome, "before": shift.before, "after": shift.after},
    )


def _unit(outcome: str, dictionary: Dictionary) -> Text:
    entry = dictionary.indicators.get(outcome)
    unit = "" if entry is None else entry.unit
    words = unit_words(unit)
    return Text(f"（{words.zh}）" if words.zh else "", f" ({words.many})" if words.many else "")


def slope_findings(slopes: Sequence[EntitySlope], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding for the arrows whose coefficients differ by entity, the most spread ones quoted."""
    if not slopes:
        return ()
    widest = sorted(slopes, key=lambda s: (-s.sd / max(abs(s.mean), 1e-300), s.target, s.source))
    first = widest[0]
    cause, effect = dictionary.name(first.source), dictionary.name(first.target)
    return (
        about_indicators(
            "slopes-differ",
            "review",
            tuple(dict.fromkeys(name for slope in widest for name in (slope.source, slope.target))),
            dictionary,
            message=Text(
                f"{len(slopes)} 条关系的强弱因实体而异；差别最大的是“{cause.zh}”对“{effect.zh}”：每单位平均"
                f" {number(first.mean)}，各实体间的标准差 {number(first.sd)}{_unit(first.target, dictionary).zh}。",
                f"{len(slopes)} {'relation is' if len(slopes) == 1 else 'relations are'} not equally strong in all "
                f"entities; most of all '{cause.en}' on '{effect.en}': {number(first.mean)} per unit on average, with "
                f"a standard deviation of {number(first.sd)} between entities{_unit(first.target, dictionary).en}.",
            ),
            remedy=Text(
                "给出的效应是平均值；行动前请按类型（规模、业态）分组研究。",
                "The effects stated are averages; study groups of similar entities apart before acting in one of them.",
            ),
            params={
                "arrows": tuple(f"{s.source}[t-{s.lag}] -> {s.target}" for s in widest),
                "means": tuple(s.mean for s in widest),
                "sds": tuple(s.sd for s in widest),
            },
        ),
    )


def uneven_findings(links: Sequence[UnevenLink], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per link whose coefficient over all rows is not that of the average entity."""
    return tuple(_uneven(link, dictionary) for link in links)


def _uneven(link: UnevenLink, dictionary: Dictionary) -> Finding:
    cause, effect = dictionary.name(link.source), dictionary.name(link.target)
    pooled, mean, unit = number(link.pooled), number(link.mean), _unit(link.target, dictionary)
    return about_indicators(
        "uneven-average",
        "review",
        (link.source, link.target),
        dictionary,
        message=Text(
            f"“{cause.zh}”变动大的实体，其对“{effect.zh}”的作用与变动小的实体不同：按全部数据计每单位 {pooled}，"
            f"各实体平均约 {mean}{unit.zh}。给出的效应以变动大的实体为主。",
            f"Entities that move '{cause.en}' far have another effect on '{effect.en}' than those that do not: "
            f"{pooled} per unit over all rows, about {mean} on average over entities{unit.en}. The effects stated are "
            "mostly those of the former.",
        ),
        remedy=Text(
            "请按变动幅度或类型把实体分组研究（--segment），并查看各实体的效应；在此之前只做小范围试验。",
            "Study groups of entities apart (--segment), by type or by how far they move it, and look at the effects "
            "by entity; until then try it on a small scale.",
        ),
        params={"source": link.source, "target": link.target, "pooled": link.pooled, "mean": link.mean},
    )


def drift_findings(prepared: Prepared) -> tuple[Finding, ...]:
    """Return the finding that entities drift apart, and what was done about it."""
    if prepared.drift == "none":
        return ()
    N = prepared.entities
    message, remedy = {
        "trends": (
            Text(
                f"{N} 个实体各自沿不同方向持续漂移；已逐个剔除线性趋势，只比较围绕趋势的波动。",
                f"The {N} entities drift apart along trends of their own; a straight trend of each was removed, so "
                "that only swings around it are compared.",
            ),
            Text(
                "请把推动漂移的因素（改造进度、人员更替）作为指标加入；漂移若不是直线，区间可能偏窄。",
                "Add what drives the drift (a roll-out, turnover of staff) as an indicator; where the drift is not "
                "straight, intervals may be too narrow.",
            ),
        ),
        "walks": (
            Text(
                f"{N} 个实体中有指标的冲击几乎不消退（近似随机游走）；已逐个剔除线性趋势，但区间仍可能偏窄。",
                f"Shocks to some indicator hardly ever fade in the {N} entities (close to a random walk); a straight "
                "trend of each was removed, but intervals may still be too narrow.",
            ),
            Text(
                "请改用环比变化或比率等不累积的指标，例如以新增代替存量。",
                "Use indicators that do not accumulate, such as new cases in the place of a stock, or period changes.",
            ),
        ),
    }[prepared.drift]
    code = "entity-trends" if prepared.drift == "trends" else "near-unit-root"
    return (about_panel(code, "review", message=message, remedy=remedy, params={"entities": N}),)


def kept_drift_findings(
    panel: Panel, dictionary: Dictionary, totals: Sequence[Total], lags: int
) -> tuple[Finding, ...]:
    """Return the finding that entities of a panel read in pieces drift apart, by its sample: their trends stay in."""
    if panel.behind is None:
        return ()
    sample = within_rows(replace(panel, behind=None), dictionary, totals, lags)
    if sample.drift == "none":
        return ()
    N, of = len(panel.entities), len(panel.behind.entities)
    return (
        about_panel(
            "entity-trends-kept",
            "review",
            message=Text(
                f"抽查的 {N} 个实体（共 {of} 个）各自沿不同方向持续漂移；分块读取的面板不剔除逐个实体的趋势，"
                "效应中含有这些漂移。",
                f"The {N} entities looked at, of {of}, drift apart along trends of their own; a panel that is read in "
                "pieces keeps such trends, so effects contain the drift.",
            ),
            remedy=Text(
                "内存足够时请整体读入（stream=False）；否则请改用环比变化，或把推动漂移的因素作为指标加入。",
                "Read it into memory where it fits (stream=False); else study period changes, or add what drives the "
                "drift as an indicator.",
            ),
            params={"entities": N, "of": of, "drift": sample.drift},
        ),
    )
