"""The founding case: 48 plants, 36 months, 19 indicators in five layers, with the truth known exactly.

For plant i and month t the deviations of all indicators from their plant level follow one linear system::

    x_it = A0 x_it + A1 x_i,t-1 + a_i + g_t + e_it        a_i = (I - A0 - A1) level_i

``A0`` holds same-month and ``A1`` previous-month coefficients in the users' units, ``level_i`` the plant's own level
(driven by unobserved size and management quality), ``g_t`` season, trend and shocks common to all plants, ``e_it``
independent Gaussian noise. Because the system is linear, every effect is known in closed form (:func:`effects`).

``python datasets/manufacturing/simulate.py`` writes the bundled demo panel, its truth and both dictionaries.
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
BUNDLE = HERE.parents[1] / "causal_service" / "data" / "manufacturing"
SEED = 20240
PLANTS, MONTHS, BURN, HORIZON, GAPS = 48, 36, 60, 3, 0.04
OUTCOMES = ("on_time_rate", "satisfaction", "repurchase_rate", "collection_rate", "complaints")
TOTAL, STAGES = "delivery_cycle", ("approval_days", "production_days", "transit_days")


@dataclass(frozen=True, slots=True)
class Equation:
    """One indicator: where it lives and what moves it. All numbers are in the indicator's own unit."""

    mean: float
    """Average level over all plants."""
    noise: float
    """SD of the independent monthly noise."""
    decimals: int
    """Decimals kept in the file."""
    size: float = 0.0
    """Change of the plant level per SD of unobserved plant size."""
    quality: float = 0.0
    """Change of the plant level per SD of unobserved management quality."""
    own: float = 0.0
    """SD of the plant level that nothing else explains."""
    season: float = 0.0
    """Half the swing over the year, entering the equation."""
    peak: int = 11
    """Month (1-12) of the seasonal peak."""
    trend: float = 0.0
    """Drift of the equation's intercept over 36 months."""
    shock: float = 0.0
    """SD of the monthly shock common to all plants."""
    now: dict[str, float] = field(default_factory=dict)
    """Same-month causes and coefficients."""
    before: dict[str, float] = field(default_factory=dict)
    """Previous-month causes and coefficients; the indicator itself is its inertia."""


# fmt: off
SYSTEM: dict[str, Equation] = {
    # context
    "order_volume": Equation(1400, 95, 0, size=260, own=60, season=110, trend=60, shock=45,
        before={"order_volume": .55}),
    "custom_share": Equation(28, 2.2, 2, size=3.0, own=3.0, season=.6, peak=4, shock=.5, before={"custom_share": .6}),
    # innovation
    "training_hours": Equation(8.0, .55, 2, size=.7, quality=1.35, own=.3, season=.35, peak=3, trend=.5, shock=.12,
        now={"order_volume": -.0024}, before={"training_hours": .4}),
    "improvement_proposals": Equation(12, 1.7, 1, quality=.5, own=1.8, season=.4, peak=6, trend=.8, shock=.4,
        before={"improvement_proposals": .5}),
    "automation_rate": Equation(45, 1.4, 2, size=3.5, own=6.0, trend=2.4, shock=.2, before={"automation_rate": .65}),
    # process
    "supplier_on_time": Equation(82, 2.3, 2, own=2.0, season=-.8, peak=2, trend=.4, shock=.6,
        now={"order_volume": -.007}, before={"supplier_on_time": .45}),
    "equipment_uptime": Equation(83, 1.6, 2, size=.4, own=1.8, shock=.3,
        now={"automation_rate": .22, "order_volume": -.0035}, before={"equipment_uptime": .4}),
    "first_pass_yield": Equation(91, .85, 2, quality=.35, own=1.1, trend=.3, shock=.2,
        now={"custom_share": -.11}, before={"improvement_proposals": .16, "first_pass_yield": .4}),
    "approval_days": Equation(2.6, .26, 2, size=.18, own=.2, season=.04, shock=.05,
        now={"custom_share": .045, "order_volume": .0005}, before={"approval_days": .4}),
    "production_days": Equation(9.8, .62, 2, size=1.0, own=.6, season=.1, shock=.12,
        now={"order_volume": .0022, "first_pass_yield": -.14, "equipment_uptime": -.09, "supplier_on_time": -.07},
        before={"production_days": .25}),
    "transit_days": Equation(4.3, .38, 2, size=.15, own=.45, season=.22, peak=1, shock=.1,
        now={"order_volume": .0009}, before={"transit_days": .45}),
    "delivery_cycle": Equation(16.7, .0, 2, now={"approval_days": 1.0, "production_days": 1.0, "transit_days": 1.0}),
    # business
    "on_time_rate": Equation(82, 1.9, 2, quality=1.1, size=.5, own=1.5, shock=.5,
        now={"delivery_cycle": -1.35}, before={"on_time_rate": .25, "supplier_on_time": .12}),
    "return_rate": Equation(2.4, .24, 2, own=.28, season=.04, peak=12, shock=.04,
        now={"first_pass_yield": -.13}, before={"return_rate": .3}),
    "customer_visits": Equation(4.6, .32, 2, size=.55, quality=.6, own=.15, season=.15, peak=10, trend=.3, shock=.08,
        now={"order_volume": .0005}, before={"customer_visits": .4, "satisfaction": -.045}),
    "satisfaction": Equation(78, 1.2, 2, size=1.5, quality=2.1, own=.6, season=.25, peak=5, trend=1.0, shock=.3,
        now={"on_time_rate": .26, "delivery_cycle": -.22, "return_rate": -1.0},
        before={"satisfaction": .25, "on_time_rate": .08}),
    # strategic
    "repurchase_rate": Equation(62, 1.7, 2, size=1.2, quality=1.2, own=1.6, season=.5, peak=11, shock=.4,
        now={"satisfaction": .5}, before={"satisfaction": .35, "repurchase_rate": .3}),
    "collection_rate": Equation(81, 1.5, 2, size=.6, quality=.9, own=1.6, season=.7, peak=12, shock=.4,
        now={"satisfaction": .42, "on_time_rate": .14}, before={"collection_rate": .3}),
    "complaints": Equation(3.4, .31, 2, quality=-.25, own=.25, shock=.06,
        now={"satisfaction": -.17}, before={"complaints": .2}),
}
# fmt: on

KEYS = tuple(SYSTEM)


def matrices(system: dict[str, Equation] = SYSTEM) -> tuple[Array, Array]:
    """Return ``(A0, A1)``, each (P, P), row = effect, column = cause, in the order of ``system``."""
    index = {key: j for j, key in enumerate(system)}
    a0, a1 = np.zeros((len(index), len(index))), np.zeros((len(index), len(index)))
    for key, equation in system.items():
        for cause, coefficient in equation.now.items():
            a0[index[key], index[cause]] = coefficient
        for cause, coefficient in equation.before.items():
            a1[index[key], index[cause]] = coefficient
    return a0, a1


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything random, drawn once, so that twin runs differ by the intervention alone."""

    level: Array
    """Plant levels (N, P)."""
    common: Array
    """Season, trend and shocks (BURN + T, P)."""
    noise: Array
    """Independent noise (BURN + T, N, P)."""


def draw(seed: int = SEED, plants: int = PLANTS, months: int = MONTHS) -> Inputs:
    """Draw plant levels, common period terms and noise."""
    rng = np.random.default_rng(seed)
    columns = ("mean", "noise", "size", "quality", "own", "season", "peak", "trend", "shock")
    table = {name: np.array([getattr(e, name) for e in SYSTEM.values()], dtype=float) for name in columns}
    size, quality = rng.standard_normal((2, plants, 1))
    level = table["mean"] + size * table["size"] + quality * table["quality"]
    level = level + rng.standard_normal((plants, len(KEYS))) * table["own"]
    level[:, KEYS.index(TOTAL)] = level[:, [KEYS.index(stage) for stage in STAGES]].sum(axis=1)
    clock = np.arange(-BURN, months)[:, None]
    common = table["season"] * np.cos(2 * np.pi * (clock + 1 - table["peak"]) / 12)
    common = common + table["trend"] * np.clip(clock, 0, None) / 36
    common = common + rng.standard_normal((BURN + months, len(KEYS))) * table["shock"]
    noise = rng.standard_normal((BURN + months, plants, len(KEYS))) * table["noise"]
    return Inputs(level, common, noise)


def run(inputs: Inputs, hold: tuple[str, float, Array] | None = None) -> Array:
    """Return the unrounded panel (T, N, P); ``hold = (key, change, base)`` keeps ``key`` at ``base + change``.

    ``base`` is an earlier result of :func:`run`: the lever follows its own undisturbed path plus ``change`` in every
    month of the panel, whatever its causes do.
    """
    a0, a1 = matrices()
    now = np.linalg.inv(np.eye(len(KEYS)) - a0)
    intercept = inputs.level @ (np.eye(len(KEYS)) - a0 - a1).T
    held = KEYS.index(hold[0]) if hold else -1
    cut = a0.copy()
    if hold:
        cut[held] = 0.0
    now_cut = np.linalg.inv(np.eye(len(KEYS)) - cut)
    state, panel = inputs.level, []
    for t in range(len(inputs.common)):
        right = state @ a1.T + intercept + inputs.common[t] + inputs.noise[t]
        if hold and t >= BURN:
            right[:, held] = hold[2][t - BURN, :, held] + hold[1]
            state = right @ now_cut.T
        else:
            state = right @ now.T
        panel.append(state)
    return np.stack(panel[BURN:])


def effects(lever: str, outcome: str, horizon: int = HORIZON) -> dict[str, float]:
    """Exact effects of one unit of ``lever`` on ``outcome``, in the outcome's unit per lever unit.

    ``impact``: same month. ``sustained``: month ``horizon`` when the lever is its own path plus one unit from month 0
    on (equations into the lever cut). ``cumulative``: sum over months 0..horizon after a one-month shock of one unit.
    Moving the total means moving it as a whole; moving a stage moves the total one for one.
    """
    a0, a1 = matrices()
    unit = np.eye(len(KEYS))[KEYS.index(lever)]
    to = KEYS.index(outcome)
    now = np.linalg.inv(np.eye(len(KEYS)) - a0)
    response = now @ unit
    impact = cumulative = response[to]
    for _ in range(horizon):
        response = now @ a1 @ response
        cumulative += response[to]
    cut0, cut1 = a0.copy(), a1.copy()
    cut0[KEYS.index(lever)] = cut1[KEYS.index(lever)] = 0.0
    now_cut = np.linalg.inv(np.eye(len(KEYS)) - cut0)
    state = np.zeros(len(KEYS))
    for _ in range(horizon + 1):
        state = now_cut @ (cut1 @ state + unit)
    return {"impact": float(impact), "sustained": float(state[to]), "cumulative": float(cumulative)}


def observed(panel: Array, seed: int = SEED, gaps: float = GAPS) -> Array:
    """Round to the file's decimals, make the total the sum of its rounded stages, blank a share ``gaps``."""
    rounded = np.stack([np.round(panel[..., j], SYSTEM[key].decimals) for j, key in enumerate(KEYS)], axis=-1)
    total = rounded[..., [KEYS.index(stage) for stage in STAGES]].sum(axis=-1)
    rounded[..., KEYS.index(TOTAL)] = np.round(total, SYSTEM[TOTAL].decimals)
    rng = np.random.default_rng([seed, 1])
    return np.where(rng.random(rounded.shape) < gaps, np.nan, rounded)


def within_r2(months: int = 4000) -> dict[str, float]:
    """Share of each indicator's variance inside plants (no season, no shocks) that its equation explains."""
    inputs = draw(seed=1, plants=4, months=months)
    panel = run(Inputs(inputs.level, np.zeros_like(inputs.common), inputs.noise))
    spread = (panel - panel.mean(axis=0)).var(axis=(0, 1))
    return {key: 1.0 - SYSTEM[key].noise ** 2 / float(spread[j]) for j, key in enumerate(KEYS)}


def month_label(t: int) -> str:
    """Return the calendar label of month ``t`` (0 = 2022-01)."""
    return f"{2022 + t // 12}-{t % 12 + 1:02d}"


def panel_csv(values: Array) -> str:
    """Return the panel (T, N, P) as long CSV text: plant, month, then the indicators; gaps are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("plant", "month", *KEYS))
    for i in range(values.shape[1]):
        for t in range(values.shape[0]):
            cells = [
                "" if np.isnan(x) else f"{x:.{equation.decimals}f}"
                for x, equation in zip(values[t, i], SYSTEM.values(), strict=True)
            ]
            writer.writerow((f"P{i + 1:02d}", month_label(t), *cells))
    return text.getvalue()


def truth() -> dict[str, object]:
    """Return edges, identities and every lever x outcome effect, ready for JSON."""
    edges = [
        {"source": cause, "target": key, "lag": lag, "coefficient": coefficient}
        for key, equation in SYSTEM.items()
        for lag, causes in enumerate((equation.now, equation.before))
        for cause, coefficient in causes.items()
    ]
    return {
        "schema": "causal-service/truth/1",
        "edges": sorted(edges, key=lambda e: (e["source"], e["target"], e["lag"])),
        "identities": [{"total": TOTAL, "parts": list(STAGES)}],
        "effects": [
            {
                "lever": lever,
                "outcome": outcome,
                "kind": kind,
                "horizon": 0 if kind == "impact" else HORIZON,
                "value": round(value, 12) + 0.0,
            }
            for lever in KEYS
            for outcome in OUTCOMES
            if lever != outcome
            for kind, value in effects(lever, outcome).items()
        ],
    }


def without_layer(dictionary: str, key: str = "complaints") -> str:
    """Return the dictionary text with the ``layer`` line of ``key`` left out."""
    lines, inside = [], False
    for line in dictionary.splitlines(keepends=True):
        if line.startswith("  ") and not line.startswith("   "):
            inside = line.strip() == f"{key}:"
        if not (inside and line.strip().startswith("layer:")):
            lines.append(line)
    return "".join(lines)


def files() -> dict[Path, str]:
    """Return every generated file and its text."""
    dictionary = (HERE / "dictionary.yaml").read_text(encoding="utf-8")
    return {
        BUNDLE / "panel.csv": panel_csv(observed(run(draw()))),
        BUNDLE / "truth.json": json.dumps(truth(), indent=1) + "\n",
        BUNDLE / "dictionary.yaml": dictionary,
        HERE / "dictionary_no_layer.yaml": without_layer(dictionary),
    }


def main() -> None:
    """Write the generated files."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for path, text in files().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
