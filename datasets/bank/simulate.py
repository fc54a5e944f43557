"""Desks of 36 branches over 36 months: calls lower the overdue risk of small firms and sell products to households.

``python datasets/bank/simulate.py`` writes ``panel.csv`` and ``truth.json`` into this folder; see card.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from segmented import Case, Equation, panel_csv, truth  # noqa: E402

FIRMS, HOUSEHOLDS = "small_firms", "households"

# fmt: off
CASE = Case(
    system={
        # context
        "local_jobs": Equation(100, 1.2, own=3.0, season=.8, shock=.6, before={"local_jobs": .6}),
        "loan_volume": Equation(320, 14, size=60, own=15, season=10, shock=6, now={"local_jobs": 1.5},
            before={"loan_volume": .5}),
        # innovation
        "mailings": Equation(2.4, .3, size=.5, quality=.4, own=.1, season=.15, shock=.08,
            now={"loan_volume": .004}, before={"mailings": .4}),
        # process
        "calls": Equation(4.2, .75, quality=.5, own=.5, shock=.15, now={"loan_volume": -.008}, before={"calls": .35}),
        "approval_days": Equation(6.0, .6, size=.4, own=.7, shock=.15, now={"loan_volume": .012},
            before={"approval_days": .4}),
        # business
        "satisfaction": Equation(79, 1.1, quality=1.6, own=.8, shock=.3, now={"approval_days": -.8},
            before={"satisfaction": .3}),
        "take_up": Equation(14, .9, quality=.9, size=.5, own=.8, season=.4, shock=.25,
            now={"calls": {FIRMS: -.15, HOUSEHOLDS: .7}, "satisfaction": .2}, before={"take_up": .3}),
        # strategic
        "overdue": Equation(6.4, .55, quality=-.5, own=.4, shock=.12,
            now={"calls": {FIRMS: -.5, HOUSEHOLDS: .2}, "local_jobs": -.12, "approval_days": -.08},
            before={"overdue": .4}),
        "deposits": Equation(58, 1.6, quality=1.2, size=1.0, own=1.2, shock=.4,
            now={"satisfaction": .35, "take_up": .3}, before={"deposits": .4}),
    },
    entity="desk",
    segment="clients",
    segments={FIRMS: 36, HOUSEHOLDS: 36},
    months=36,
    levers=("mailings", "calls", "approval_days"),
    outcomes=("overdue", "take_up", "deposits"),
    seed=20242,
)
# fmt: on


def main() -> None:
    """Write the panel and its truth."""
    (HERE / "panel.csv").write_text(panel_csv(CASE), encoding="utf-8", newline="\n")
    (HERE / "truth.json").write_text(truth(CASE), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
