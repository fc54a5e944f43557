"""Figures that stand for several periods at a time: a quarterly figure repeated over its months."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.labels import fold, noted
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, passed
from causal_service.panel.variation import pooled_sd

__all__ = ["carried_forward", "carried_lengths"]

QUIET = 0.02
"""Largest share of entities whose figure may change between two periods that belong to one figure."""
MANY = 10
"""Entities from which a single one may have a rhythm of its own."""
BUSY = 0.5
"""Smallest share of entities whose figure changes where a new one begins; a new figure may equal the last."""
LEAST_STARTS = 3
"""Fewest new figures from which a rhythm is told."""
UNEVEN = 1
"""Periods by which stretches may differ (weeks of a month)."""

_EVERY = {
    "index": ("period", "every period", "期", "每期"),
    "day": ("day", "daily", "日", "天", "每日", "每天"),
    "week": ("week", "weekly", "周", "每周"),
    "month": ("month", "monthly", "月", "月度", "每月"),
    "quarter": ("quarter", "quarterly", "季", "季度", "每季", "每季度"),
    "year": ("year", "yearly", "annual", "annually", "年", "年度", "每年"),
}
"""Words of a dictionary for how often an indicator is measured, by what the calendar of a panel is called."""


def carried_lengths(panel: Panel, left: NDArray[np.float64]) -> dict[str, int]:
    """Return, by indicator, for how many periods its figures stand, where that is more than one.

    The figures of all entities change together, at even distances, and hardly ever in between. ``left`` is the
    ``within_residual`` of the panel; what varies only between entities or with the calendar is left out.
    """
    if panel.regime == "cross-section":
        return {}
    varies = pooled_sd(left) > 0
    found = {}
    for name, values, moves in zip(panel.indicators, np.moveaxis(panel.values, 2, 0), varies, strict=True):
        length = _length(values) if moves else 1
        if length > 1:
            found[name] = length
    return found


def _length(values: NDArray[np.float64]) -> int:
    """Return for how many periods the figures (E, T) of one indicator stand; 1 where there is no such rhythm."""
    both = np.isfinite(values[:, 1:]) & np.isfinite(values[:, :-1])
    changed = (both & (values[:, 1:] != values[:, :-1])).sum(axis=0) / np.maximum(both.sum(axis=0), 1)
    starts = np.flatnonzero(changed >= BUSY)
    one = 1.0 / len(values) if len(values) >= MANY else 0.0
    if starts.size < LEAST_STARTS or ((changed > max(QUIET, one + 1e-9)) & (changed < BUSY)).any():
        return 1
    stretches = np.diff(starts)
    ends = (starts[0] + 1, changed.size - starts[-1])  # cut off where the panel begins and ends
    if stretches.min() < 2 or np.ptp(stretches) > UNEVEN or max(ends) > stretches.max():
        return 1
    return int(np.median(stretches))


def carried_forward(panel: Panel, dictionary: Dictionary, left: NDArray[np.float64]) -> list[Finding]:
    """Name indicators whose figures stand for several periods, unless the dictionary says they are measured in each.

    ``left`` is the ``within_residual`` of the panel.
    """
    if panel.regime == "cross-section":
        return []
    lengths = carried_lengths(panel, left)
    names = [name for name in lengths if not _measured_each(dictionary, name, panel.frequency)]
    if not names:
        text = Text("没有指标的数值只是每隔几期才更新一次。", "No indicator changes every few periods only.")
        return [passed("carried-forward", text)]
    zh = noted(dictionary, {name: f"每 {lengths[name]} 期" for name in names}).zh
    en = noted(dictionary, {name: f"every {lengths[name]} periods" for name in names}).en
    message = Text(
        f"以下指标在所有实体中都只是每隔几期才变化一次，像是较粗周期的数据被沿用到各期：{zh}。"
        "这样的数据看不出它在各期之内的作用，也不能完全扣除它对其他关系的影响。",
        f"These change only every few periods, in all entities alike, as if figures of a coarser calendar had been "
        f"carried forward: {en}. What they do within such a stretch cannot be seen, nor fully be held equal.",
    )
    word = _EVERY[panel.frequency][0]
    remedy = Text(
        "请改用逐期数据，或把所有指标汇总到其周期后再研究；若它确实只在这些时点变动，"
        f"请在字典中写明它逐期测量（frequency: {word}）。",
        "Use figures of every period, or aggregate all indicators to that calendar; where it really moves at these "
        f"times only, declare in the dictionary that it is measured every period (frequency: {word}).",
    )
    params: Params = {"periods": tuple(float(lengths[name]) for name in names)}
    return [
        about_indicators("carried-forward", "review", names, dictionary, message=message, remedy=remedy, params=params)
    ]


def _measured_each(dictionary: Dictionary, name: str, frequency: str) -> bool:
    entry = dictionary.indicators.get(name)
    return entry is not None and fold(entry.frequency) in _EVERY[frequency]
