"""Fisher's z test of partial correlations from a correlation matrix."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import CallError, Text

__all__ = ["FisherZ", "too_many_tests"]

Array = NDArray[np.float64]
Bool = NDArray[np.bool_]


class FisherZ:
    """The test, with every answer kept.

    z = atanh(r) sqrt(n - |S| - 3), two-sided (Fisher 1924). Pairs in ``adjacent`` are never independent; pairs in
    ``apart`` are independent given nothing. More than ``max_tests`` different questions raise ``CallError``.
    """

    def __init__(self, R: Array, n: float, adjacent: Bool, apart: Bool, max_tests: int) -> None:
        self._R, self._n, self._adjacent, self._apart = R, n, adjacent, apart
        self._max_tests = max_tests
        self._answers: dict[tuple[int, ...], float] = {}

    def p_value(self, x: int, y: int, given: Iterable[int]) -> float:
        """Return the p-value of x independent of y given the others."""
        i, j = (x, y) if x < y else (y, x)
        key = (int(i), int(j), *sorted({int(k) for k in given}))
        if self._adjacent[i, j]:
            return 0.0
        if self._apart[i, j] and len(key) == 2:
            return 1.0
        if key not in self._answers:
            if len(self._answers) >= self._max_tests:
                raise too_many_tests()
            self._answers[key] = self._tested(key)
        return self._answers[key]

    def _tested(self, key: tuple[int, ...]) -> float:
        freedom = self._n - len(key) - 1
        if freedom <= 0:
            return 1.0
        P = np.linalg.inv(self._R[np.ix_(key, key)])
        r = min(abs(float(P[0, 1])) / math.sqrt(float(P[0, 0] * P[1, 1])), 1 - 1e-15)
        return math.erfc(math.atanh(r) * math.sqrt(freedom / 2))


def too_many_tests() -> CallError:
    """Return the refusal of a search that would not end."""
    return CallError(
        "too-many-tests",
        Text(
            "指标之间联系过密，该方法所需的检验次数过多。", "The indicators are too densely connected for this method."
        ),
        Text(
            "请减小 alpha、减少指标，或使用默认方法。", "Use a smaller alpha, fewer indicators, or the default method."
        ),
    )
