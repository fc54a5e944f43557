"""The choices a study makes before and around the statistics: what is asked, of which columns, with how many lags.

Rules: METHOD, Definitions (Defaults, Identities, Findings, Regimes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from causal_service.discovery.discover import Discovery, check_method
from causal_service.discovery.hidden_driver import HiddenDriver
from causal_service.discovery.layer_check import Contradiction
from causal_service.errors import CallError, DataError, FailedCheck, Text
from causal_service.levers.ranking import Suspicions
from causal_service.panel.checks import removed_indicators, stopping
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.identities import Identity, identities
from causal_service.panel.identity_plan import resolve_identities
from causal_service.panel.labels import find_indicator, listed
from causal_service.panel.panel import Panel
from causal_service.preparation.lag_order import chosen_lags
from causal_service.preparation.prepared import Prepared, Total

__all__ = [
    "Question",
    "Studied",
    "check_options",
    "chosen_lag_order",
    "combined_suspicions",
    "driver_findings",
    "layer_findings",
    "library_findings",
    "no_outcome",
    "question_of",
    "refuse_if_stopped",
    "refuse_removed_levers",
    "studied_panel",
    "unapplied_knowledge",
    "versions",
]

SHORTEST = 4
"""Fewer periods than this: no lags, same-period effects only."""
FEWEST_DRAWS = 20
MOST_DRAWS = 100_000
MOST_THREADS = 1024
MOST_LAGS = 12
MOST_HORIZON = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, with every name resolved and every option checked."""

    outcomes: tuple[str, ...]
    """Keys of the outcomes, as asked."""
    levers: tuple[str, ...]
    """Keys of the levers, sorted."""
    horizon: int
    """Periods ahead."""
    resamples: int
    """Number of draws."""


@dataclass(frozen=True, slots=True)
class Studied:
    """The part of a panel that a study learns from."""

    panel: Panel
    """Without the indicators that were removed."""
    totals: tuple[Total, ...]
    """Exact sums that stay in the graph and follow their parts."""
    findings: tuple[Finding, ...]
    """What was decided about identities."""
    equations: dict[str, str]
    """The exact sum an indicator belongs to, in words."""


def refuse_if_stopped(findings: Sequence[Finding]) -> None:
    """Raise ``FailedCheck`` for the first panel-scoped ``fail``."""
    stops = stopping(findings)
    if stops:
        first = stops[0]
        raise FailedCheck(first.code, first.message, first.remedy, {"codes": [f.code for f in stops]})


def check_options(
    lags: int | str, horizon: int, resamples: int, seed: int, method: str = "boss", threads: int | None = None
) -> None:
    """Refuse options that no panel could make right.

    Raises
    ------
    CallError : ``option-out-of-range`` or ``unknown-method``.
    """
    _check_number("lags", lags, 0, MOST_LAGS, or_auto=True)
    _check_number("horizon", horizon, 0, MOST_HORIZON)
    _check_number("resamples", resamples, FEWEST_DRAWS, MOST_DRAWS)
    _check_number("seed", seed, 0, 2**63 - 1)
    if threads is not None:
        _check_number("threads", threads, 1, MOST_THREADS)
    check_method(method)


def question_of(
    panel: Panel,
    dictionary: Dictionary,
    outcome: str | Sequence[str],
    lever: str | Sequence[str],
    horizon: int,
    resamples: int,
) -> Question:
    """Return the question with every name resolved.

    Raises
    ------
    UnknownName : an outcome or lever is not in the panel; nearest names are offered.
    CallError : no outcome, or a lever that is an outcome.
    """
    names = (outcome,) if isinstance(outcome, str) else tuple(outcome)
    if not names:
        raise no_outcome(panel.indicators, dictionary)
    role = Text("结果指标", "outcome")
    outcomes = tuple(dict.fromkeys(find_indicator(n, panel.indicators, dictionary, role) for n in names))
    asked = (lever,) if isinstance(lever, str) else tuple(lever)
    levers = {find_indicator(n, panel.indicators, dictionary, Text("抓手指标", "lever")) for n in asked}
    clash = sorted(levers & set(outcomes))
    if clash:
        raise CallError(
            "lever-is-outcome",
            Text(f"“{clash[0]}”既是抓手又是结果指标。", f"'{clash[0]}' is both a lever and an outcome."),
            Text("请从其中一个清单中去掉它。", "Remove it from one of the two."),
            {"indicator": clash[0]},
        )
    return Question(outcomes, tuple(sorted(levers or _default_levers(panel, dictionary, outcomes))), horizon, resamples)


def no_outcome(indicators: Sequence[str], dictionary: Dictionary) -> CallError:
    """Return the refusal of a study without outcome: it offers the goals, else the last layer, else all indicators."""
    goals = [goal.indicator for goal in dictionary.goals if goal.indicator in indicators]
    layer_of = {n: dictionary.indicators[n].layer for n in indicators if n in dictionary.indicators}
    last = next((layer for layer in reversed(dictionary.layers) if layer in layer_of.values()), None)
    latest = [n for n, layer in layer_of.items() if layer is not None and layer == last]
    offered = tuple(dict.fromkeys(goals or latest or indicators))
    return CallError(
        "no-outcome",
        Text("没有给出结果指标（outcome）。", "No outcome was given."),
        Text(
            f"请指出要改善的指标，例如：{listed(offered, 8)}。",
            f"Name the indicator to be improved, for example: {listed(offered, 8)}.",
        ),
        {"candidates": list(offered)},
    )


def _default_levers(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> set[str]:
    """Controllable indicators if any is declared so, else those outside context and not after every outcome."""
    entries = dictionary.indicators
    controllable = {n for n in panel.indicators if n in entries and entries[n].controllable is True}
    if controllable:
        return controllable - (set(outcomes) if len(outcomes) == 1 else set())
    rank = {layer: i for i, layer in enumerate(dictionary.layers)}

    def place(name: str) -> int | None:
        layer = entries[name].layer if name in entries else None
        return None if layer is None else rank[layer]

    latest = [place(outcome) for outcome in outcomes]
    last = None if None in latest else max(p for p in latest if p is not None)
    context = rank.get("context")
    return {
        n
        for n in panel.indicators
        if (n not in outcomes or len(outcomes) > 1)
        and (n not in entries or entries[n].controllable is not False)
        and (place(n) is None or (place(n) != context and (last is None or (place(n) or 0) <= last)))
    }


def _check_number(name: str, value: object, low: int, high: int, *, or_auto: bool = False) -> None:
    if or_auto and value == "auto":
        return
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise CallError(
            "option-out-of-range",
            Text(f"选项 {name} 的值 {value!r} 无效。", f"Option {name} is {value!r}."),
            Text(
                f"请给出 {low} 到 {high} 之间的整数{'或 auto' if or_auto else ''}。",
                f"Give a whole number from {low} to {high}{' or auto' if or_auto else ''}.",
            ),
            {"option": name, "low": low, "high": high},
        )


def studied_panel(panel: Panel, dictionary: Dictionary, question: Question, findings: Sequence[Finding]) -> Studied:
    """Return the panel without removed indicators, the totals that stay, and what was decided.

    A total that is an exact sum stays in the graph behind its parts; other computed indicators leave.
    """
    removed = set(removed_indicators(findings)) - set(question.outcomes)
    kept = _only(panel, [n for n in panel.indicators if n not in removed])
    plan = resolve_identities(identities(kept, question.outcomes), dictionary, question.outcomes, question.levers)
    totals = _totals(plan.derived, dictionary)
    stay = {total.name for total in totals}
    dropped = set(plan.dropped) - stay
    equations = {
        member: identity.equation()
        for identity in plan.derived
        if identity.target in stay
        for member in identity.members
    }
    decided = tuple(
        f
        for f in plan.findings
        if f not in findings and not (f.scope == "indicator" and set(f.indicators) & stay and f.severity == "fail")
    )
    return Studied(_only(kept, [n for n in kept.indicators if n not in dropped]), totals, decided, equations)


def refuse_removed_levers(
    asked: str | Sequence[str], question: Question, studied: Studied, findings: Sequence[Finding]
) -> None:
    """Raise ``DataError`` when a lever asked for by name was removed; the finding that removed it is quoted."""
    if not asked:
        return
    for name in question.levers:
        if name not in studied.panel.indicators:
            why = next((f for f in findings if name in f.indicators and f.severity != "pass"), None)
            raise DataError(
                "lever-removed",
                Text(
                    f"抓手“{name}”未能进入研究。{'' if why is None else why.message.zh}",
                    f"The lever '{name}' was removed from the study. {'' if why is None else why.message.en}".strip(),
                ),
                Text("请换一个抓手，或更正该指标的数据。", "Ask for another lever, or mend this indicator's data.")
                if why is None
                else why.remedy,
                {"lever": name, "finding": None if why is None else why.code},
            )


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


def _only(panel: Panel, names: Sequence[str]) -> Panel:
    columns = [panel.indicators.index(name) for name in names]
    return replace(panel, indicators=tuple(names), values=panel.values[:, :, columns])


def _totals(derived: Sequence[Identity], dictionary: Dictionary) -> tuple[Total, ...]:
    """Return the exact sums that may follow their parts within a period, written over parts that are no totals."""
    rank = {layer: i for i, layer in enumerate(dictionary.layers)}

    def place(name: str) -> int | None:
        entry = dictionary.indicators.get(name)
        return None if entry is None or entry.layer is None else rank[entry.layer]

    out: dict[str, Total] = {}
    computed = {identity.target for identity in derived}
    for identity in derived:
        weights: dict[str, float] = {}
        for part, weight in zip(identity.parts, identity.coefficients, strict=True):
            inner = out.get(part)
            if inner is None:
                weights[part] = weights.get(part, 0.0) + weight
            else:
                for base, share in zip(inner.parts, inner.coefficients, strict=True):
                    weights[base] = weights.get(base, 0.0) + weight * share
        parts = tuple(sorted(weights))
        own = place(identity.target)
        follows = own is None or all((place(part) or 0) <= own for part in parts)
        if identity.additive and follows and not set(parts) & (computed - set(out)):
            out[identity.target] = Total(identity.target, parts, tuple(weights[part] for part in parts))
    return tuple(out.values())


def chosen_lag_order(
    studied: Studied, dictionary: Dictionary, lags: int | Literal["auto"]
) -> tuple[int, Literal["given", "auto", "regime"]]:
    """Return (lags, who chose them)."""
    panel = studied.panel
    if panel.regime == "cross-section" or len(panel.periods) < SHORTEST:
        return 0, "regime"
    if lags == "auto":
        return chosen_lags(panel, dictionary, studied.totals), "auto"
    return lags, "given"


def combined_suspicions(
    findings: Sequence[Finding],
    contradictions: Sequence[Contradiction],
    drivers: Sequence[HiddenDriver],
    studied: Studied,
    outcome: str,
) -> Suspicions:
    """Return what all checks together say about single indicators, for one outcome."""
    leaks = {
        name
        for f in findings
        if f.code == "suspected-leak" and f.severity != "pass" and f.params.get("outcome", outcome) == outcome
        for name in f.indicators
    }
    failed = {
        name: f.code for f in findings if f.scope == "indicator" and f.severity == "fail" for name in f.indicators
    }
    fixed = any(f.code == "graph-held-fixed" for f in findings)
    turned = frozenset(c.source for c in contradictions if c.target == outcome)
    driven = frozenset(name for driver in drivers if driver.outcome == outcome for name in driver.doubted)
    return Suspicions(frozenset(leaks), turned, failed, studied.equations, driven, fixed)


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


def driver_findings(
    drivers: Sequence[HiddenDriver], dictionary: Dictionary, levers: Sequence[str]
) -> tuple[Finding, ...]:
    """Return one finding per outcome that seems to share a hidden driver with other indicators.

    A driver that explains the data only about as well as the arrows is mentioned when it puts a lever in doubt.
    """
    findings = []
    for driver in drivers:
        better = driver.evidence > 0
        if not better and not set(driver.doubted) & set(levers):
            continue
        zh = "、".join(f"“{dictionary.name(name).zh}”" for name in driver.children)
        en = ", ".join(f"'{dictionary.name(name).en}'" for name in driver.children)
        findings.append(
            Finding(
                "hidden-driver",
                "review",
                "indicator",
                (driver.outcome, *driver.children),
                Text(
                    f"“{dictionary.name(driver.outcome).zh}”与{zh}的共同变动，可能来自一个随时间变化的未观测因素："
                    f"与它们之间的因果箭头相比，这种解释{'更符合' if better else '几乎同样符合'}数据。",
                    f"'{dictionary.name(driver.outcome).en}' and {en} move together as if something unmeasured that "
                    "changes over time drove them all; that explains the data "
                    f"{'better than' if better else 'almost as well as'} arrows between them.",
                ),
                Text(
                    "请设法测量这一因素并加入面板；在此之前，先小范围试验，再据此行动。",
                    "Measure that driver and add it to the panel; until then try such a lever on a small scale first.",
                ),
                {"outcome": driver.outcome, "evidence": driver.evidence, "doubted": driver.doubted},
            )
        )
    return tuple(findings)


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
