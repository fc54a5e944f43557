# ruff: noqa: E501  (rows of figures read better on one line)
"""A finished study as a report sees it: one manufacturer, 48 plants, 36 months, 16 indicators in five layers.

The figures are made up but plausible; the structure follows the founding case (delivery cycle -> on-time rate ->
satisfaction -> repurchase), with two popular non-levers (training hours, customer visits).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from causal_service.effects.average_effects import AverageEffect
from causal_service.effects.checks import Check
from causal_service.effects.crosscheck import Crosscheck
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.entity_effects import ByEntity
from causal_service.effects.identification import Identification
from causal_service.effects.moderation_results import Moderation, NoModeration
from causal_service.effects.results import Effect
from causal_service.effects.robustness import Contour
from causal_service.effects.segments import BySegment
from causal_service.effects.system import System
from causal_service.errors import Text
from causal_service.explanation.rehearsal_sentences import rehearsal_sentence
from causal_service.explanation.results import Chain, Contrast, Mediation
from causal_service.explanation.wording import (
    answer_text,
    chain_sentence,
    contrast_sentence,
    lever_sentence,
    reason_text,
)
from causal_service.graph.causal_graph import CausalGraph, Certificate, Edge, Node
from causal_service.levers.results import Lever, Reason
from causal_service.panel.findings import Finding
from causal_service.panel.summary import IndicatorSummary, PanelSummary
from causal_service.rehearsal.results import Calibration, Rehearsal, RehearsedOutcome

LAYERS = ("context", "innovation", "process", "business", "strategic")


@dataclass(frozen=True, slots=True)
class Plan:
    """The resolved options, as ``study.StudyPlan`` has them."""

    outcomes: tuple[str, ...] = ("satisfaction",)
    levers: tuple[str, ...] | None = None
    entity: str | None = "plant"
    period: str | None = "month"
    lags: int = 1
    horizon: int = 3
    resamples: int = 200
    seed: int = 0
    method: str = "boss"
    weight: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the numbers come from."""

    seed: int
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class SampleAnswer:
    outcome: str
    text: Text


@dataclass(frozen=True, slots=True)
class SampleStudy:
    """Has exactly the attributes of ``StudyParts``."""

    regime: str
    panel: PanelSummary
    plan: object
    indicators: tuple[IndicatorSummary, ...]
    layers: tuple[str, ...]
    findings: tuple[Finding, ...]
    graph: CausalGraph
    effects: tuple[Effect, ...]
    levers: tuple[Lever, ...]
    chains: tuple[Chain, ...]
    contrast: tuple[Contrast, ...]
    answers: tuple[SampleAnswer, ...]
    provenance: object
    rehearsal: Rehearsal | None = None
    segments: BySegment | None = None
    entity_effects: ByEntity | None = None
    system: System | None = None
    mediation: tuple[Mediation, ...] = ()
    identification: tuple[Identification, ...] = ()
    doses: tuple[DoseResponse | NoDoseResponse, ...] = ()
    moderation: tuple[Moderation | NoModeration, ...] = ()
    checks: tuple[Check, ...] = ()
    contours: tuple[Contour, ...] = ()
    average_effects: tuple[AverageEffect, ...] = ()
    crosscheck: tuple[Crosscheck, ...] = ()


# key, zh, en, layer, unit, better, controllable, owner, mean, sd, within
_INDICATORS = (
    ("order_volume", "订单量", "Order volume", "context", "件", None, False, "销售部", 1160, 310, 88),
    ("custom_share", "定制订单占比", "Share of custom orders", "context", "%", None, False, "销售部", 25, 5.1, 3.2),
    ("training_hours", "人均培训时长", "Training hours per employee", "innovation", "hours", "higher", True, "人力资源部", 6.1, 2.2, 1.1),
    ("improvement_proposals", "改善提案数", "Improvement proposals", "innovation", "件/百人", "higher", True, "精益推进办", 12, 4, 2.6),
    ("automation_rate", "设备自动化率", "Automation rate", "innovation", "%", "higher", True, "设备部", 48, 9, 2.1),
    ("supplier_on_time", "供应商准时到货率", "Supplier on-time rate", "process", "%", "higher", True, "采购部", 82, 6.4, 3.3),
    ("equipment_uptime", "设备开机率", "Equipment uptime", "process", "%", "higher", True, "设备部", 84, 4.1, 2.2),
    ("first_pass_yield", "一次合格率", "First-pass yield", "process", "%", "higher", True, "质量部", 91, 3.1, 1.6),
    ("approval_days", "订单审批时长", "Approval time", "process", "days", "lower", True, "订单管理部", 2.1, 0.7, 0.41),
    ("delivery_cycle", "订单交付周期", "Delivery cycle", "process", "days", "lower", True, "生产计划部", 16.2, 3.1, 1.3),
    ("on_time_rate", "准时交付率", "On-time delivery rate", "business", "%", "higher", False, "生产计划部", 81, 6.2, 3.1),
    ("return_rate", "退货率", "Return rate", "business", "%", "lower", False, "质量部", 3.1, 0.9, 0.44),
    ("customer_visits", "客户拜访次数", "Customer visits", "business", "次", "higher", True, "销售部", 3.6, 1.4, 0.6),
    ("satisfaction", "客户满意度", "Customer satisfaction", "business", "points", "higher", False, "客户服务部", 77.4, 4.6, 2.1),
    ("repurchase_rate", "复购率", "Repurchase rate", "strategic", "%", "higher", False, "销售部", 61, 6.6, 2.9),
    ("collection_rate", "回款率", "Collection rate", "strategic", "%", "higher", False, "财务部", 80, 5.2, 2.4),
)  # fmt: skip

# source, target, lag, mark, frequency, strength
_EDGES = (
    ("order_volume", "order_volume", 1, "-->", 1.0, 0.55),
    ("order_volume", "training_hours", 0, "-->", 0.88, -0.19),
    ("order_volume", "supplier_on_time", 0, "-->", 0.97, -0.2),
    ("order_volume", "equipment_uptime", 0, "-->", 0.92, -0.15),
    ("order_volume", "approval_days", 0, "-->", 0.71, 0.11),
    ("order_volume", "delivery_cycle", 0, "-->", 0.99, 0.24),
    ("custom_share", "custom_share", 1, "-->", 1.0, 0.6),
    ("custom_share", "approval_days", 0, "-->", 0.99, 0.35),
    ("custom_share", "first_pass_yield", 0, "-->", 0.98, -0.22),
    ("training_hours", "training_hours", 1, "-->", 1.0, 0.4),
    ("training_hours", "improvement_proposals", 0, "---", 0.62, 0.12),
    ("improvement_proposals", "improvement_proposals", 1, "-->", 1.0, 0.5),
    ("improvement_proposals", "first_pass_yield", 1, "-->", 0.96, 0.26),
    ("automation_rate", "automation_rate", 1, "-->", 1.0, 0.65),
    ("automation_rate", "equipment_uptime", 0, "-->", 0.93, 0.21),
    ("supplier_on_time", "supplier_on_time", 1, "-->", 1.0, 0.45),
    ("supplier_on_time", "delivery_cycle", 0, "-->", 0.98, -0.18),
    ("supplier_on_time", "on_time_rate", 1, "-->", 0.83, 0.13),
    ("equipment_uptime", "equipment_uptime", 1, "-->", 1.0, 0.4),
    ("equipment_uptime", "delivery_cycle", 0, "-->", 0.95, -0.15),
    ("first_pass_yield", "first_pass_yield", 1, "-->", 1.0, 0.4),
    ("first_pass_yield", "delivery_cycle", 0, "-->", 0.9, -0.17),
    ("first_pass_yield", "return_rate", 0, "-->", 1.0, -0.47),
    ("approval_days", "approval_days", 1, "-->", 1.0, 0.4),
    ("approval_days", "delivery_cycle", 0, "-->", 1.0, 0.33),
    ("delivery_cycle", "delivery_cycle", 1, "-->", 0.99, 0.25),
    ("delivery_cycle", "on_time_rate", 0, "-->", 1.0, -0.57),
    ("delivery_cycle", "satisfaction", 0, "-->", 0.86, -0.14),
    ("on_time_rate", "on_time_rate", 1, "-->", 1.0, 0.25),
    ("on_time_rate", "satisfaction", 0, "-->", 1.0, 0.38),
    ("on_time_rate", "satisfaction", 1, "-->", 0.78, 0.12),
    ("on_time_rate", "collection_rate", 0, "-->", 0.94, 0.18),
    ("return_rate", "return_rate", 1, "-->", 1.0, 0.3),
    ("return_rate", "satisfaction", 0, "-->", 0.98, -0.21),
    ("customer_visits", "customer_visits", 1, "-->", 1.0, 0.4),
    ("customer_visits", "collection_rate", 0, "o->", 0.55, 0.08),
    ("satisfaction", "satisfaction", 1, "-->", 1.0, 0.25),
    ("satisfaction", "customer_visits", 1, "-->", 0.9, -0.16),
    ("satisfaction", "repurchase_rate", 0, "-->", 1.0, 0.36),
    ("satisfaction", "repurchase_rate", 1, "-->", 1.0, 0.25),
    ("satisfaction", "collection_rate", 0, "-->", 1.0, 0.37),
    ("automation_rate", "on_time_rate", 0, "-->", 0.31, 0.05),
    ("training_hours", "satisfaction", 0, "-->", 0.12, 0.03),
)

# lever, step, value, low, high, p_top1, p_top3, smallest, robustness, verdict, reason codes
_LEVERS = (
    ("delivery_cycle", -1.0, -0.784, -0.842, -0.726, 0.93, 1.0, 0.083, 0.31, "act", (("significant", {"q": 1e-9}), ("in-top3-likely", {"p_top3": 1.0}))),
    ("first_pass_yield", 0.8, 0.462, 0.391, 0.533, 0.06, 0.985, 0.081, 0.24, "act", (("significant", {"q": 2e-7}), ("in-top3-likely", {"p_top3": 0.985}))),
    ("approval_days", -0.3, -0.771, -0.902, -0.64, 0.01, 0.71, 0.056, 0.19, "act", (("significant", {"q": 4e-6}), ("identity-derived", {"identity": None}))),
    ("supplier_on_time", 2.0, 0.094, 0.061, 0.127, 0.0, 0.24, 0.094, 0.11, "act", (("significant", {"q": 0.0004}),)),
    ("improvement_proposals", 2.0, 0.052, 0.011, 0.093, 0.0, 0.06, 0.117, 0.07, "test", (("significant", {"q": 0.03}), ("not-robust", {"robustness": 0.07}))),
    ("equipment_uptime", 1.0, 0.071, 0.012, 0.13, 0.0, 0.01, 0.085, 0.06, "test", (("not-robust", {"robustness": 0.06}),)),
    ("automation_rate", 2.0, 0.019, -0.004, 0.042, 0.0, 0.0, 0.066, 0.02, "watch", (("not-significant", {"q": 0.19}),)),
    ("training_hours", 2.0, 0.008, -0.03, 0.046, 0.0, 0.0, 0.109, 0.01, "watch", (("not-significant", {"q": 0.71}), ("no-path", {"zero_share": 0.88}))),
    ("customer_visits", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.19, 0.0, "watch", (("no-path", {"zero_share": 1.0}),)),
)  # fmt: skip

# path, share, value, low, high
_CHAINS = (
    ("delivery_cycle", (("delivery_cycle", "on_time_rate", "satisfaction"), 0.73, -0.572, -0.63, -0.514),
                       (("delivery_cycle", "satisfaction"), 0.25, -0.196, -0.26, -0.132), ((), 0.02, -0.016, -0.03, 0.0)),
    ("first_pass_yield", (("first_pass_yield", "return_rate", "satisfaction"), 0.58, 0.268, 0.21, 0.326),
                         (("first_pass_yield", "delivery_cycle", "on_time_rate", "satisfaction"), 0.31, 0.143, 0.1, 0.186),
                         (("first_pass_yield", "delivery_cycle", "satisfaction"), 0.11, 0.051, 0.02, 0.082)),
    ("supplier_on_time", (("supplier_on_time", "delivery_cycle", "on_time_rate", "satisfaction"), 0.62, 0.058, 0.03, 0.086),
                         (("supplier_on_time", "on_time_rate", "satisfaction"), 0.47, 0.044, 0.01, 0.078), ((), -0.09, -0.008, -0.02, 0.004)),
)  # fmt: skip

# indicator, r, within r, rank and share of SHAP, correlation rank, causal rank, reason, by, params
_CONTRAST = (
    ("training_hours", 0.61, 0.02, 1, 0.22, 1, 8, "confounded", (), {"how": "entities", "before": 0.61, "after": 0.05}),
    ("complaints", -0.58, -0.62, 2, 0.19, 2, None, "consequence", (), {"share": 0.998}),
    ("customer_visits", 0.55, -0.07, 3, 0.14, 3, 9, "collider", ("complaints",), {"alone": -0.07, "given": 0.33}),
    ("delivery_cycle", -0.52, -0.58, 5, 0.09, 4, 1, "agrees", (), {"how": "crowded", "ahead": 3.0}),
    ("automation_rate", 0.44, 0.03, 4, 0.12, 5, 7, "confounded", ("order_volume",), {"how": "indicators", "before": 0.4, "after": 0.03}),
    ("first_pass_yield", 0.38, 0.36, 8, 0.05, 6, 2, "mediator", ("delivery_cycle",), {"how": "carried", "share": 0.61}),
    ("supplier_on_time", 0.31, 0.2, 6, 0.08, 7, 4, "agrees", (), {"how": "cause"}),
    ("approval_days", -0.28, -0.3, 7, 0.06, 8, 3, "agrees", (), {"how": "cause"}),
    ("equipment_uptime", 0.25, 0.12, 9, 0.03, 9, 6, "season", (), {"before": 0.25, "after": 0.02}),
    ("improvement_proposals", 0.19, 0.11, 10, 0.02, 10, 5, "agrees", (), {"how": "cause"}),
)  # fmt: skip

_FINDINGS = (
    Finding("exact-identity", "review", "indicator", ("delivery_cycle",),
        Text("订单交付周期恰好等于审批、生产、运输三段时长之和。", "Delivery cycle is exactly the sum of approval, production and transit time."),
        Text("字典声明了该公式；各段的效应由恒等式推得。", "The dictionary declares the formula; the parts' effects follow from the identity.")),
    Finding("suspected-leak", "fail", "indicator", ("complaints",),
        Text("客诉率与客户满意度几乎是同一件事，已移出候选杠杆。", "Complaints and Customer satisfaction measure nearly the same thing; removed from the levers."),
        Text("请在字典中确认它属于结果层。", "Confirm in the dictionary that it belongs to a later layer.")),
    Finding("missing", "review", "panel", (), Text("4.1%的单元格为空，由其余指标推断补足其矩。", "4.1% of the cells are empty; their moments were inferred from the other indicators."),
        Text("核对数据来源中的空值。", "Check the gaps at the source.")),
    Finding("duplicate-keys", "pass", "panel", (), Text("没有重复的工厂-月份。", "No plant and month occurs twice."), Text("", "")),
    Finding("calendar-gap", "pass", "panel", (), Text("没有缺失的月份。", "No month is missing."), Text("", "")),
    Finding("constant", "pass", "panel", (), Text("没有不变的指标。", "No indicator is constant."), Text("", "")),
)  # fmt: skip


def indicators() -> tuple[IndicatorSummary, ...]:
    return tuple(
        IndicatorSummary(key, Text(zh, en), layer, unit, better, controllable, owner, Text("", ""), mean, sd, within, 0.04)
        for key, zh, en, layer, unit, better, controllable, owner, mean, sd, within in _INDICATORS
    )  # fmt: skip


def by_key() -> dict[str, IndicatorSummary]:
    return {entry.key: entry for entry in indicators()}


def graph() -> CausalGraph:
    nodes = tuple(Node(entry.key, entry.layer) for entry in sorted(indicators(), key=lambda entry: entry.key))
    edges = tuple(sorted((Edge(*row) for row in _EDGES), key=lambda edge: (edge.source, edge.target, edge.lag)))
    return CausalGraph(nodes, edges, Certificate("kept", "none", "none", True))


def levers(outcome: str = "satisfaction") -> tuple[Lever, ...]:
    rows = []
    for rank, (key, step, value, low, high, top1, top3, smallest, robust, verdict, codes) in enumerate(_LEVERS, 1):
        ends = sorted((low * step, high * step))
        reasons = tuple(Reason(code, params, reason_text(code, params)) for code, params in codes)
        lever = Lever(
            rank, key, outcome, "sustained", 3, step, "declared", value, low, high, value * step, *ends, top1, top3,
            round(0.784 - value * step, 3), round((0.784 - value * step) / 2.1, 3), smallest, robust, verdict, reasons,
        )  # fmt: skip
        rows.append(replace(lever, sentence=lever_sentence(lever, by_key(), "month", len(_LEVERS))))
    return tuple(rows)


def effects(outcome: str = "satisfaction") -> tuple[Effect, ...]:
    return tuple(
        Effect(lever.lever, outcome, "sustained", 3, lever.value, lever.low, lever.high, "points per day", 0.0,
               lever.value, 1.0, ("order_volume",), 0.001, 0.002)
        for lever in levers(outcome)
    )  # fmt: skip


def chains(outcome: str = "satisfaction") -> tuple[Chain, ...]:
    rows = []
    for lever, *paths in _CHAINS:
        for path, share, value, low, high in paths:
            kind = "path" if path else "rest"
            chain = Chain(lever, outcome, kind, path, value, low, high, share, Text("", ""))
            rows.append(replace(chain, sentence=chain_sentence(chain, by_key())))
    return tuple(rows)


def contrast(outcome: str = "satisfaction") -> tuple[Contrast, ...]:
    rows = []
    for indicator, pooled, within, shap, share, correlation_rank, causal_rank, reason, by, params in _CONTRAST:
        barred = "after-outcome" if causal_rank is None else None
        row = Contrast(
            indicator, outcome, pooled, within, correlation_rank, causal_rank, reason, Text("", ""), shap, None, share,
            barred, None if barred else correlation_rank - (correlation_rank > 2), by, params,
        )  # fmt: skip
        rows.append(replace(row, sentence=contrast_sentence(row, by_key())))
    return tuple(rows)


def sample_study() -> SampleStudy:
    """The full case."""
    panel = PanelSummary(48, 36, 1728, tuple(sorted(by_key())), f"sha256:{'8f3c' * 16}", "2022-01", "2024-12", "month")
    answer = SampleAnswer("satisfaction", answer_text("satisfaction", levers(), by_key(), "month"))
    return SampleStudy(
        "panel", panel, Plan(), indicators(), LAYERS, _FINDINGS, graph(), effects(), levers(), chains(), contrast(),
        (answer,), Provenance(0, {"causal-service": "0.1.0", "numpy": "2.4.1", "scipy": "1.15.3"}),
    )  # fmt: skip


def rehearsed_study() -> SampleStudy:
    """The full case, rehearsed on twenty twins whose intervals held too rarely."""
    row = RehearsedOutcome("satisfaction", 20, 17, 0.85, 0.81, 0.9, 0.93, 52, 1, 1 / 52, 0.05, 40, 0.28, None)
    calibrations = tuple(
        Calibration("satisfaction", kind, 151, 0.86, 0.031, 0.955, 1.38, None)
        for kind in ("impact", "sustained", "cumulative")
    )
    sentence = rehearsal_sentence(row, calibrations, "sustained", 20, by_key())
    return replace(
        sample_study(), rehearsal=Rehearsal(20, 20, (replace(row, sentence=sentence),), calibrations, (), ())
    )


def unclear_study() -> SampleStudy:
    """Nothing stands out: few plants, every verdict watch or insufficient, no chain, no edge often enough."""
    study = sample_study()
    rows = tuple(
        replace(
            lever, rank=rank, value=value, low=value - 1.1, high=value + 1.2, gain_per_step=value * lever.step,
            gain_low=-1.1, gain_high=1.2, p_top1=0.2, p_top3=0.4, smallest_detectable=0.9 + 0.2 * rank,
            verdict="insufficient" if rank < 6 else "watch",
            reasons=(Reason("below-detectable", {}, reason_text("below-detectable", {"smallest_detectable": 0.9 + 0.2 * rank, "unit": "points"})),),
        )
        for rank, (lever, value) in enumerate(zip(study.levers, (-0.4, 0.3, -0.2, 0.1, 0.08, 0.05, 0.02, 0.01, 0.0), strict=True), 1)
    )  # fmt: skip
    rare = replace(study.graph, edges=tuple(replace(edge, frequency=0.3) for edge in study.graph.edges))
    answer = SampleAnswer("satisfaction", answer_text("satisfaction", rows, by_key(), "month"))
    return replace(study, levers=rows, chains=(), contrast=(), graph=rare, answers=(answer,), findings=())


def empty_study() -> SampleStudy:
    """No lever, no edge, no chain, no finding; a cross-section without layers or units."""
    study = sample_study()
    bare = tuple(replace(entry, layer=None, unit="", better=None, owner="") for entry in study.indicators[:3])
    keys = tuple(sorted(entry.key for entry in bare))
    answer = SampleAnswer("order_volume", answer_text("order_volume", (), {entry.key: entry for entry in bare}))
    return SampleStudy(
        "cross-section", PanelSummary(300, 1, 300, keys, "sha256:00", None, None, ""), Plan(outcomes=("order_volume",)),
        bare, (), (), CausalGraph(tuple(Node(key, None) for key in keys), (), Certificate("none", "none", "none", True)),
        (), (), (), (), (answer,), Provenance(0, {}),
    )  # fmt: skip


def two_outcomes() -> SampleStudy:
    """The same levers asked for two outcomes."""
    study, second = sample_study(), "repurchase_rate"
    answer = SampleAnswer(second, answer_text(second, levers(second), by_key(), "month"))
    return replace(
        study, plan=Plan(outcomes=("satisfaction", second)), levers=study.levers + levers(second),
        effects=study.effects + effects(second), answers=(*study.answers, answer),
    )  # fmt: skip
