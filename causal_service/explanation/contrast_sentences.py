"""One row of the ledger in one sentence: what the charts say, what we say, and the numbers that prove why."""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.explanation.phrases import Names, listed_en, listed_zh, name_of, spaced
from causal_service.explanation.quantities import UNKNOWN, format_fixed, format_share
from causal_service.explanation.results import Contrast, ContrastReason, NotRanked

__all__ = ["contrast_label", "contrast_sentence", "crowded_out", "not_ranked_words", "proof_words", "reason_label"]

_NOT_RANKED: dict[NotRanked, Text] = {
    "context": Text("属于外部环境，没有人能够调整", "it is context, which nobody moves"),
    "after-outcome": Text("在字典的层级中位于目标之后", "its layer comes after the outcome"),
    "outcome": Text("是本研究的另一个目标", "it is another outcome of this study"),
    "removed": Text("数据检查已将它移出研究", "the data checks removed it"),
    "not-a-lever": Text("没有列为杠杆", "it is not listed as a lever"),
}
_REASONS: dict[str, Text] = {
    "confounded:entities": Text(
        "它与{outcome}的关联主要来自实体之间的差异：相关系数为{before}，剔除实体差异后为{after}，再剔除各期共同波动后为{within}；{promise}",
        "what ties it to {outcome} are mainly differences between entities. The correlation of {before} is {after} "
        "once they are removed and {within} once periods are removed too; {promise}",
    ),
    "confounded:entities-and": Text(
        "它与{outcome}的关联主要来自实体之间的差异：相关系数为{before}，剔除实体差异后为{after}，再剔除各期共同波动并固定{by}后为{adjusted}；"
        "{promise}",
        "what ties it to {outcome} are mainly differences between entities. The correlation of {before} is {after} "
        "once they are removed and {adjusted} once periods are removed and {by} {is} held fixed too; {promise}",
    ),
    "confounded:indicators": Text(
        "它与{outcome}同受{by}影响：同一实体内的相关系数为{before}，固定{by}后为{after}，{promise}",
        "{by} {drives} both it and {outcome}. Inside entities the correlation is {before}, and {after} once {by} "
        "{is} held fixed; {promise}",
    ),
    "confounded:unknown": Text(
        "它与{outcome}在同一实体内的相关系数为{before}，但没有找到从它出发的稳定路径，也没有找到能解释它的已观测原因：可能另有未观测的共同原因，也可能分不清两者的先后",
        "inside entities its correlation with {outcome} is {before}, yet no steady path leads from it and no observed "
        "cause explains it: something unmeasured may drive both, or the data cannot tell which of the two comes first",
    ),
    "season": Text(
        "它与{outcome}同受季节和共同趋势影响：相关系数为{before}，剔除各期的共同波动后为{after}",
        "it shares season and trend with {outcome}. The correlation of {before} is {after} once they are removed",
    ),
    "mediator:carried": Text(
        "它的作用有{share}要经过{by}才到达{outcome}；图表同时看到{by}，就把功劳记在了后者名下",
        "{share} of its effect reaches {outcome} through {by}. Charts see {by} beside it and credit that one",
    ),
    "mediator:carries": Text(
        "它是{by}影响{outcome}的必经环节：{by}的作用有{share}经过它，图表把上游的功劳算在了它身上",
        "it is the way in which {by} works: {share} of that effect passes through it, and charts credit it with what "
        "its own causes do",
    ),
    "collider": Text(
        "单独看它与{outcome}几乎无关（相关系数{alone}），只因图表同时放入了两者共同的结果{by}，才显得有关（{given}）",
        "on its own it has little to do with {outcome} (correlation {alone}). It looks important only because the "
        "chart also holds {by}, which follows from both (then {given})",
    ),
    "consequence:likely": Text(
        "它更像是{outcome}的结果而不是原因：在{share}的重抽样中它由{outcome}引起，但先后尚未确定；移动它未必会带动{outcome}",
        "it looks more like a result of {outcome} than a cause: it follows from it in {share} of resamples, though the "
        "order is not certain. Moving it may not move {outcome}",
    ),
    "consequence:always": Text(
        "它是{outcome}的结果而不是原因：在全部重抽样中它都由{outcome}引起，移动它不会带动{outcome}",
        "it is a result of {outcome}, not a cause: in every resample it follows from it. Moving it does not "
        "move {outcome}",
    ),
    "consequence": Text(
        "它是{outcome}的结果而不是原因：在{share}的重抽样中它由{outcome}引起，移动它不会带动{outcome}",
        "it is a result of {outcome}, not a cause: in {share} of resamples it follows from it. Moving it does not move "
        "{outcome}",
    ),
    "duplicate:twin": Text(
        "它与{by}几乎是同一个量（相关系数{correlation}），同一份作用不能计两次",
        "it is nearly the same quantity as {by} (correlation {correlation}), and one effect must not be counted twice",
    ),
    "duplicate:copy": Text(
        "它只是{by}的另一种写法，同一份作用不能计两次",
        "it is {by} written in another way, and one effect must not be counted twice",
    ),
    "duplicate:sum": Text(
        "它与{by}同属一个恒等式，同一份作用不能计两次",
        "arithmetic ties it to {by}, and one effect must not be counted twice",
    ),
    "no-within-variation": Text(
        "它的差异有{between}来自实体之间，在同一实体内几乎不变，看不出移动它会怎样",
        "{between} of its variation lies between entities. Inside one it hardly moves, so the data cannot show what "
        "moving it does",
    ),
    "no-within-variation:constant": Text("它从不变化，什么也解释不了", "it never varies and explains nothing"),
    "open-direction": Text(
        "数据分不清它与{outcome}谁在前、谁在后：{share}的重抽样没有定出方向（相关系数{pooled}）。声明层级或小范围试点才能判断",
        "the data cannot tell which of it and {outcome} comes first: {share} of resamples leave the direction open "
        "(correlation {pooled}). Declared layers or a small trial would tell",
    ),
    "masked": Text(
        "实体差异和时期影响掩盖了它的作用：表面相关系数为{before}，剔除这些影响后为{after}",
        "differences between entities and periods hide what it does. The plain correlation is {before}; once they are "
        "removed it is {after}",
    ),
    "agrees:crowded": Text(
        "图表在它前面放了{ahead}个并非原因的指标，除此之外与因果分析大体一致（相关系数{pooled}，剔除实体差异和时期影响后为{within}）",
        "charts put {ahead} before it that {are} no cause; otherwise they roughly agree (correlation {pooled}, and "
        "{within} once differences between entities and periods are removed)",
    ),
    "agrees:cause": Text(
        "图表与因果分析大体一致（相关系数{pooled}，剔除实体差异和时期影响后为{within}）",
        "charts and causal analysis roughly agree (correlation {pooled}, and {within} once differences between "
        "entities and periods are removed)",
    ),
    "agrees:nothing": Text(
        "图表和因果分析都看不出它有多大作用（相关系数{pooled}）",
        "neither charts nor causal analysis see much in it (correlation {pooled})",
    ),
}
_CROWDED = Text("被非原因挤后", "Crowded out")
_LABELS: dict[ContrastReason, Text] = {
    "confounded": Text("共同原因", "Common cause"),
    "masked": Text("作用被掩盖", "Effect hidden"),
    "mediator": Text("中间环节", "Go-between"),
    "collider": Text("共同结果造成的假象", "Artefact of a common effect"),
    "consequence": Text("结果而非原因", "Consequence"),
    "duplicate": Text("重复计量", "Counted twice"),
    "no-within-variation": Text("只有实体间差异", "Differs between entities only"),
    "season": Text("季节与共同趋势", "Season and trend"),
    "open-direction": Text("方向未定", "Direction open"),
    "agrees": Text("一致", "Agrees"),
}
_PROMISE = {
    False: Text("移动它不会带来图表所许诺的变化", "moving it would not bring what the charts promise"),
    True: Text("它确有作用，但没有图表显示的那么大", "it does have an effect, but less than the charts suggest"),
}
"""What is left of the promise of charts: of no cause, of a cause."""
_SHARES = frozenset({"share", "between"})
_FAR = 2
"""Places by which a chart must put a lever behind its effect for the two not to agree."""
_CERTAIN = 0.9
"""Share of draws from which a consequence is said without reserve."""


def contrast_sentence(row: Contrast, indicators: Names) -> Text:
    """Say where charts and we place an indicator, and why (its own ``sentence`` is ignored)."""
    name = row.name if row.name.zh else name_of(row.indicator, indicators)
    why = proof_words(row, indicators)
    zh, en = _charts(row)
    if row.causal_rank is not None:
        return spaced(
            f"{name.zh}{zh}，按因果作用排第{row.causal_rank}位：{why.zh}。",
            f"{name.en} is {en} and No. {row.causal_rank} by effect: {why.en}.",
        )
    barred = not_ranked_words(row)
    return spaced(
        f"{name.zh}{zh}，但不参与杠杆排名（{barred.zh}）：{why.zh}。",
        f"{name.en} is {en} but is not ranked as a lever ({barred.en}): {why.en}.",
    )


def not_ranked_words(row: Contrast) -> Text:
    """Say why an indicator has no rank of ours; empty where it has one."""
    return Text("", "") if row.causal_rank_reason is None else _NOT_RANKED[row.causal_rank_reason]


def _charts(row: Contrast) -> tuple[str, str]:
    if row.shap_rank is None:
        return f"按相关性排第{row.correlation_rank}位", f"No. {row.correlation_rank} by correlation"
    return (
        f"按 SHAP 排第{row.shap_rank}位、按相关性排第{row.correlation_rank}位",
        f"No. {row.shap_rank} by SHAP, No. {row.correlation_rank} by correlation",
    )


def reason_label(reason: ContrastReason) -> Text:
    """Return a reason as a label."""
    return _LABELS[reason]


def crowded_out(row: Contrast) -> bool:
    """Say whether charts put a lever far behind its effect for what they put before it although it is no cause."""
    chart = row.shap_rank or row.correlation_rank
    return row.params.get("how") == "crowded" and row.causal_rank is not None and chart - row.causal_rank > _FAR


def contrast_label(row: Contrast) -> Text:
    """Return the reason of a row as a label."""
    return _CROWDED if crowded_out(row) else reason_label(row.reason)


def proof_words(row: Contrast, indicators: Names) -> Text:
    """Say why charts and we differ, with the numbers; a clause without full stop."""
    how = str(row.params.get("how", ""))
    if row.reason == "confounded" and how not in {"entities", "entities-and"}:
        how = "indicators" if row.by else "unknown"
    if row.reason == "consequence":
        share = row.params.get("share", 1)
        how = "always" if share == 1 else "likely" if isinstance(share, float) and share < _CERTAIN else ""
    words = _REASONS.get(f"{row.reason}:{how}") or _REASONS.get(row.reason) or _REASONS["agrees:cause"]
    numbers = dict.fromkeys(("share", "between", "alone", "given", "ahead", "adjusted"), UNKNOWN)
    numbers |= {"correlation": format_fixed(row.correlation, 2), "before": format_fixed(row.correlation, 2)}
    numbers |= {"after": format_fixed(row.within_correlation, 2)}
    numbers |= {
        key: format_share(value) if key in _SHARES else format_fixed(value, 0 if key == "ahead" else 2)
        for key, value in row.params.items()
        if not isinstance(value, str)
    }
    numbers |= {
        "pooled": format_fixed(row.correlation, 2),
        "within": format_fixed(row.within_correlation, 2),
    }
    outcome, by = name_of(row.outcome, indicators), [name_of(key, indicators) for key in row.by]
    one, promise = len(by) == 1, _PROMISE["effect" in row.params]
    return Text(
        words.zh.format(
            outcome=outcome.zh, by=listed_zh([n.zh for n in by]) if by else UNKNOWN, promise=promise.zh, **numbers
        ),
        words.en.format(
            outcome=outcome.en,
            by=listed_en([n.en for n in by]) if by else UNKNOWN,
            drives="drives" if one else "drive",
            promise=promise.en,
            **{"is": "is" if one else "are", "are": "is" if row.params.get("ahead") == 1 else "are"},
            **numbers,
        ),
    )
