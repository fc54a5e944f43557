"""Curves of one study beside its ranked effects: which bends count, and the straight line where none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from causal_service.effects.dose_results import Apart, DoseResponse, DoseValue
from causal_service.effects.dose_shape import BEND
from causal_service.effects.estimate import false_discovery_rates

__all__ = ["apart", "bends_that_count", "straight_line"]


def bends_that_count(curves: Sequence[DoseResponse]) -> tuple[bool, ...]:
    """Return which curves of a study are bent: the false discovery rate over all of them is held at ``BEND``."""
    rates = false_discovery_rates(np.array([curve.bend_p for curve in curves]))
    return tuple(bool(rate <= BEND) and curve.shape != "straight" for curve, rate in zip(curves, rates, strict=True))


def straight_line(curve: DoseResponse, value: float, low: float, high: float) -> DoseResponse:
    """Return the straight line through the reference with the slope of the ranked effect, over the same levels.

    No evidence of a bend is no evidence of a straight line: the band holds the line for all slopes in the interval of
    the ranked effect and the band of the curve as estimated, bends that the data do not rule out included.

    Parameters
    ----------
    value, low, high : the ranked effect and its 95 % interval, outcome unit per lever unit.
    """
    away = np.array(curve.levels) - curve.reference
    ends = np.sort(np.stack([low * away, high * away]), axis=0)
    below, above = np.minimum(ends[0], curve.low), np.maximum(ends[1], curve.high)
    return replace(
        curve,
        values=tuple(float(x) for x in value * away),
        low=tuple(float(x) for x in below),
        high=tuple(float(x) for x in above),
        slopes=tuple(float(value) for _ in curve.levels),
        shape="straight",
        saturation=None,
        saturation_low=None,
        saturation_high=None,
        turning=None,
        turning_low=None,
        turning_high=None,
    )


def apart(curve: DoseResponse, step: float, value: float, low: float, high: float) -> Apart | None:
    """Return what curve and ranked effect say about one step from the reference where their intervals do not meet.

    Parameters
    ----------
    curve : as estimated.
    step : signed move, lever unit; one that the data do not support is taken back the other way, else not compared.
    value, low, high : the ranked effect and its 95 % interval, outcome unit per lever unit.
    """
    for move in (step, -step):
        found = curve.at(curve.reference + move)
        if not isinstance(found, DoseValue):
            continue
        ranked_low, ranked_high = sorted((low * move, high * move))
        if found.low <= ranked_high and ranked_low <= found.high:
            return None
        return Apart(move, found.value, found.low, found.high, value * move, ranked_low, ranked_high)
    return None
