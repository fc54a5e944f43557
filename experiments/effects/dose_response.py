"""Does the band of a dose-response curve hold the whole true curve, on graphs that are learned? See question.md.

``python experiments/effects/dose_response.py [--quick]`` writes ``dose_response.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from dose_worlds import NAMES, SHAPES, World, dictionary_text, world

from causal_service.discovery.discover import discover
from causal_service.effects.dose_line import bends_that_count, straight_line
from causal_service.effects.dose_response import dose_response
from causal_service.effects.dose_results import DoseResponse
from causal_service.effects.estimate import Z95, effect_draws
from causal_service.graph.knowledge import Knowledge
from causal_service.panel.dictionary_reading import read_dictionary
from causal_service.panel.reading import panel_from_frame
from causal_service.preparation.prepared import prepared_from
from causal_service.preparation.within_rows import within_rows

HERE = Path(__file__).resolve().parent
FIRST_SEED = 1000
SIZES = {"60 x 36": (60, 36), "30 x 18": (30, 18)}
HORIZON = 3
SHARE = 0.2
DRAWS = 30
"""Draws of the graph; a study has 200. The rest of a study is left out: it does not bear on the curve."""


def saturation(case: World, levels: np.ndarray, reference: float, horizon: int) -> float | None:
    """Level in the range of ``levels`` from which the true slope stays below ``SHARE`` of its largest value there."""
    grid = np.linspace(levels[0], levels[-1], 2001)
    slope = np.gradient(case.kept(grid, reference, horizon), grid)
    slope = slope if slope.sum() >= 0 else -slope
    steep = np.flatnonzero(slope >= SHARE * slope.max())
    return None if slope.max() <= 0 or steep[-1] == grid.size - 1 else float(grid[steep[-1]])


def trial(shape: str, size: str, graph: str, seed: int, folder: Path) -> dict[str, Any]:
    """Learn from one panel; compare its curve with the truth."""
    entities, periods = SIZES[size]
    case = world(shape, seed, entities, periods)
    dictionary = folder / f"{graph}.yaml"
    dictionary.write_text(dictionary_text(graph), encoding="utf-8")
    known = read_dictionary(dictionary)
    layers = {name: known.indicators[name].layer for name in NAMES}
    within = within_rows(panel_from_frame(case.frame, entity="shop", period="month"), known, (), 1)
    background = Knowledge.build(
        within.names, layers, known.layers, required=known.required, forbidden=known.forbidden, max_lag=1
    )
    found = discover(
        prepared_from(within), background, layers=layers, outcomes=("revenue",), resamples=DRAWS, threads=1
    )
    curve = dose_response(within, found, "spend", "revenue", horizon=HORIZON, seed=0)
    if not isinstance(curve, DoseResponse):
        return {"seed": seed, "why": curve.code}
    if not bends_that_count([curve])[0]:
        effects = effect_draws(prepared_from(within), found, HORIZON).of("spend", "revenue", "sustained")
        value, half = float(effects.mean()), Z95 * float(effects.std(ddof=1))
        curve = straight_line(curve, value, value - half, value + half)
    levels, low, high = (np.array(part) for part in (curve.levels, curve.low, curve.high))
    truth = case.kept(levels, curve.reference, curve.horizon)
    point = saturation(case, levels, curve.reference, curve.horizon)
    said = curve.saturation is not None
    return {
        "seed": seed,
        "held": bool(((low - 1e-9 <= truth) & (truth <= high + 1e-9)).all()),
        "pointwise": round(float(((low - 1e-9 <= truth) & (truth <= high + 1e-9)).mean()), 3),
        "width": round(float((high - low).mean()), 4),
        "range": round(float(truth.max() - truth.min()), 4),
        "shape": curve.shape,
        "bent": curve.shape != "straight",
        "saturation": None if not said else [curve.saturation, curve.saturation_low, curve.saturation_high],
        "saturation_true": point,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares with their Monte-Carlo errors."""
    drawn = [row for row in rows if "held" in row]
    held = np.array([row["held"] for row in drawn], float)
    told = [row for row in drawn if row["saturation"] is not None and row["saturation_true"] is not None]
    inside = [
        (row["saturation"][1] is None or row["saturation"][1] <= row["saturation_true"])
        and (row["saturation"][2] is None or row["saturation_true"] <= row["saturation"][2])
        for row in told
    ]
    return {
        "panels": len(rows),
        "curves": len(drawn),
        "no_curve": dict(Counter(row["why"] for row in rows if "why" in row)),
        "coverage": round(float(held.mean()), 4),
        "coverage_error": round(float(np.sqrt(held.mean() * (1 - held.mean()) / held.size)), 4),
        "width": round(float(np.median([row["width"] for row in drawn])), 3),
        "range": round(float(np.median([row["range"] for row in drawn])), 3),
        "called_bent": round(float(np.mean([row["bent"] for row in drawn])), 3),
        "shapes": dict(sorted(Counter(row["shape"] for row in drawn).items())),
        "saturation_told": len(told),
        "saturation_inside": round(float(np.mean(inside)), 3) if inside else None,
    }


def main() -> None:
    """Run all panels and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="three panels of two shapes, nothing written")
    parser.add_argument("--panels", type=int, default=40, help="panels per shape")
    options = parser.parse_args()
    shapes = ["saturating", "straight"] if options.quick else [name for name in SHAPES if name != "none"]
    plan = [("60 x 36", "learned", shapes), ("30 x 18", "learned", shapes[:2]), ("60 x 36", "given", ["saturating"])]
    count = 3 if options.quick else options.panels
    result: dict[str, Any] = {"horizon": HORIZON, "first_seed": FIRST_SEED, "scenarios": []}
    with tempfile.TemporaryDirectory() as folder:
        for size, graph, names in plan[:1] if options.quick else plan:
            everything = []
            for shape in names:
                rows = [trial(shape, size, graph, FIRST_SEED + i, Path(folder)) for i in range(count)]
                everything += rows
                result["scenarios"].append({"size": size, "graph": graph, "shape": shape, **summary(rows)})
                print(json.dumps(result["scenarios"][-1]), flush=True)
            result["scenarios"].append({"size": size, "graph": graph, "shape": "all", **summary(everything)})
            print(json.dumps(result["scenarios"][-1]), flush=True)
            if not options.quick:
                (HERE / "dose_response.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
