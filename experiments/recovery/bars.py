"""What must be reached, and whether it is: a bar is met when the mean is within two Monte-Carlo errors of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

COVERAGE = (0.93, 0.985)
COVERED = ("linear", "linear_small", "linear_tiny", "base", "small", "skewed", "nonlinear_heavy")
"""Where the coverage rule must hold, for impact and sustained(3)."""
HARD = ("tiny", "few", "latent")
"""Where nine intervals of ten must hold the truth, and at most two levers of five may be ``insufficient``."""
NULLS = ("null_correlated", "null_confounded", "null_driver", "null_base", "null_latent")
LEAKS = ("leak_right_layer", "leak_same_layer", "leak_missing_layer", "leak_wrong_layer")
GAPS = {"linear": 0.03, "base": 0.03, "latent": 0.1}
"""Largest difference between P(top-3) as stated and as hit."""
FEWEST = 30
"""Fewer panels than this: no judgement."""
WIDTHS = {"linear": 0.16, "linear_small": 0.67, "linear_tiny": 1.07}
"""Median cumulative widths of the reference prototype; 1.25 times as much is allowed."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One demand on one figure of one scenario."""

    scenario: str
    figure: str
    at_least: float = -math.inf
    at_most: float = math.inf

    def __str__(self) -> str:
        low, high = not math.isinf(self.at_least), not math.isinf(self.at_most)
        if low and high:
            return f"{self.at_least:g} to {self.at_most:g}"
        return f">= {self.at_least:g}" if low else f"<= {self.at_most:g}"

    def met(self, mean: float, se: float) -> bool:
        """Whether the mean reaches the bar within two standard errors."""
        return mean + 2 * se >= self.at_least and mean - 2 * se <= self.at_most


def _accuracy(scenario: str) -> list[Bar]:
    return [
        Bar(scenario, "graph_f1", at_least=0.93),
        Bar(scenario, "top3_recall", at_least=0.92),
        Bar(scenario, "rank_correlation", at_least=0.87),
        Bar(scenario, "rmse_cumulative", at_most=0.14),
        Bar(scenario, "insufficient", at_most=0.1),
    ]


BENT = ("base", "small", "skewed", "nonlinear_heavy", "tiny", "few", "latent")
"""Where a period's truth and the truth averaged over the panel are two (decision 0400): either has a bar."""


def _coverage(scenario: str, low: float = COVERAGE[0], high: float = COVERAGE[1]) -> list[Bar]:
    truths = ("coverage", "coverage_average") if scenario in BENT else ("coverage",)
    return [Bar(scenario, f"{truth}_{kind}", low, high) for kind in ("impact", "sustained") for truth in truths]


BARS = (
    *(bar for name in COVERED for bar in _coverage(name)),
    *(bar for name in HARD for bar in _coverage(name, 0.9, math.inf)),
    *(Bar(name, "insufficient", at_most=0.4) for name in HARD),
    *(Bar(name, "any_act", at_most=0.05) for name in NULLS),
    *(Bar(name, "leak_act", at_most=0.05) for name in LEAKS),
    *(Bar(name, "p_top3_gap", -gap, gap) for name, gap in GAPS.items()),
    Bar("linear", "power_top3_act", at_least=0.8),
    *(Bar(name, "width_cumulative", at_most=1.25 * width) for name, width in WIDTHS.items()),
    *_accuracy("base"),
    Bar("small", "graph_f1", at_least=0.87),
    *(bar for name in ("own_linear", "own_linear_small") for bar in _coverage(name)),
    Bar("own_linear", "power_top3_act", at_least=0.8),
    *_accuracy("own_mixed"),
    Bar("own_mixed_small", "graph_f1", at_least=0.87),
)


def judged(summaries: dict[str, Any]) -> list[dict[str, Any]]:
    """Every bar whose scenario was run, with the figure beside it; ``met`` is ``None`` on too few panels."""
    rows = []
    for bar in BARS:
        if bar.scenario in summaries:
            figure = summaries[bar.scenario]["figures"][bar.figure]
            met = bar.met(figure["mean"], figure["se"]) if figure["panels"] >= FEWEST else None
            rows.append({"scenario": bar.scenario, "figure": bar.figure, "wanted": str(bar), **figure, "met": met})
    return rows
