"""The result as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def render(result: dict[str, Any]) -> str:
    """Return result.md."""
    found = result["scenarios"]
    intervals = [
        [name, kind, str(s["panels"])]
        + [_figure(s[kind][key]) for key in ("raw", "predicted", "calibrated")]
        + [f"{s[kind]['factor']['mean']:.2f} (largest {s[kind]['largest_factor']:.2f})"]
        for name, s in found.items()
        for kind in ("impact", "sustained")
    ]
    ranking = [
        [
            name,
            f"{_figure(s['ranking']['top1'])} ({_plain(s['ranking']['top1_predicted'])})",
            f"{_figure(s['ranking']['top3'])} ({_plain(s['ranking']['top3_predicted'])})",
            _plain(s["ranking"]["top3_stated"]),
            _wrong(s),
            f"{_plain(s['claims']['found_above'])} / {_plain(s['claims']['found_below'])}",
        ]
        for name, s in found.items()
    ]
    return "\n".join(
        [
            "# What came out\n",
            "Written by `run.py` from `result.json`; see `question.md` for what is measured. Means over panels ± their "
            "Monte-Carlo standard error over panels.\n",
            *(
                f"{name}: {s['twins']} twins per panel, {s['resamples']} resamples; code {s['code']}.\n"
                for name, s in found.items()
            ),
            "## Coverage of 95 % intervals of truly non-zero effects\n",
            _table(
                ["scenario", "effect", "panels", "raw", "predicted by the twins", "calibrated", "factor"], intervals
            ),
            "## Ranking, calls to act, detectable effects\n",
            "In brackets what the twins predicted.\n",
            _table(
                [
                    "scenario",
                    "top-1",
                    "top-3",
                    "top-3 stated",
                    "wrong `act`",
                    "found above / below smallest detectable",
                ],
                ranking,
            ),
        ]
    )


def _figure(part: dict[str, float | None]) -> str:
    if part["mean"] is None:
        return "-"
    return f"{part['mean']:.3f}" + ("" if part["error"] is None else f" ± {part['error']:.3f}")


def _plain(part: dict[str, float | None]) -> str:
    return _share(part["mean"])


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _wrong(found: dict[str, Any]) -> str:
    wrong = found["wrong_acts"]
    return f"{_share(wrong['share'])} of {wrong['acts']:.0f} ({_plain(found['claims']['wrong_predicted'])})"
