"""Imported first: one thread for linear algebra, and the experiments whose parts are used here on the path."""

import os
import sys
from pathlib import Path

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

_EXPERIMENTS = Path(__file__).resolve().parents[1]
for _folder in (_EXPERIMENTS / "recovery", _EXPERIMENTS / "order_search"):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))
