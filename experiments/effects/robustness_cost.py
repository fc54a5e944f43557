"""Three checks from moments beside DoWhy's refuters on rows: CPU time, and whether they say the same.

See robustness.md. CPU time is that of the process, all threads; imports and first-use compilation are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

from causal_service.effects.via_dowhy import REFUTERS, fitted, refuted
from causal_service.numerics.gaussian_em import expected_grams
from causal_service.numerics.partial_regression import partial_fit, placebo_coefficients, shifts_by_noise

HERE = Path(__file__).resolve().parent
RESULT = HERE / "robustness_cost.json"
LEVERS, CAUSES, BLOCKS = 10, 5, 2000
REPEATS, THEIR_REPEATS = 100, 5
SHARE = 0.8


def sample(n: int, seed: int) -> np.ndarray:
    """Rows (n, 16): ten levers, the outcome, five common causes of all."""
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(n, CAUSES))
    levers = causes @ rng.normal(size=(CAUSES, LEVERS)) * 0.4 + rng.normal(size=(n, LEVERS))
    outcome = levers @ np.linspace(0.5, 0.05, LEVERS) + causes @ rng.normal(size=CAUSES) + rng.normal(size=n)
    rows = np.column_stack([levers, outcome, causes])
    return rows - rows.mean(axis=0)


def ours(rows: np.ndarray, seed: int) -> list[dict[str, np.ndarray | float]]:
    """From rows to 100 repeats of three checks for ten levers."""
    n, d = rows.shape
    blocks = min(BLOCKS, n)
    code = np.arange(n, dtype=np.int64) * blocks // n
    grams = expected_grams(rows, np.zeros((n, d), bool), np.eye(d), np.ones(n), code, blocks)
    mass = np.bincount(code, minlength=blocks).astype(float)
    rng = np.random.default_rng(seed)
    kept = (np.argsort(rng.random((REPEATS, blocks)), axis=1) < round(SHARE * blocks)).astype(float)
    whole = grams.sum(axis=0)[None] / n
    parts = np.tensordot(kept, grams, 1) / (kept @ mass)[:, None, None]
    given = list(range(LEVERS + 1, d))
    found = []
    for lever in range(LEVERS):
        fit = partial_fit(whole, lever, LEVERS, given)
        estimate, held = float(fit.coefficient[0]), len(given)
        noise = shifts_by_noise(float(fit.lever[0]), float(fit.rest[0]), n, held, REPEATS, rng)
        found.append(
            {
                "estimate": estimate,
                "placebo-lever": placebo_coefficients(
                    float(whole[0, lever, lever]), float(fit.outcome[0]), n, held, REPEATS, rng
                ),
                "random-common-cause": estimate + noise,
                "subset": partial_fit(parts, lever, LEVERS, given).coefficient,
            }
        )
    return found


def theirs(rows: np.ndarray, lever: int, seed: int) -> tuple[float, dict[str, float], float]:
    """CPU of DoWhy's three refuters for one lever, their means, its estimate."""
    x, y, given = rows[:, lever], rows[:, LEVERS], rows[:, LEVERS + 1 :]
    start = time.process_time()
    fitted(x, y, given)
    before = time.process_time() - start
    start = time.process_time()
    found = refuted(x, y, given, tuple(REFUTERS), THEIR_REPEATS, seed)
    spent = time.process_time() - start - before
    return spent, {row.check: row.found for row in found}, found[0].estimate


def measured(n: int, levers: int, seed: int) -> dict[str, object]:
    """Both on the same rows."""
    rows = sample(n, seed)
    start = time.process_time()
    mine = ours(rows, seed)
    our_cpu = time.process_time() - start
    their_cpu, differences, estimates = 0.0, [], []
    for lever in range(levers):
        spent, means, estimate = theirs(rows, lever, seed + lever)
        their_cpu += spent
        estimates.append(abs(estimate - mine[lever]["estimate"]))
        for check, mean in means.items():
            repeats = np.asarray(mine[lever][check])
            error = repeats.std(ddof=1) * np.sqrt(1 / THEIR_REPEATS + 1 / REPEATS)
            differences.append(abs(mean - repeats.mean()) / error)
    scaled = their_cpu * (REPEATS / THEIR_REPEATS) * (LEVERS / levers)
    return {
        "rows": n,
        "our_cpu_s": round(our_cpu, 4),
        "their_cpu_s_measured": round(their_cpu, 3),
        "their_levers_measured": levers,
        "their_repeats_measured": THEIR_REPEATS,
        "their_cpu_s_scaled": round(scaled, 1),
        "ratio": round(scaled / our_cpu, 0),
        "largest_difference_of_estimates": float(f"{max(estimates):.2g}"),
        "differences_in_monte_carlo_errors": {
            "mean_square": round(float(np.mean(np.square(differences))), 2),
            "largest": round(float(max(differences)), 2),
            "compared": len(differences),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 rows, two levers, nothing written")
    options = parser.parse_args()
    warm = sample(500, 1)
    ours(warm, 1)
    theirs(warm, 0, 1)
    sizes = [(2_000, 2)] if options.quick else [(5_000, LEVERS), (100_000, LEVERS)]
    results = [measured(n, levers, 20261128) for n, levers in sizes]
    for row in results:
        print(json.dumps(row))
    if options.quick:
        return
    content = {
        "question": "robustness.md",
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("causal-service", "dowhy", "numpy", "statsmodels")},
        "settings": {"levers": LEVERS, "adjusted_for": CAUSES, "checks": 3, "repeats": REPEATS, "blocks": BLOCKS},
        "results": results,
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
