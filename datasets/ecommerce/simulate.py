"""The e-commerce case: 50 shops, 36 months, 14 indicators; advertising that saturates, with the truth known exactly.

For shop i and month t the indicators follow, in the users' units::

    x_it = A0 x_it + A1 x_i,t-1 + f(ad_it) + CARRY f(ad_i,t-1) + a_i + g_t + e_it
    f(ad) = REACH (1 - exp(-ad / SCALE)), in the equation of visits alone

Everything but f is linear, and nothing interacts with it. The response to a kept level of advertising is therefore the
same for every shop and month, and known in closed form; effects of one unit depend on the level and are averages over
the panel by twin runs with common noise. Return on ad spend is revenue / ad spend, to the digit.

``python datasets/ecommerce/simulate.py`` writes the panel and its truth.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HERE = Path(__file__).resolve().parent
SEED = 20260
SHOPS, MONTHS, BURN, HORIZON, GAPS = 50, 36, 60, 3, 0.03
OUTCOMES = ("revenue", "repurchase_rate", "visits")
REACH, SCALE, CARRY = 30.0, 4.0, 0.4
"""Visits (10,000) that advertising can bring at most, spend (10,000 yuan) at which 63 % are reached, share that comes a
month later."""
SATURATED = 0.2
"""Share of the steepest slope below which spend is called saturated."""


@dataclass(frozen=True, slots=True)
class Equation:
    """One indicator: where it lives and what moves it. All numbers are in the indicator's own unit."""

    mean: float
    """Average level over all shops."""
    noise: float
    """SD of the independent monthly noise."""
    decimals: int
    """Decimals kept in the file."""
    size: float = 0.0
    """Change of the shop level per SD of unobserved shop size."""
    own: float = 0.0
    """SD of the shop level that nothing else explains."""
    season: float = 0.0
    """Half the swing over the year, entering the equation."""
    trend: float = 0.0
    """Drift of the equation's intercept over 36 months."""
    shock: float = 0.0
    """SD of the monthly shock common to all shops."""
    now: dict[str, float] = field(default_factory=dict)
    """Same-month causes and coefficients."""
    before: dict[str, float] = field(default_factory=dict)
    """Previous-month causes and coefficients; the indicator itself is its inertia."""


# fmt: off
SYSTEM: dict[str, Equation] = {
    "promotion_days": Equation(6, .9, 1, season=1.6, shock=.8),
    "competitor_price": Equation(100, 1.3, 1, own=1.0, trend=2.0, shock=.7, before={"competitor_price": .5}),
    "new_products": Equation(16, 2.4, 0, size=2.0, own=1.5, season=1.0, shock=.5, before={"new_products": .4}),
    "ad_spend": Equation(11.5, 1.25, 2, size=2.6, own=1.2, season=.3, shock=.2,
        now={"promotion_days": .25}, before={"revenue": .01, "ad_spend": .25}),
    "discount_rate": Equation(13, 1.2, 1, own=1.5, season=.4, shock=.3,
        now={"promotion_days": .4}, before={"discount_rate": .3}),
    "delivery_days": Equation(3.4, .28, 2, size=-.1, own=.3, shock=.05,
        now={"promotion_days": .06}, before={"delivery_days": .4}),
    "reply_minutes": Equation(7, .9, 1, own=.8, shock=.15, now={"promotion_days": .2}, before={"reply_minutes": .4}),
    "visits": Equation(74, 1.6, 2, size=9.0, own=4.0, season=.8, trend=2.0, shock=.5,
        now={"new_products": .22, "promotion_days": .5}, before={"visits": .2}),
    "conversion_rate": Equation(3.1, .11, 3, own=.1, trend=.05, shock=.02,
        now={"discount_rate": .045, "delivery_days": -.2, "reply_minutes": -.03, "competitor_price": .018},
        before={"conversion_rate": .25, "good_reviews": .05}),
    "order_value": Equation(205, 4.2, 1, size=4.0, own=6.0, shock=.8,
        now={"discount_rate": -1.5, "new_products": .5}, before={"order_value": .3}),
    "good_reviews": Equation(93, .5, 2, own=.6, shock=.1,
        now={"delivery_days": -.9, "reply_minutes": -.14}, before={"good_reviews": .35}),
    "revenue": Equation(470, 7.0, 2, size=35.0, own=8.0, season=2.0, shock=1.5,
        now={"visits": 6.4, "conversion_rate": 120.0, "order_value": 2.2}, before={"revenue": .1}),
    "repurchase_rate": Equation(31, .8, 2, size=.8, own=1.2, shock=.2,
        now={"good_reviews": .5, "delivery_days": -.6}, before={"repurchase_rate": .4}),
}
# fmt: on

KEYS = tuple(SYSTEM)
RATIO = "return_on_spend"
COLUMNS = (*KEYS, RATIO)
AD, VISITS = KEYS.index("ad_spend"), KEYS.index("visits")


def reached(ad: Array) -> Array:
    """Return the visits (10,000) that a spend (10,000 yuan) brings in the same month."""
    visits: Array = REACH * (1.0 - np.exp(-ad / SCALE))
    return visits


def matrices() -> tuple[Array, Array]:
    """Return ``(A0, A1)``, each (P, P), row = effect, column = cause, without what advertising does to visits."""
    a0, a1 = np.zeros((len(KEYS), len(KEYS))), np.zeros((len(KEYS), len(KEYS)))
    for key, equation in SYSTEM.items():
        for cause, coefficient in equation.now.items():
            a0[KEYS.index(key), KEYS.index(cause)] = coefficient
        for cause, coefficient in equation.before.items():
            a1[KEYS.index(key), KEYS.index(cause)] = coefficient
    return a0, a1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything random, drawn once, so that twin runs differ by the intervention alone."""

    level: Array
    """Shop levels (N, P)."""
    common: Array
    """Season, trend and shocks (BURN + T, P)."""
    noise: Array
    """Independent noise (BURN + T, N, P)."""


def draw(seed: int = SEED, shops: int = SHOPS, months: int = MONTHS) -> Inputs:
    """Draw shop levels, common period terms and noise; sizes are spread evenly, so that no level of spend is rare."""
    rng = np.random.default_rng(seed)
    columns = ("mean", "noise", "size", "own", "season", "trend", "shock")
    table = {name: np.array([getattr(e, name) for e in SYSTEM.values()], dtype=float) for name in columns}
    size = rng.permutation(np.linspace(-1.6, 1.6, shops))[:, None]
    own = np.clip(rng.standard_normal((shops, len(KEYS))), -1.5, 1.5) * table["own"]
    level = table["mean"] + size * table["size"] + own
    clock = np.arange(-BURN, months)[:, None]
    common = table["season"] * np.cos(2 * np.pi * (clock + 1 - 11) / 12)
    common = common + table["trend"] * np.clip(clock, 0, None) / 36
    common = common + rng.standard_normal((BURN + months, len(KEYS))) * table["shock"]
    noise = rng.standard_normal((BURN + months, shops, len(KEYS))) * table["noise"]
    return Inputs(level, common, noise)


def _step(inputs: Inputs, month: Array, state: Array, held: tuple[int, Array] | None = None) -> Array:
    """Return the next state; ``state`` (..., N, P), ``month`` (...) counted from the start of the burn-in.

    ``held = (column, values (..., N))`` sets an indicator whatever its causes do.
    """
    a0, a1 = matrices()
    level = inputs.level
    intercept = level @ (np.eye(len(KEYS)) - a0 - a1).T
    intercept[:, VISITS] -= (1 + CARRY) * reached(level[:, AD])
    right = state @ a1.T + intercept + inputs.common[month][..., None, :] + inputs.noise[month]
    right[..., VISITS] += CARRY * reached(state[..., AD])
    now = np.zeros_like(right)
    for j in _order(a0):
        now[..., j] = right[..., j] + now @ a0[j]
        if j == VISITS:
            now[..., j] += reached(now[..., AD])
        if held is not None and j == held[0]:
            now[..., j] = held[1]
    return now


def _order(a0: Array) -> list[int]:
    """Return the columns, causes first; advertising precedes visits in the table already."""
    order: list[int] = []
    while len(order) < len(KEYS):
        order += [j for j in range(len(KEYS)) if j not in order and set(np.flatnonzero(a0[j])) <= set(order)][:1]
    return order if order.index(AD) < order.index(VISITS) else sorted(order, key=lambda j: (j == VISITS, 0))


def run(inputs: Inputs) -> Array:
    """Return the unrounded panel (T, N, P) without the ratio."""
    state, panel = inputs.level, []
    for t in range(len(inputs.common)):
        state = _step(inputs, np.array(t), state)
        panel.append(state)
    return np.stack(panel[BURN:])


def kept(inputs: Inputs, panel: Array, lever: str, values: Array, horizon: int = HORIZON) -> Array:
    """Return the panel months 0 .. ``horizon`` (S, horizon + 1, N, P) after each start, with the lever set by hand.

    ``values`` (S, horizon + 1, N) is the lever after every start; starts are the months 1 .. T - horizon - 1, so that
    each begins in an undisturbed month.
    """
    starts = np.arange(1, panel.shape[0] - horizon)
    state, months = panel[starts - 1], []
    for k in range(horizon + 1):
        state = _step(inputs, BURN + starts + k, state, (KEYS.index(lever), values[:, k]))
        months.append(state)
    return np.stack(months, axis=1)


def own_path(panel: Array, lever: str, horizon: int = HORIZON) -> Array:
    """Return the lever's undisturbed path (S, horizon + 1, N) after every start."""
    starts = np.arange(1, panel.shape[0] - horizon)
    return np.stack([panel[starts + k, :, KEYS.index(lever)] for k in range(horizon + 1)], axis=1)


def within_sd(panel: Array) -> Array:
    """Return the SD (P,) after shop and month effects are removed."""
    centred = panel - panel.mean(axis=0) - panel.mean(axis=1, keepdims=True) + panel.mean(axis=(0, 1))
    sd: Array = centred.std(axis=(0, 1))
    return sd


def effects(lever: str, outcome: str, inputs: Inputs, panel: Array) -> dict[str, float]:
    """Return the effects of one unit, averaged over shops and starts: a nudge of a quarter within-SD, common noise."""
    nudge = 0.25 * float(within_sd(panel)[KEYS.index(lever)])
    path, to = own_path(panel, lever), KEYS.index(outcome)
    undisturbed = kept(inputs, panel, lever, path)[..., to]
    moved = kept(inputs, panel, lever, path + nudge)[..., to]
    answer = (moved - undisturbed).mean(axis=(0, 2)) / nudge
    return {"impact": float(answer[0]), "sustained": float(answer[HORIZON])}


def dose_response(levels: Array, reference: float, outcome: str = "revenue", horizon: int = HORIZON) -> Array:
    """Return the change of the outcome at month ``horizon`` with spend kept at each level, against the reference.

    Closed form: what advertising does to visits enters a linear system whose equation for spend is cut.
    """
    a0, a1 = matrices()
    a0[AD], a1[AD] = 0.0, 0.0
    now = np.linalg.inv(np.eye(len(KEYS)) - a0)
    gain = np.zeros(len(KEYS))
    state = np.zeros(len(KEYS))
    for month in range(horizon + 1):
        push = np.eye(len(KEYS))[VISITS] * (1.0 + (CARRY if month else 0.0))
        state = now @ (a1 @ state + push)
        gain = state
    change: Array = (reached(np.asarray(levels)) - reached(np.asarray(reference))) * gain[KEYS.index(outcome)]
    return change


def saturation(low: float) -> float:
    """Return the spend beyond which a further unit brings less than ``SATURATED`` of what it brings at ``low``."""
    return float(low - SCALE * np.log(SATURATED))


def observed(panel: Array, seed: int = SEED, gaps: float = GAPS) -> Array:
    """Round to the file's decimals, blank a share ``gaps``, and append revenue / ad spend where both are there."""
    rounded = np.stack([np.round(panel[..., j], SYSTEM[key].decimals) for j, key in enumerate(KEYS)], axis=-1)
    rng = np.random.default_rng([seed, 1])
    rounded = np.where(rng.random(rounded.shape) < gaps, np.nan, rounded)
    ratio = np.round(rounded[..., KEYS.index("revenue")] / rounded[..., AD], 3)
    return np.concatenate([rounded, ratio[..., None]], axis=-1)


def month_label(t: int) -> str:
    """Return the calendar label of month ``t`` (0 = 2022-01)."""
    return f"{2022 + t // 12}-{t % 12 + 1:02d}"


def panel_csv(values: Array) -> str:
    """Return the panel (T, N, P) as long CSV text: shop, month, then the indicators; gaps are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("shop", "month", *COLUMNS))
    decimals = [*(equation.decimals for equation in SYSTEM.values()), 3]
    for i in range(values.shape[1]):
        for t in range(values.shape[0]):
            cells = ["" if np.isnan(x) else f"{x:.{d}f}" for x, d in zip(values[t, i], decimals, strict=True)]
            writer.writerow((f"S{i + 1:02d}", month_label(t), *cells))
    return text.getvalue()


def truth() -> dict[str, object]:
    """Return edges, identities, effects and the dose-response, ready for JSON."""
    inputs = draw()
    panel = run(inputs)
    edges = [
        {"source": cause, "target": key, "lag": lag, "coefficient": coefficient}
        for key, equation in SYSTEM.items()
        for lag, causes in enumerate((equation.now, equation.before))
        for cause, coefficient in causes.items()
    ]
    edges += [{"source": "ad_spend", "target": "visits", "lag": lag, "coefficient": None} for lag in (0, 1)]
    rows = [
        {
            "lever": lever,
            "outcome": outcome,
            "kind": kind,
            "horizon": 0 if kind == "impact" else HORIZON,
            "value": round(value, 9) + 0.0,
        }
        for lever in KEYS
        for outcome in OUTCOMES
        if lever != outcome
        for kind, value in effects(lever, outcome, inputs, panel).items()
    ]
    spend = panel[..., AD]
    low, middle, high = (round(float(np.quantile(spend, q)), 2) for q in (0.05, 0.5, 0.95))
    levels = np.round(np.linspace(low, high, 13), 2)
    change = dose_response(levels, middle)
    return {
        "schema": "causal-service/truth/1",
        "edges": sorted(edges, key=lambda e: (str(e["source"]), str(e["target"]), str(e["lag"]))),
        "identities": [{"ratio": RATIO, "of": "revenue", "by": "ad_spend"}],
        "effects": rows,
        "dose_response": {
            "lever": "ad_spend",
            "outcome": "revenue",
            "kind": "sustained",
            "horizon": HORIZON,
            "reference": middle,
            "levels": [float(x) for x in levels],
            "values": [round(float(x), 6) for x in change],
            "saturation_share": SATURATED,
            "saturation": round(saturation(low), 4),
        },
    }


def files() -> dict[Path, str]:
    """Return every generated file and its text."""
    return {
        HERE / "panel.csv": panel_csv(observed(run(draw()))),
        HERE / "truth.json": json.dumps(truth(), indent=1) + "\n",
    }


def main() -> None:
    """Write the generated files."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
