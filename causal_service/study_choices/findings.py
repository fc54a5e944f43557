"""What was found while learning, as findings; and the versions behind the numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from causal_service.discovery.discover import Discovery
from causal_service.discovery.driver_strength import MISJUDGED
from causal_service.discovery.hidden_driver import HiddenDriver
from causal_service.discovery.layer_check import Contradiction
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import listed
from causal_service.preparation.prepared import Prepared

__all__ = ["bent_findings", "driver_findings", "layer_findings", "library_findings", "unapplied_knowledge", "versions"]

MOST_SHOWN = 5
"""Arrows that a message names."""


def unapplied_knowledge(dictionary: Dictionary, studied: Sequence[str]) -> tuple[Finding, ...]:
    """Return one finding when required or forbidden arrows speak of indicators that are not in the study."""
    left_out = [a for a in (*dictionary.required, *dictionary.forbidden) if not {a[0], a[1]} <= set(studied)]
    if not left_out:
        return ()
    arrows = listed(f"{cause} -> {effect}" for cause, effect, _ in left_out)
    return (
        Finding(
            "knowledge-not-applied",
            "review",
            "panel",
            (),
            Text(
                f"以下已知条件涉及未进入研究的指标，未被使用：{arrows}。",
                f"Knowledge about indicators that are not in the study was not applied: {arrows}.",
            ),
            Text("请核对指标名称，以及这些指标为何被移除。", "Check the names, and why those indicators were removed."),
            {"arrows": tuple(f"{cause} -> {effect}" for cause, effect, _ in left_out)},
        ),
    )


def layer_findings(contradictions: Sequence[Contradiction], dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding per arrow that the layers force and the data turn around."""
    return tuple(
        Finding(
            "layer-contradiction",
            "review",
            "indicator",
            (c.source, c.target),
            Text(
                f"层级规定“{dictionary.name(c.source).zh}”先于“{dictionary.name(c.target).zh}”，"
                f"但不加层级约束时，{c.share:.0%} 的重抽样给出相反的方向。",
                f"The layers put '{dictionary.name(c.source).en}' before '{dictionary.name(c.target).en}', but without "
                f"layers {c.share:.0%} of resamples direct the arrow the other way.",
            ),
            Text(
                "请核对两者的层级；在核实之前，不要据此行动。",
                "Check the layers of the two; do not act on this arrow before.",
            ),
            {"source": c.source, "target": c.target, "share": c.share},
        )
        for c in contradictions
    )


def bent_findings(discovery: Discovery, dictionary: Dictionary) -> tuple[Finding, ...]:
    """Return one finding when mechanisms bend in at least half of the draws: their effects depend on the level."""
    names, p = discovery.names, len(discovery.names)
    share = np.mean([draw.bent for draw in discovery.draws], axis=0)
    pairs = np.maximum.reduce([share[:, lag * p : (lag + 1) * p] for lag in range(discovery.lags + 1)])
    present = np.stack([draw.found[:, -p:] for draw in discovery.draws])
    open_ = (present & present.transpose(0, 2, 1)).mean(axis=0) >= 0.5
    pairs = np.where(open_, np.triu(pairs + pairs.T), pairs)
    found = sorted(((x, y) for y, x in np.argwhere(pairs >= 0.5)), key=lambda at: (-pairs[at[1], at[0]], at))
    if not found:
        return ()
    shown = found[:MOST_SHOWN]
    more = len(found) - len(shown)
    ties = {(x, y): ("与", "and", "---") if open_[y, x] else ("→", "->", "->") for x, y in found}
    labels = {(x, y): (dictionary.name(names[x]), dictionary.name(names[y])) for x, y in found}
    zh = "、".join(f"“{labels[at][0].zh}”{ties[at][0]}“{labels[at][1].zh}”" for at in shown)
    en = ", ".join(f"'{labels[at][0].en}' {ties[at][1]} '{labels[at][1].en}'" for at in shown)
    return (
        Finding(
            "bent-mechanisms",
            "review",
            "indicator",
            tuple(sorted({names[i] for at in found for i in at})),
            Text(
                f"以下关系明显不是直线：{zh}{f'，另有 {more} 条' if more else ''}。效应是面板现有各期的平均值，"
                "区间适用于与这些时期相似的一期；在水平明显不同的时期，效应可能落在区间之外。",
                f"These links are clearly not straight: {en}{f' and {more} more' if more else ''}. Their effects are "
                "averages over the periods of the panel, their intervals hold for a period like those; at levels "
                "unlike them the effect can lie outside.",
            ),
            Text(
                "请勿把这些效应外推到面板水平之外；大幅调整前先小步验证。",
                "Do not carry these effects to levels outside the panel; move in small steps.",
            ),
            {"arrows": tuple(f"{names[x]} {ties[x, y][2]} {names[y]}" for x, y in found)},
        ),
    )


def driver_findings(
    drivers: Sequence[HiddenDriver], discovery: Discovery, dictionary: Dictionary, levers: Sequence[str]
) -> tuple[Finding, ...]:
    """Return one finding per outcome that seems to share a hidden driver with other indicators.

    A driver that explains the data only about as well as the arrows is mentioned when it puts a lever in doubt.
    """
    carried = sum(draw.loadings.size > 0 for draw in discovery.draws) / max(len(discovery.draws), 1)
    strongest = max(drivers, key=lambda driver: driver.evidence, default=None)
    return tuple(
        _driver_finding(driver, carried if driver is strongest else 0.0, dictionary)
        for driver in drivers
        if driver.strong or set(driver.doubted) & set(levers)
    )


def _driver_finding(driver: HiddenDriver, carried: float, dictionary: Dictionary) -> Finding:
    zh = "、".join(f"“{dictionary.name(name).zh}”" for name in driver.children)
    en = ", ".join(f"'{dictionary.name(name).en}'" for name in driver.children)
    outcome, better, beside = dictionary.name(driver.outcome), driver.evidence > 0, _carried(carried)
    return Finding(
        "hidden-driver",
        "review",
        "indicator",
        (driver.outcome, *driver.children),
        Text(
            f"“{outcome.zh}”与{zh}的共同变动，可能来自一个随时间变化的未观测因素"
            f"（约占“{outcome.zh}”波动的{driver.explained:.0%}）：与它们之间的因果箭头相比，这种解释"
            f"{'更符合' if better else '几乎同样符合'}数据。" + beside.zh,
            f"'{outcome.en}' and {en} move together as if something unmeasured that changes over time drove them all, "
            f"about {driver.explained:.0%} of the movement of '{outcome.en}'; that explains the data "
            f"{'better than' if better else 'almost as well as'} arrows between them. " + beside.en,
        ),
        Text(
            "请设法测量这一因素并加入面板；若它按大区或业务线变动，请先减去每组各期的均值；"
            "在此之前，先小范围试验，再据此行动。",
            "Measure that driver and add it to the panel; where it moves whole regions or business lines, subtract "
            "each group's mean of the period first; until then try such a lever on a small scale.",
        ),
        {
            "outcome": driver.outcome,
            "evidence": driver.evidence,
            "explained": driver.explained,
            "carried": carried,
            "doubted": driver.doubted,
        },
    )


_NARROW = Text(
    "受其影响的指标，效应的区间往往偏窄。", " The intervals of the levers that it puts in doubt tend to be too narrow."
)
"""Said unless most draws carry the driver (docs/decisions/0455)."""
_MOST = 0.5
"""Share of draws with the driver from which intervals beside it are wide enough."""


def _carried(share: float) -> Text:
    """Say in how many resamples effects are computed beside the driver, and what that makes of the intervals."""
    if share == 0:
        said = Text("表中的效应没有计入这一因素。", "The effects shown do not take it into account.")
    else:
        words = f"{share:.0%}" if share >= 0.005 else "<1%"
        said = Text(
            f"{words} 的重抽样按有此因素计算效应；数据难以断定它有多强，因此每次都假定它比估计的更强或更弱"
            f"（幅度最多 {MISJUDGED:.0%}），区间随之加宽。",
            f"Effects are computed beside it in {words} of resamples; the data do not tell well how strong it is, so "
            f"each of these takes it to be up to {MISJUDGED:.0%} stronger or weaker than estimated, which widens the "
            "intervals.",
        )
    return said if share >= _MOST else Text(said.zh + _NARROW.zh, said.en + _NARROW.en)


def library_findings(discovery: Discovery, prepared: Prepared) -> tuple[Finding, ...]:
    """Return what must be known when a library's graph was used: what was repaired, and that it was held fixed."""
    if discovery.graph_resampled:
        return ()
    fixed = Finding(
        "graph-held-fixed",
        "review",
        "panel",
        (),
        Text(
            f"{discovery.method} 的图只在全样本上学习一次，区间不含图本身的不确定性，往往偏窄。",
            f"The graph of {discovery.method} was learned once; intervals leave out its uncertainty, so they tend to "
            "be narrow.",
        ),
        Text("请改用默认方法 boss 以得到完整的区间。", "Use the default method boss for full intervals."),
        {"method": discovery.method, "effective_n": prepared.effective_n},
    )
    repaired = [
        Finding(
            "graph-repaired",
            "review",
            "panel",
            (),
            note,
            Text("请核对已知条件。", "Check it against what is known."),
            {"method": discovery.method},
        )
        for note in discovery.notes
    ]
    return (fixed, *repaired)


def versions() -> dict[str, str]:
    """Return the versions of what numbers depend on."""
    from importlib.metadata import version

    return {name: version(name) for name in ("causal-service", "numba", "numpy", "scipy")}
