"""What a rehearsal says about trust, in one paragraph per outcome."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.results import EffectKind
from causal_service.errors import Text
from causal_service.explanation.phrases import Names, described, spaced
from causal_service.explanation.quantities import format_number, format_share
from causal_service.panel.units import amount
from causal_service.rehearsal.findings import FEW_TWINS
from causal_service.rehearsal.results import Calibration, RehearsedOutcome

__all__ = ["rehearsal_sentence"]


def rehearsal_sentence(
    row: RehearsedOutcome, calibrations: Sequence[Calibration], kind: EffectKind, twins: int, indicators: Names
) -> Text:
    """Say how ranking, intervals and verdicts for one outcome fared on ``twins`` simulated panels.

    ``kind`` is the headline kind; calibrations of other outcomes and kinds are ignored.
    """
    own = next(c for c in calibrations if c.outcome == row.outcome and c.kind == kind)
    parts = [_ranking(row, twins), _intervals(own), _detectable(row, indicators), _acts(row), _rough(twins)]
    said = [part for part in parts if part is not None]
    return spaced("".join(part.zh for part in said), " ".join(part.en for part in said))


def _ranking(row: RehearsedOutcome, twins: int) -> Text:
    zh, en = f"在{twins}个仿照本面板模拟的面板上，", f"On {twins} simulated panels like yours, "
    if row.ranked == 0:
        return Text(f"{zh}没有任何杠杆真正有帮助。", f"{en}no lever truly helped.")
    among = Text("", "") if row.ranked == twins else Text(f"（共{row.ranked}次存在这样的杠杆）", f" of {row.ranked}")
    return Text(
        f"{zh}真正最好的杠杆有{row.top1_hits}次排在第一{among.zh}；排在前三的杠杆中，{format_share(row.top3_hit)}确属真正的前三。",
        f"{en}the truly best lever was ranked first in {row.top1_hits}{among.en}; of the three levers ranked first, "
        f"{format_share(row.top3_hit)} were among the true best three.",
    )


def _intervals(own: Calibration) -> Text | None:
    if own.coverage is None:
        return None
    held = format_share(own.coverage)
    if own.factor <= 1.005:
        return Text(
            f"95%区间在{held}的情况下包含真值，无需放宽。",
            f"95% intervals held the truth in {held} of cases and need no widening.",
        )
    factor = f"{own.factor:.2f}"
    return Text(
        f"95%区间在{held}的情况下包含真值；为在这样的数据上稳妥地达到95%，杠杆的区间放宽到{factor}倍，判断也随之更严格。",
        f"95% intervals held the truth in {held} of cases; to hold it safely in 95% on data like this, the levers' "
        f"intervals are {factor} times as wide, and the verdicts stricter.",
    )


def _detectable(row: RehearsedOutcome, indicators: Names) -> Text | None:
    if row.smallest_detectable is None:
        return None
    size = amount(format_number(row.smallest_detectable, 2), described(row.outcome, indicators).unit)
    return Text(
        f"移动一步带来的变化若小于{size.zh}，多半看不出来。",
        f"Effects of one step below {size.en} would mostly not have been seen.",
    )


def _acts(row: RehearsedOutcome) -> Text | None:
    if row.acts == 0:
        return None
    if row.false_acts == 0:
        zh, en = "没有一次有误", "none was wrong"
    else:
        zh = f"{row.false_acts}次有误"
        en = f"{row.false_acts} {'was' if row.false_acts == 1 else 'were'} wrong"
    calls = "call" if row.acts == 1 else "calls"
    return Text(f"{row.acts}次“行动”判断中，{zh}。", f"Of {row.acts} {calls} to act, {en}.")


def _rough(twins: int) -> Text | None:
    if twins >= FEW_TWINS:
        return None
    return Text(
        f"仅{twins}个模拟面板，以上比例只是粗略参考；不少于{FEW_TWINS}个更可靠。",
        f"Shares on so few panels are rough; {FEW_TWINS} or more tell better.",
    )
