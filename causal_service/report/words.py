"""Headings and captions of the report in both languages."""

from __future__ import annotations

from causal_service.errors import Text

__all__ = ["words"]

_WORDS: dict[str, Text] = {
    "answer": Text("结论", "The answer"),
    "levers": Text("先动什么", "What to move first"),
    "levers_examined": Text("检查过的杠杆", "The levers examined"),
    "levers_note": Text(
        "每行一个杠杆，按移动一步的预计改善排序。圆点为预计值，色条为95%区间，竖线为零。",
        "One row per lever, ranked by what one step is expected to bring. The dot is the expected gain, the bar "
        "its 95% interval, the vertical line zero.",
    ),
    "rank": Text("排名", "Rank"),
    "lever": Text("杠杆", "Lever"),
    "step": Text("移动一步", "One step"),
    "gain": Text("预计改善", "Expected gain"),
    "correlation_rank": Text("相关性排名", "Rank by correlation"),
    "verdict": Text("判定", "Verdict"),
    "more_levers": Text("其余杠杆", "Remaining levers"),
    "no_lever": Text("没有可供排序的杠杆。", "There is no lever to rank."),
    "act_means": Text("证据充分，可以投入", "the evidence is sufficient to commit"),
    "test_means": Text("有希望，先小范围试点", "promising; try it on a small scale first"),
    "watch_means": Text("目前看不出值得投入", "nothing so far that is worth spending on"),
    "insufficient_means": Text("数据看不清有用大小的效应", "a useful effect could not have been seen"),
    "rehearsal": Text("在这样的数据上能信到什么程度", "How far this can be trusted on data like yours"),
    "rehearsal_note": Text(
        "按本面板拟合的系统模拟出真值已知的面板，在其上完整运行同样的研究。若区间被证明偏窄，上表与图中的区间已相应放宽。",
        "Panels with known truth were simulated from a system fitted to yours, and the same study was run on each. "
        "Where intervals held the truth too rarely, those shown for the levers are widened accordingly.",
    ),
    "for_whom": Text("对谁有效", "For whom"),
    "for_whom_note": Text(
        "移动一步对目标指标的改变，各组按效果从好到差排列。小组的数值向各组的共同值收缩；橙色表示在该组有害。",
        "What one step changes in the outcome, best segment first. Values of small segments are drawn towards the "
        "common one; orange marks segments in which the lever does harm.",
    ),
    "along": Text("作用是否随{name}变化", "Along {name}"),
    "along_note": Text(
        "移动一步对目标指标的改变，按实体的平均{name}从低到高列出；括号内为处于该水平以下的实体所占比例。"
        "橙色表示在该水平上有害。",
        "What one step changes in the outcome, from entities with low to entities with high mean {name}; in brackets "
        "the share of entities below that level. Orange marks levels at which the lever does harm.",
    ),
    "where": Text("在哪里最有效", "Where it works best"),
    "where_note": Text(
        "效果最好和最差的实体。数值向全部实体的平均收缩，因此数据少的实体不会偶然排到两端。",
        "The entities in which one step does most and least. Values are drawn towards the mean of all, so that "
        "entities with little data do not come first or last by chance.",
    ),
    "segment": Text("分组", "Segment"),
    "entity": Text("实体", "Entity"),
    "change": Text("改变", "Change"),
    "interval": Text("95%区间", "95% interval"),
    "best_quarter": Text("属于最好四分之一的概率", "Among the best quarter"),
    "contrast": Text("为什么 SHAP 图和相关性排序会误导", "Why SHAP charts and correlations mislead"),
    "doses": Text("调到什么程度为止", "Up to which point"),
    "doses_note": Text(
        "横轴为杠杆的水平，纵轴为目标相对于通常水平（圆点）的改变；色带以95%的把握包含整条曲线，灰色部分数据不支持，不作判断。",
        "The level of the lever across, the change of the outcome against its usual level (dot) upwards. The band "
        "holds the whole curve with 95% confidence; the data do not support the grey ranges and nothing is said there.",
    ),
    "contrast_note": Text(
        "灰条是 BI 团队常用的 SHAP 重要性（梯度提升树，所有行混在一起），从上到下按它排列。橙色：图表排得靠前，但移动它"
        "不会带来所许诺的改善；蓝色：真正位列前三的杠杆。SHAP 和相关性的名次在全部指标中计，因果名次只在杠杆中计。",
        "The bars are SHAP importances as a BI team would draw them: boosted trees on all rows pooled. "
        "Orange: in front in the chart, but moving it would not bring what the chart promises. Blue: truly among the "
        "best three levers. SHAP and correlation rank all indicators, the ranking by effect the levers alone.",
    ),
    "by_shap": Text("SHAP 排名", "By SHAP"),
    "by_effect": Text("因果排名", "By effect"),
    "why": Text("为什么", "Why"),
    "no_rank": Text("非杠杆", "no lever"),
    "not_ranked": Text("不参与排名：", "Not ranked: "),
    "contrast_others": Text("其余指标", "The other indicators"),
    "contrast_neutral": Text("与通常排序的对照", "Beside the usual ranking"),
    "graph": Text("什么通过什么起作用", "What works through what"),
    "chains": Text("作用路径", "How the effect travels"),
    "chains_note": Text(
        "各路径占总效应的份额；同一杠杆的份额合计为100%。小柱为该路径的作用到各期已到位多少（满格为全部），"
        "右侧为移动一步时经该路径的改变。",
        "Each path's share of the total effect; the shares of one lever add up to 100%. The small columns show how "
        "much of it has arrived by each period (full height is all of it); on the right, what one step changes through "
        "that path.",
    ),
    "what_if": Text("移动之后会怎样", "What follows, period by period"),
    "what_if_note": Text(
        "移动一步并保持，其余照旧：折线为目标指标的预计变化，色带为95%区间，最末一期即上表的效应。",
        "One step, kept, all else as it is: the line is the expected change of the outcome, the band its 95% interval; "
        "the last period is the effect in the table above.",
    ),
    "also": Text("同期还预计", "Also expected by then"),
    "more_chains": Text("其余杠杆的路径", "Paths of the remaining levers"),
    "no_chain": Text(
        "没有可以展示的路径：没有杠杆的效应大到可以拆分。",
        "There is no path to show: no lever has an effect large enough to divide.",
    ),
    "averages": Text("有和没有，平均差多少", "What having it did, on average"),
    "averages_note": Text(
        "适用于只有两种状态的杠杆：用其他条件相近的行作比较，不假定作用是一条直线。",
        "For levers with two states: compared with rows alike in everything else, without assuming straight lines.",
    ),
    "averages_whose": Text("对谁", "For"),
    "averages_change": Text("平均变化", "Average change"),
    "averages_interval": Text("95%区间", "95% interval"),
    "averages_comparable": Text("有可比对象", "Comparable"),
    "identification": Text("控制了什么，为什么足够", "What is adjusted for, and why it is enough"),
    "identification_note": Text(
        "每个效应由哪些情形比较得出。右列为同样可以识别的重抽样图所占份额。",
        "What cases are compared to read each effect. On the right, the share of resampled graphs in which it is "
        "identified, too.",
    ),
    "identified_by": Text("方法", "By"),
    "adjusted_for": Text("控制的指标", "Held equal"),
    "identified_share": Text("可识别份额", "Identified in"),
    "more_identification": Text("其余杠杆", "The other levers"),
    "checks": Text("经得起检验吗", "How fragile is it"),
    "checks_note": Text(
        "逐一尝试推翻每个值得投入的效应。这些检验能发现偶然、个别实体或时期以及持续的未观测原因，但不能证明图是对的。",
        "Attempts to break every effect worth acting on. They find chance, single entities or periods and lasting "
        "hidden causes; they do not prove the graph right.",
    ),
    "crosscheck": Text("DoWhy 的核对", "A second opinion: DoWhy"),
    "contour": Text("未观测的共同原因能留下多少", "What a hidden common cause would leave"),
    "contour_note": Text(
        "移动一步的预计改善在最坏情况下所剩的部分。行：该原因解释的杠杆剩余波动；列：该原因解释的目标剩余波动。橙色：不再有改善。",
        "What would be left, at worst, of the expected gain of one step. Rows: share of what is left of the lever that "
        "the cause explains; columns: the same of the outcome. Orange: nothing is left.",
    ),
    "findings": Text("数据检查", "What the data checks found"),
    "no_finding": Text("所有检查都没有发现问题。", "No check found anything to report."),
    "passed": Text("项检查通过", "checks passed"),
    "passed_one": Text("项检查通过", "check passed"),
    "assumptions": Text(
        "这些数字意味着什么，什么会使它们出错", "What the numbers mean, and what would make them wrong"
    ),
    "method": Text("方法", "Method"),
    "provenance": Text("来源与参数", "Provenance"),
    "indicators": Text("指标一览", "Indicators"),
    "indicator": Text("指标", "Indicator"),
    "layer": Text("层级", "Layer"),
    "mean": Text("均值", "Mean"),
    "fluctuation": Text("实体内波动（标准差）", "Fluctuation within an entity (SD)"),
    "missing": Text("缺失", "Missing"),
    "note": Text("备注", "Note"),
    "no_outcome": Text("这项研究没有目标指标。", "This study has no outcome."),
    "remedy": Text("处理", "What to do"),
}


def words(lang: str) -> dict[str, str]:
    """Return all headings and captions in ``lang``."""
    return {key: text.get(lang) for key, text in _WORDS.items()}
