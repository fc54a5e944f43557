"""Attempts to break an effect: a placebo lever, a placebo outcome, a random cause, parts of the data, hidden causes.

None of them proves an effect. Each would show something telling if the effect came from chance, from a few entities or
periods, or from a hidden cause that lasts; a wrong graph passes most of them. What a check finds leaves levers, ranks
and verdicts as they are.

Sources: refutations as in Sharma & Kiciman (2020, arXiv 2011.04216), here from moments; the outcome before as a
negative control (Lipsitch, Tchetgen Tchetgen & Cohen 2010, Epidemiology 21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.discovery.discover import Discovery
from causal_service.effects.comparison import Comparison, NotCompared, comparisons_of
from causal_service.effects.e_value import e_value, risk_ratio
from causal_service.effects.estimate import KINDS, Z95
from causal_service.effects.identification import Identification
from causal_service.effects.refits import Parts, changes, covariances_of, entity_parts, period_parts, subset_parts
from causal_service.effects.results import Effect
from causal_service.errors import Text
from causal_service.numerics.partial_regression import partial_fit, placebo_coefficients, shifts_by_noise
from causal_service.preparation.kinds import kind_of
from causal_service.preparation.prepared import Prepared
from causal_service.preparation.within_rows import WithinRows

__all__ = ["REPEATS", "SAME_DIRECTION", "Check", "CheckKind", "Checked", "WhyNot", "robustness_checks"]

Array = NDArray[np.float64]
CheckKind = Literal[
    "placebo-lever",
    "placebo-outcome",
    "random-common-cause",
    "subset",
    "leave-one-entity-out",
    "leave-one-period-out",
    "e-value",
]
WhyNot = Literal[
    NotCompared,
    "no-lags",
    "feedback",
    "exact-sum",
    "one-entity",
    "one-period",
    "rows-on-disk",
    "few-blocks",
    "few-periods",
    "not-two-states",
    "one-state",
    "outside-shares",
]
REPEATS = 100
"""Repeats of what is drawn."""
CLEAR = 3.3
"""Standard errors from which the outcome before is clearly not left alone."""
TELLING = 0.1
"""Smallest partial correlation with the outcome before that counts."""
SAME_DIRECTION = 0.95
"""Share of the subsets that must agree with the whole on the direction."""
_FEWEST_BLOCKS = 5
_FEWEST_PERIODS = 7
"""Rows per entity below which removing entity effects ties neighbouring periods together too much."""
_FEW_LEFT = 0.5
"""An effect hangs on one entity or period when less than this share is left without it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One attempt to break the effect of one lever on one outcome."""

    lever: str
    """Indicator key."""
    outcome: str
    """Indicator key."""
    check: CheckKind
    """What was tried."""
    passed: bool | None
    """Whether the effect stood; ``None`` where the check does not apply."""
    estimate: float | None
    """What was put to the test, outcome unit per lever unit; for ``e-value`` the risk ratio of one step."""
    found: float | None
    """What was found on average, same unit; for ``e-value`` the E-value."""
    low: float | None
    """Lowest that was found (2.5 % point for placebos and random causes); for ``e-value`` that of the interval."""
    high: float | None
    """Highest that was found (97.5 % point)."""
    repeats: int
    """Number of repeats."""
    delay: int | None
    """Periods between lever and outcome where one such effect was tried; ``None`` for the headline effect."""
    extreme: str
    """Entity or period that counts most."""
    why_not: WhyNot | None
    """Why the check does not apply."""
    reason: Text = field(default_factory=lambda: Text("", ""))
    """The same in words; empty where it applies."""
    sentence: Text = field(default_factory=lambda: Text("", ""))
    """What was tried, what it would have shown, what it did show."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What the checks look at."""

    prepared: Prepared
    """Moments."""
    within: WithinRows | None
    """The rows; ``None`` where they are on disk."""
    discovery: Discovery
    """The full-sample graph."""
    effects: Mapping[tuple[str, str], Effect]
    """Headline effect by lever and outcome."""
    steps: Mapping[tuple[str, str], float]
    """One step by lever and outcome, lever unit."""
    seed: int
    """Seed of what is drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class _Leaving:
    """Parts of the data and what leaving out changes, or why there are none."""

    check: CheckKind
    parts: Parts | None
    change: Array
    why_not: WhyNot | None


def robustness_checks(case: Checked, identified: Sequence[Identification]) -> tuple[Check, ...]:
    """Return all checks of the pairs in ``identified``, in that order; none for effects that are exactly zero."""
    rows = [row for row in identified if case.effects[row.lever, row.outcome].value != 0.0]
    if not rows:
        return ()
    kind = KINDS.index(case.effects[rows[0].lever, rows[0].outcome].kind)
    horizon = case.effects[rows[0].lever, rows[0].outcome].horizon
    left_out = [
        _leaving(case, check, horizon, kind) for check in ("subset", "leave-one-entity-out", "leave-one-period-out")
    ]
    stacks = case.prepared.covariance()
    before = _placebo_outcomes(case, rows, stacks[1])
    checks: list[Check] = []
    for row, placebo_outcome in zip(rows, before, strict=True):
        compared = _strongest(case, row, stacks[0])
        checks += [
            _placebo_lever(case, row, compared, stacks[0]),
            placebo_outcome,
            _random_cause(case, row, compared, stacks[0]),
            *(_left_out(case, row, one) for one in left_out),
            _e_value(case, row),
        ]
    return tuple(checks)


def _not(row: Identification, check: CheckKind, why: WhyNot) -> Check:
    return Check(row.lever, row.outcome, check, None, None, None, None, None, 0, None, "", why)


def _generator(case: Checked, purpose: int, index: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([case.seed, 1_000_000 * purpose + index], np.uint64)))


def _pair(case: Checked, row: Identification) -> tuple[int, int, float]:
    """Return (lever, outcome, users' units per standardised unit of the effect)."""
    x, y = case.prepared.names.index(row.lever), case.prepared.names.index(row.outcome)
    return x, y, float(case.prepared.unit_sd[y] / case.prepared.unit_sd[x])


def _strongest(case: Checked, row: Identification, W: Array) -> Comparison | NotCompared:
    """Return the regression at the delay at which most of the effect is seen."""
    compared = comparisons_of(case.discovery, row)
    if isinstance(compared, str):
        return compared
    return max(compared, key=lambda one: abs(float(partial_fit(W[None], one.lever, one.outcome, one.given).t[0])))


def _placebo_lever(case: Checked, row: Identification, compared: Comparison | NotCompared, W: Array) -> Check:
    if not isinstance(compared, Comparison):
        return _not(row, "placebo-lever", compared)
    x, y, unit = _pair(case, row)
    fit = partial_fit(W[None], compared.lever, compared.outcome, compared.given)
    rng = _generator(case, 1, x * len(case.prepared.names) + y)
    variance, n = float(W[compared.lever, compared.lever]), case.prepared.effective_n
    found = unit * placebo_coefficients(variance, float(fit.outcome[0]), n, len(compared.given), REPEATS, rng)
    estimate = unit * float(fit.coefficient[0])
    low, high = (float(q) for q in np.quantile(found, (0.025, 0.975)))
    passed = not low <= estimate <= high
    return _check(
        row, "placebo-lever", passed, estimate, (float(found.mean()), low, high), REPEATS, delay=compared.delay
    )


def _random_cause(case: Checked, row: Identification, compared: Comparison | NotCompared, W: Array) -> Check:
    if not isinstance(compared, Comparison):
        return _not(row, "random-common-cause", compared)
    x, y, unit = _pair(case, row)
    fit = partial_fit(W[None], compared.lever, compared.outcome, compared.given)
    rng, n = _generator(case, 2, x * len(case.prepared.names) + y), case.prepared.effective_n
    moved = shifts_by_noise(float(fit.lever[0]), float(fit.rest[0]), n, len(compared.given), REPEATS, rng)
    estimate = unit * float(fit.coefficient[0])
    found = estimate + unit * moved
    low, high = (float(q) for q in np.quantile(found, (0.025, 0.975)))
    passed = bool(low * high > 0 and min(abs(low), abs(high)) >= _FEW_LEFT * abs(estimate))
    return _check(
        row, "random-common-cause", passed, estimate, (float(found.mean()), low, high), REPEATS, delay=compared.delay
    )


@dataclass(frozen=True, slots=True)
class _Before:
    """The regression of the outcome one period before on the lever now, the lever's causes held equal."""

    lever: int
    before: int
    given: tuple[int, ...]


def _before(case: Checked, row: Identification) -> _Before | WhyNot:
    prepared, member = case.prepared, case.discovery.full.members[0]
    x, y, _ = _pair(case, row)
    p, lags = len(prepared.names), prepared.lags
    if lags == 0:
        return "no-lags"
    if prepared.blocks < _FEWEST_BLOCKS:
        return "few-blocks"
    if prepared.rows < _FEWEST_PERIODS * prepared.entities:
        return "few-periods"
    if any(total.name == row.lever for total in prepared.totals):
        return "exact-sum"
    before = (lags - 1) * p + y
    if member[x, before]:
        return "feedback"
    return _Before(lags * p + x, before, tuple(int(c) for c in np.flatnonzero(member[x])))


def _placebo_outcomes(case: Checked, rows: Sequence[Identification], S: Array) -> list[Check]:
    """The lever now against the outcome one period before, the lever's causes held equal: nothing may be left."""
    compared = [_before(case, row) for row in rows]
    errors = _jackknife_errors(case.prepared, [one for one in compared if isinstance(one, _Before)])
    return [
        _placebo_outcome(case, row, one, S, errors[one])
        if isinstance(one, _Before)
        else _not(row, "placebo-outcome", one)
        for row, one in zip(rows, compared, strict=True)
    ]


def _placebo_outcome(case: Checked, row: Identification, one: _Before, S: Array, error: float) -> Check:
    unit = _pair(case, row)[2]
    fit = partial_fit(S[None], one.lever, one.before, one.given)
    value = float(fit.coefficient[0])
    correlation = value * float(np.sqrt(fit.lever[0] / max(float(fit.outcome[0]), 1e-300)))
    spurious = abs(value) > CLEAR * error and abs(correlation) >= TELLING
    ends = (unit * value, unit * (value - Z95 * error), unit * (value + Z95 * error))
    estimate = case.effects[row.lever, row.outcome].value
    return _check(row, "placebo-outcome", not spurious, estimate, ends, case.prepared.blocks)


def _jackknife_errors(prepared: Prepared, regressions: Sequence[_Before]) -> dict[_Before, float]:
    """Return the standard error of each coefficient by leaving out one block after the other (Tukey 1958)."""
    grams, mass, size = prepared.grams, prepared.mass, 256
    whole = Parts(grams.sum(axis=0), mass.sum(), ())
    left: dict[_Before, list[Array]] = {one: [] for one in regressions}
    for start in range(0, prepared.blocks if regressions else 0, size):
        out = slice(start, start + size)
        parts = Parts(whole.grams - grams[out], whole.mass - mass[out], ())
        W = covariances_of(prepared, parts, 0, size)
        for one in regressions:
            left[one].append(partial_fit(W, one.lever, one.before, one.given).coefficient)
    errors = {}
    for one, values in left.items():
        all_ = np.concatenate(values)
        errors[one] = float(np.sqrt((all_.size - 1) / all_.size * ((all_ - all_.mean()) ** 2).sum()))
    return errors


def _leaving(case: Checked, check: CheckKind, horizon: int, kind: int) -> _Leaving:
    prepared, within = case.prepared, case.within
    why: WhyNot = "one-entity"
    if check == "subset":
        parts, why = subset_parts(prepared, REPEATS, _generator(case, 3, 0)), "few-blocks"
    elif check == "leave-one-entity-out":
        parts = entity_parts(prepared, within)
    else:
        parts = period_parts(prepared, within)
        why = "one-period" if within is not None or prepared.regime == "cross-section" else "rows-on-disk"
    if parts is None:
        return _Leaving(check, None, np.empty(0), why)
    return _Leaving(check, parts, changes(prepared, case.discovery, parts, horizon, kind), None)


def _left_out(case: Checked, row: Identification, leaving: _Leaving) -> Check:
    if leaving.parts is None or leaving.why_not is not None:
        return _not(row, leaving.check, leaving.why_not or "few-blocks")
    x, y, _ = _pair(case, row)
    whole = case.effects[row.lever, row.outcome].full_sample
    if whole == 0.0:
        return _not(row, leaving.check, "no-path")
    found = whole + leaving.change[:, y, x]
    most = int(np.abs(leaving.change[:, y, x]).argmax())
    least = float((found * np.sign(whole)).min())
    if leaving.check == "subset":
        passed = bool((np.sign(found) == np.sign(whole)).mean() >= SAME_DIRECTION)
    else:
        passed = least >= _FEW_LEFT * abs(whole)
    ends = (float(found.mean()), float(found.min()), float(found.max()))
    return _check(row, leaving.check, passed, whole, ends, found.size, leaving.parts.labels[most])


def _e_value(case: Checked, row: Identification) -> Check:
    if case.within is None:
        return _not(row, "e-value", "rows-on-disk")
    column = case.within.panel.values[:, :, case.within.panel.indicators.index(row.outcome)]
    levels = np.unique(column[~np.isnan(column)])
    if levels.size < 2:
        return _not(row, "e-value", "one-state")
    if kind_of(column) != "binary":
        return _not(row, "e-value", "not-two-states")
    effect, step = case.effects[row.lever, row.outcome], case.steps.get((row.lever, row.outcome), 1.0)
    span = float(levels[1] - levels[0])
    share = float((np.nanmean(column) - levels[0]) / span)
    ends = [end * step / span for end in (effect.value, effect.low, effect.high)]
    ratio = risk_ratio(share, ends[0])
    if ratio is None:
        return _not(row, "e-value", "outside-shares")
    nearest = min(ends[1:], key=abs)
    of_interval = risk_ratio(share, nearest) if ends[1] * ends[2] > 0 else 1.0
    least = e_value(1.0 if of_interval is None else of_interval)
    return _check(row, "e-value", least > 1.0, ratio, (e_value(ratio), least, None), 0)


def _check(
    row: Identification,
    check: CheckKind,
    passed: bool,
    estimate: float,
    found: tuple[float, float, float | None],
    repeats: int,
    extreme: str = "",
    delay: int | None = None,
) -> Check:
    if not all(np.isfinite(value) for value in (estimate, *found) if value is not None):
        return _not(row, check, "few-blocks")
    return Check(row.lever, row.outcome, check, bool(passed), estimate, *found, repeats, delay, extreme, None)
