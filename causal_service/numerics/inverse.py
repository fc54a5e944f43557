"""The inverse of a small positive definite matrix in its own place, for kernels (Golub & Van Loan 2013, ch. 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.compiled import inner

__all__ = ["invert"]


@inner
def invert(M: NDArray[np.float64], k: int) -> None:
    """Invert ``M[:k, :k]`` in place by Gauss-Jordan elimination without pivoting; it is positive definite."""
    for a in range(k):
        pivot = 1.0 / M[a, a]
        M[a, a] = 1.0
        for b in range(k):
            M[a, b] *= pivot
        for c in range(k):
            if c != a:
                f = M[c, a]
                M[c, a] = 0.0
                for b in range(k):
                    M[c, b] -= f * M[a, b]
