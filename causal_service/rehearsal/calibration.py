"""From the errors on the twins to the factor that makes nominal 95 % intervals hold.

The errors of truly non-zero effects, in half-widths, are pooled; the factor is their 95 % quantile at the level of
split conformal prediction (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Lei et al. 2018,
JASA 113), every twin with the same weight. Checking intervals on data simulated from the fitted model is the idea of
simulation-based calibration (Talts et al. 2018, arXiv 1804.06788) and of the calibrated bootstrap (Loh 1987, JASA 82).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import KINDS
from causal_service.rehearsal.results import Calibration
from causal_service.rehearsal.trial import Trial

__all__ = ["calibrated", "widening"]

Array = NDArray[np.float64]

NOMINAL = 0.95


def calibrated(trials: Sequence[Trial]) -> tuple[Calibration, ...]:
    """Return the calibration of every kind from the trials of one outcome."""
    return tuple(_calibration(trials, i) for i in range(len(KINDS)))


def _calibration(trials: Sequence[Trial], kind: int) -> Calibration:
    errors = [e for e in (_errors(trial, kind) for trial in trials) if e.size]
    inside = np.array([float((e <= 1.0).mean()) for e in errors])
    few = len(errors) < 2
    return Calibration(
        outcome=trials[0].outcome,
        kind=KINDS[kind],
        effects=int(sum(e.size for e in errors)),
        coverage=float(inside.mean()) if errors else None,
        coverage_error=None if few else float(inside.std(ddof=1) / np.sqrt(len(errors))),
        coverage_calibrated=None if few else _left_out(errors),
        factor=widening(errors),
        reason="no-true-effect" if not errors else "one-twin" if few else None,
    )


def _errors(trial: Trial, kind: int) -> Array:
    """Errors of the truly non-zero effects in half-widths of their intervals."""
    off = np.abs(trial.value[kind] - trial.truth[kind])[trial.counted]
    return np.asarray(off / np.maximum(trial.half_width[kind][trial.counted], 1e-300))


def widening(errors: Sequence[Array]) -> float:
    """Return the factor for half-widths, at least 1, from errors in half-widths, one array per twin."""
    if not errors:
        return 1.0
    values = np.concatenate(errors)
    mass = np.concatenate([np.full(e.size, 1.0 / e.size) for e in errors]) / len(errors)
    order = np.argsort(values, kind="stable")
    level = min(NOMINAL * (1 + 1 / len(values)), 1.0)
    place = int(np.searchsorted(np.cumsum(mass[order]), level - 1e-12))
    return float(max(1.0, values[order][min(place, values.size - 1)]))


def _left_out(errors: Sequence[Array]) -> float:
    """Coverage of each twin's effects under the factor of the other twins, mean over twins."""
    held = [float((e <= widening([*errors[:i], *errors[i + 1 :]])).mean()) for i, e in enumerate(errors)]
    return float(np.mean(held))
