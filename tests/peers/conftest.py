"""The peer comparison's own parts: preparation, answers, measures."""

from __future__ import annotations

import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
for name in ("recovery", "order_search", "peers"):
    sys.path.insert(0, str(EXPERIMENTS / name))
