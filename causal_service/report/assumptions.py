"""What the numbers mean and what would make them wrong, in plain words."""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.report.document import Assumption

__all__ = ["assumptions", "method_paragraphs"]

_MEANING = (
    Text("“移动一步”是什么意思", "What one step means"),
    Text(
        "改善值回答的问题是：若从现在起把该指标移动一步并一直保持，其余一切照常反应，到期末目标指标会好多少。"
        "它不是把两个时期简单相减。",
        "The gain answers one question: if the indicator is moved by one step now and kept there while everything "
        "downstream reacts, how much better is the outcome at the horizon? It is not a before-and-after difference.",
    ),
)
_INTERVAL = (
    Text("95%区间是什么意思", "What the 95% interval means"),
    Text(
        "整个分析（包括画哪些箭头）在许多重抽样的数据上各做一遍，区间反映这些结果的散布，"
        "既包含抽样误差，也包含因果图本身的不确定。",
        "The whole analysis, including which arrows to draw, is repeated on many resamples of the data. The interval "
        "shows how far the results scatter, so it covers both sampling error and uncertainty about the graph.",
    ),
)
_HIDDEN = (
    Text("没有隐藏的共同原因", "No hidden common cause"),
    Text(
        "若有某个没有测量的因素同时推动杠杆和目标（如换了经理、大客户变动、促销），效应会被高估或低估，"
        "而且看上去仍然很确定。这是最需要警惕的一点；标为“试点”的杠杆应先做对照试点。",
        "If something that was not measured drives both a lever and the outcome (a new manager, a key "
        "account, a promotion), the effect is over- or understated and still looks certain. This is the point to "
        "worry about most; levers marked Test should be tried with a comparison group first.",
    ),
)
_FIXED = Text(
    "实体之间长期不变的差别（规模、地段）和所有实体共同经历的波动（季节、行情）已经剔除，不会造成这种偏差。",
    " Lasting differences between entities (size, location) and swings that all of them share (season, market) "
    "have been removed and cannot cause this.",
)
_DETRENDED = Text(
    "趋势和固定的季节已经剔除，不会造成这种偏差；但某一期同时影响多个指标的冲击（行情、政策、停工）仍会造成。",
    " Trend and fixed season have been removed and cannot cause this; a shock that moves several indicators in the "
    "same period (market, policy, stoppage) still can.",
)
_LINEAR = (
    Text("在当前水平附近近似成直线", "Roughly straight near present levels"),
    Text(
        "效应是当前水平附近的平均斜率。步子加倍，改善未必加倍；接近极限（如99%的合格率）时会更小。",
        "Effects are average slopes near present levels. Twice the step need not bring twice the gain, and close to a "
        "limit (a yield of 99%, say) it brings less.",
    ),
)
_STABLE = (
    Text("关系保持稳定", "Relations stay as they are"),
    Text(
        "分析假定这段时期内、各实体之间，因果关系大体相同。流程改造、口径变更或结构性转折之后，应重新分析。",
        "The analysis takes the relations to be much the same over the whole span and across entities. After a "
        "reorganisation, a new definition or a structural break it should be run again.",
    ),
)
_ALIKE = (
    Text("数据行之间可以比较", "Rows are comparable"),
    Text(
        "只有一个时期，无法用前后变化来印证；各行之间没有测量到的差别都可能混入效应。",
        "There is only one period, so no change over time can confirm the effects; any unmeasured difference between "
        "rows may be mixed into them.",
    ),
)
_LAYERED = (
    Text("层级的先后是对的", "The layers are in the right order"),
    Text(
        "同一时期内，箭头只能从较早的层指向同层或较晚的层。若某个指标放错了层，箭头就会被迫画错方向。",
        "Within one period arrows run only from earlier layers to the same or later ones. An indicator in the "
        "wrong layer forces an arrow the wrong way.",
    ),
)
_UNLAYERED = (
    Text("没有声明层级", "No layers were declared"),
    Text(
        "同一时期内箭头的方向完全由数据决定，可能无法确定。在字典中声明层级可以明显提高可靠性。",
        "The direction of arrows within a period is left to the data and may stay open. Declaring layers in the "
        "dictionary makes the result clearly more reliable.",
    ),
)


def assumptions(regime: str, layered: bool, lang: str, detrended: bool = False) -> tuple[Assumption, ...]:
    """Return what the numbers of a study rest on; they differ by kind of data and by whether layers were declared.

    ``detrended``: trend and season were taken out in the place of period effects.
    """
    crossed = regime == "cross-section"
    pairs = [
        _MEANING,
        _INTERVAL,
        _HIDDEN,
        _ALIKE if crossed else _STABLE,
        _LAYERED if layered else _UNLAYERED,
        _LINEAR,
    ]
    result = []
    for title, text in pairs:
        more = ""
        if text is _HIDDEN[1] and not crossed:
            more = (_DETRENDED if detrended else _FIXED).get(lang)
        result.append(Assumption(title.get(lang), text.get(lang) + more))
    return tuple(result)


def method_paragraphs(regime: str, resamples: int | None, lang: str, detrended: bool = False) -> tuple[str, ...]:
    """Return how the numbers came about, for a reader who does not know the method; ``detrended`` as above."""
    first = _TERMS_STEP if detrended else _OTHER_STEP if regime == "cross-section" else _PANEL_STEP
    count = Text(f"{resamples}次", f"{resamples:,} ") if resamples is not None else Text("多次", "many ")
    again = Text(
        f"以上步骤在{count.zh}重抽样上重复，每次都重新学习因果图并计算每个杠杆的效应；"
        "表中的数值是这些结果的均值，“位列前三”的概率是其中的比例。",
        f"This is repeated on {count.en}resamples; each learns its own graph and computes the effect of every "
        "lever. The figures shown are means over these results, and the probability of being among the best three "
        "is a share of them.",
    )
    verdict = Text(
        "“行动”要求效应明显、方向确定、箭头方向可识别、不易被隐藏原因推翻；缺其一为“试点”；看不出值得投入的为“观察”；"
        "数据看不清有用大小的效应时为“数据不足”。",
        "Act requires a clear effect, a certain direction, identified arrows and robustness to a hidden cause; "
        "Test misses one of these; Watch shows nothing worth spending on; Too little data means a useful effect "
        "could not have been seen.",
    )
    return tuple(text.get(lang) for text in (first, _GRAPH_STEP, again, verdict))


_PANEL_STEP = Text(
    "首先从每个指标中剔除每个实体的长期平均和各时期的共同波动，只比较同一实体随时间的变化，并校正短面板偏差。",
    "First, the long-run average of every entity and the common swing of every period are removed from each "
    "indicator, so that only changes within an entity over time are compared; the bias of short panels is "
    "corrected.",
)
_TERMS_STEP = Text(
    "首先从每个指标中剔除水平、趋势和日历季节，只看其余的逐期变化，并校正序列长度有限造成的偏差。",
    "First, level, trend and the season of the calendar are removed from each indicator, so that only what is left "
    "from period to period is studied; the bias of a series of finite length is corrected.",
)
_OTHER_STEP = Text(
    "首先把各指标标准化，使它们可以比较；结果仍以原单位给出。",
    "First, indicators are standardised so that they can be compared; results are given in their own units.",
)
_GRAPH_STEP = Text(
    "然后在层级和已知约束之内搜索最能解释数据的因果图（同期和滞后箭头），数据无法决定方向的箭头保留为未定。",
    "Then the causal graph that explains the data best (arrows within and across periods) is searched for inside "
    "the layers and constraints; arrows whose direction the data cannot decide stay open.",
)
