"""Partial pooling of a few group means towards their common mean, with the uncertainty of how much they differ.

b_s ~ N(theta_s, v_s), theta_s ~ N(mu, tau^2), flat prior on mu and the prior s0 / (s0 + tau)^2 on tau with s0^2 the
harmonic mean of the v_s (DuMouchel & Normand 2000): half of it lies below s0. tau is integrated out on a grid, so that
intervals hold with two groups as well as with many (Morris 1983, JASA 78; Gelman 2006, Bayesian Analysis 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pooled", "pooled"]

Array = NDArray[np.float64]

_GRID = 60


class Pooled(NamedTuple):
    """Posterior of the group means."""

    mean: Array
    """(k, S)"""
    sd: Array
    """(k, S)"""
    centre: Array
    """(k,) mean of the common mean."""
    tau: Array
    """(k,) mean SD between groups."""
    share: Array
    """(k, S) how far each group was moved towards the common mean, 0 (not at all) .. 1."""


def pooled(b: Array, v: Array, common: Array) -> Pooled:
    """Return k problems solved side by side.

    Parameters
    ----------
    b : (k, S) group means.
    v : (k, S) their own variances; a problem in which one of them is 0 is left unpooled.
    common : (k,) variance of an error that all groups of a problem share.
    """
    S = b.shape[1]
    still = np.asarray((v <= 0).any(axis=1))
    safe = np.where(still[:, None], 1.0, v)
    s0 = np.sqrt(S / (1.0 / safe).sum(axis=1))
    u = (np.arange(_GRID) + 0.5) / _GRID
    tau = s0[:, None] * (u / (1.0 - u))
    t2 = (tau**2)[:, :, None]
    w = 1.0 / (safe[:, None, :] + t2)
    total = w.sum(axis=2)
    mu = (w * b[:, None, :]).sum(axis=2) / total
    fit = (
        0.5 * np.log(w).sum(axis=2)
        - 0.5 * np.log(total)
        - 0.5 * (w * (b[:, None, :] - mu[:, :, None]) ** 2).sum(axis=2)
    )
    weight = np.exp(fit - fit.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    B = safe[:, None, :] * w
    centre = B * mu[:, :, None] + (1.0 - B) * b[:, None, :]
    spread = safe[:, None, :] * (1.0 - B) + B**2 / total[:, :, None]
    mean = (weight[:, :, None] * centre).sum(axis=1)
    variance = (weight[:, :, None] * (spread + centre**2)).sum(axis=1) - mean**2
    mean = np.where(still[:, None], b, mean)
    variance = np.where(still[:, None], v, np.maximum(variance, 0.0))
    share = np.where(still[:, None], 0.0, (weight[:, :, None] * B).sum(axis=1))
    return Pooled(
        mean,
        np.sqrt(variance + common[:, None]),
        np.where(still, b.mean(axis=1), (weight * mu).sum(axis=1)),
        np.where(still, 0.0, (weight * tau).sum(axis=1)),
        share,
    )
