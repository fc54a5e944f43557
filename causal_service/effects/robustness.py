"""How strong a hidden common cause would have to be, in closed form."""

from __future__ import annotations

import math

__all__ = ["WEAK", "robustness_value"]

WEAK = 0.05
"""Below this robustness value a finding is called weak."""


def robustness_value(t: float, dof: float) -> float:
    """Return RV = (sqrt(f^4 + 4 f^2) - f^2) / 2 with f = |t| / sqrt(dof), in 0..1.

    A hidden common cause that explains this share of the residual variance of both lever and outcome would bring the
    estimate to zero. Source: Cinelli & Hazlett (2020), "Making sense of sensitivity", JRSS B 82(1), eq. 17 (q = 1).
    Here t is the mean of the draws over their SD, so graph uncertainty lowers it.
    """
    f2 = t * t / max(dof, 1.0)
    return 0.5 * (math.sqrt(f2 * f2 + 4.0 * f2) - f2)
