"""How strongly a hidden cause must go with lever and outcome, as risk ratios: the E-value (VanderWeele & Ding 2017).

E = RR + sqrt(RR (RR - 1)) for a risk ratio RR >= 1; a ratio below one is turned over. The effect of one step is added
to the mean share of the outcome to give the ratio.
"""

from __future__ import annotations

import math

__all__ = ["e_value", "risk_ratio"]


def risk_ratio(share: float, change: float) -> float | None:
    """Return how many times as frequent the outcome gets, at least 1; ``None`` where it would leave 0..1.

    Parameters
    ----------
    share : frequency of the higher state, 0..1; ``change`` of it, signed.
    """
    after = share + change
    if not (0.0 < share < 1.0 and 0.0 < after < 1.0):
        return None
    ratio = after / share
    return ratio if ratio >= 1.0 else 1.0 / ratio


def e_value(ratio: float) -> float:
    """Return the E-value of a risk ratio of at least 1."""
    return ratio + math.sqrt(ratio * (ratio - 1.0))
