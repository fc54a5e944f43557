"""Customer groups of 32 stores over 36 months: membership wins back occasional customers, frequent ones hardly notice.

``python datasets/retail/simulate.py`` writes ``panel.csv`` and ``truth.json`` into this folder; see card.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from segmented import Case, Equation, panel_csv, truth  # noqa: E402

FREQUENT, OCCASIONAL = "frequent", "occasional"

# fmt: off
CASE = Case(
    system={
        # context
        "footfall": Equation(5200, 260, size=900, own=250, season=400, shock=120, before={"footfall": .5}),
        "rival_discount": Equation(12, 1.5, own=1.5, shock=.5, before={"rival_discount": .6}),
        # innovation
        "coupons": Equation(3.2, .35, size=.5, quality=.45, own=.15, season=.3, shock=.1,
            now={"footfall": .0004}, before={"coupons": .4}),
        "membership": Equation(38, 1.6, quality=2.5, own=3.0, shock=.3,
            now={"footfall": -.0012}, before={"membership": .5}),
        # process
        "stockouts": Equation(6.5, .7, own=.8, quality=-.4, shock=.2, now={"footfall": .001}, before={"stockouts": .4}),
        "queue_time": Equation(5.4, .55, size=.4, own=.6, shock=.1, now={"footfall": .0008}, before={"queue_time": .3}),
        # business
        "satisfaction": Equation(76, 1.1, quality=1.8, own=.8, shock=.3,
            now={"stockouts": -.55, "queue_time": -.7}, before={"satisfaction": .25}),
        "app_pushes": Equation(6, .5, size=.6, own=.4, shock=.1, before={"app_pushes": .3, "churn": .12}),
        # strategic
        "repurchase": Equation(44, 1.5, quality=1.5, size=1.0, own=1.2, season=.8, shock=.4,
            now={"membership": {FREQUENT: .08, OCCASIONAL: .5}, "satisfaction": .45, "rival_discount": -.15},
            before={"repurchase": .3, "membership": {FREQUENT: .0, OCCASIONAL: .15}}),
        "churn": Equation(9, .8, quality=-.8, own=.7, shock=.2,
            now={"membership": {FREQUENT: -.04, OCCASIONAL: -.28}, "satisfaction": -.22, "rival_discount": .12},
            before={"churn": .35}),
    },
    entity="group",
    segment="customers",
    segments={FREQUENT: 32, OCCASIONAL: 32},
    months=36,
    levers=("coupons", "membership", "stockouts", "queue_time", "app_pushes"),
    outcomes=("repurchase", "churn"),
    seed=20241,
)
# fmt: on


def main() -> None:
    """Write the panel and its truth."""
    (HERE / "panel.csv").write_text(panel_csv(CASE), encoding="utf-8", newline="\n")
    (HERE / "truth.json").write_text(truth(CASE), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
