"""When a part of an effect arrives, and its share of the whole with an interval."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import Z95
from causal_service.errors import Text
from causal_service.explanation.phrases import horizon_words

__all__ = ["arrival_words", "arrived_shares", "half_by", "share_of"]

Array = NDArray[np.float64]


def share_of(part: Array, whole: Array) -> tuple[float, float, float]:
    """Return the share of means, part (B,) of whole (B,), with the ends of its 95 % interval.

    The SD is that of part - share x whole over the mean of the whole (delta method; Cochran 1977, section 6.5): a part
    that is the whole in every draw has a share of exactly 1.
    """
    total = float(whole.mean())
    share = float(part.mean()) / total
    half = Z95 * float((part - share * whole).std(ddof=1)) / abs(total)
    return share, share - half, share + half


def arrived_shares(part: Array) -> tuple[float, ...]:
    """Return the expected share of a part (B, h + 1) that has arrived in period 0..h; empty where there is none."""
    means = part.mean(axis=0)
    if abs(means[-1]) <= 1e-12 * max(float(np.abs(part).max()), 1e-300):
        return ()
    return tuple(float(x) for x in means / means[-1])


def half_by(arrived: Sequence[float]) -> int | None:
    """Return the first period from which on at least half has arrived; ``None`` where nothing arrives."""
    late = [t for t, share in enumerate(arrived) if share < 0.5]
    return None if not arrived else late[-1] + 1 if late else 0


def arrival_words(half: int | None, horizon: int, frequency: str) -> Text:
    """Return when half has arrived: ``half of it in the same month``; empty where there is no later to tell from."""
    if half is None or horizon <= 0 or not frequency:
        return Text("", "")
    when = horizon_words(half, frequency)
    return Text(f"{when.zh}{'' if half else '即'}到位过半", f"half of it arrives {when.en}")
