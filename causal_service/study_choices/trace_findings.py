"""What a hidden driver of one lever and the outcome would explain as well, as a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_service.discovery.hidden_driver import HiddenDriver
from causal_service.discovery.shared_traces import SharedTraces
from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding

__all__ = ["trace_findings"]

MOST_SHOWN = 3


def trace_findings(
    traces: Sequence[SharedTraces], drivers: Sequence[HiddenDriver], dictionary: Dictionary, levers: Sequence[str]
) -> tuple[Finding, ...]:
    """Return one finding per outcome with levers whose link a hidden driver of both would explain as well.

    What a driver was found for already is not said again.
    """
    known = {(driver.outcome, name) for driver in drivers for name in driver.doubted}
    found = []
    for trace in traces:
        shares = dict(zip(trace.levers, trace.shares, strict=True))
        new = {x: share for x, share in shares.items() if x in levers and (trace.outcome, x) not in known}
        if new:
            found.append(_finding(trace.outcome, new, dictionary))
    return tuple(found)


def _finding(key: str, shares: Mapping[str, float], dictionary: Dictionary) -> Finding:
    outcome, shown = dictionary.name(key), [(dictionary.name(x), share) for x, share in shares.items()][:MOST_SHOWN]
    more = len(shares) - len(shown)
    rest = Text(f"等 {len(shares)} 个指标", f" and {more} more") if more else Text("", "")
    zh = "、".join(f"“{name.zh}”（{share:.0%} 的重抽样）" for name, share in shown)
    en = ", ".join(f"'{name.en}' ({share:.0%} of resamples)" for name, share in shown)
    return Finding(
        "driver-possible",
        "review",
        "indicator",
        (key, *shares),
        Text(
            f"“{outcome.zh}”与{zh}{rest.zh}不仅同期相连，过去的值也互相牵连（前者的过去指向后者，或后者的过去起反向作用）。"
            "仅由一个随时间变化的未观测因素推动它们，也会留下同样的痕迹，数据无法区分。",
            f"'{outcome.en}' is tied to {en}{rest.en} within a period and through the past as well: its past points "
            "back, or theirs works the other way. Something unmeasured that changes over time and drives both would "
            "leave the same traces; the data cannot tell the two apart.",
        ),
        Text(
            "请先小范围试验，再据此行动；若能想到这样的因素，请把它加入面板。",
            "Try such a lever on a small scale before acting on it; where such a driver comes to mind, add it to the "
            "panel.",
        ),
        {"outcome": key, "levers": tuple(shares), "shares": tuple(shares.values())},
    )
