"""Indicators that are arithmetic of other indicators: exact sums, differences, products and ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from causal_service.panel.panel import Panel

__all__ = ["Identity", "IdentityKind", "identities", "panel_rows"]

IdentityKind = Literal["sum", "difference", "product", "ratio"]


@dataclass(frozen=True, slots=True)
class Identity:
    """``target`` is computed from ``parts``, up to the rounding of what was published.

    ``sum`` and ``difference``: target = constant + sum of coefficient x part.
    ``product`` and ``ratio``: target = constant + factor x product of part ** coefficient.
    """

    kind: IdentityKind
    """``sum`` when all coefficients are positive, else ``difference``; ``product`` or ``ratio`` by the exponents."""
    target: str
    """Key of the computed indicator."""
    parts: tuple[str, ...]
    """Keys of the indicators it is computed from, sorted."""
    coefficients: tuple[float, ...]
    """Weights of the parts (sum, difference) or their exponents (product, ratio)."""
    constant: float = 0.0
    """Added constant, in the target's unit."""
    factor: float = 1.0
    """Factor of a product or ratio (100 for a rate in percent)."""

    @property
    def members(self) -> tuple[str, ...]:
        """Target and parts, sorted."""
        return tuple(sorted((self.target, *self.parts)))

    @property
    def additive(self) -> bool:
        """Whether it is a sum or difference."""
        return self.kind in ("sum", "difference")

    def value(self, parts: Mapping[str, float]) -> float:
        """Return the target at given values of the parts."""
        terms = [(parts[name], weight) for name, weight in zip(self.parts, self.coefficients, strict=True)]
        if self.additive:
            return self.constant + sum(weight * value for value, weight in terms)
        return self.constant + self.factor * float(np.prod([value**weight for value, weight in terms]))

    def derivatives(self, parts: Mapping[str, float]) -> dict[str, float]:
        """Return the change of the target per unit of each part at given values of the parts (chain rule weights)."""
        if self.additive:
            return dict(zip(self.parts, self.coefficients, strict=True))
        product = self.value(parts) - self.constant
        return {
            name: weight * product / parts[name] for name, weight in zip(self.parts, self.coefficients, strict=True)
        }

    def solved_for(self, target: str) -> Identity | None:
        """Return the same identity with another member as target; ``None`` when it cannot be written that way."""
        if target == self.target:
            return self
        own = self.coefficients[self.parts.index(target)]
        if not self.additive and (self.constant != 0.0 or abs(own) != 1.0):
            return None
        others = {name: -weight / own for name, weight in zip(self.parts, self.coefficients, strict=True)}
        del others[target]
        others[self.target] = 1.0 / own
        names = tuple(sorted(others))
        weights = tuple(others[name] + 0.0 for name in names)
        if self.additive:
            return Identity(_kind(weights, True), target, names, weights, -self.constant / own + 0.0)
        return Identity(_kind(weights, False), target, names, weights, 0.0, self.factor ** (-1.0 / own))

    def equation(self) -> str:
        """Return the identity as one line of arithmetic over keys."""
        return f"{self.target} = {_sum_text(self) if self.additive else _product_text(self)}"


def _kind(weights: Sequence[float], additive: bool) -> IdentityKind:
    positive = all(weight > 0 for weight in weights)
    if additive:
        return "sum" if positive else "difference"
    return "product" if positive else "ratio"


def _short(value: float) -> str:
    return f"{value:.6g}"


def _sum_text(identity: Identity) -> str:
    text = ""
    for name, weight in zip(identity.parts, identity.coefficients, strict=True):
        size = "" if abs(weight) == 1 else f"{_short(abs(weight))} × "
        text += f" {'-' if weight < 0 else '+'} {size}{name}"
    if identity.constant:
        text += f" {'-' if identity.constant < 0 else '+'} {_short(abs(identity.constant))}"
    return text.removeprefix(" + ").strip()


def _product_text(identity: Identity) -> str:
    terms = list(zip(identity.parts, identity.coefficients, strict=True))
    power = {name: "" if abs(weight) == 1 else f"^{_short(abs(weight))}" for name, weight in terms}
    above = [f"{name}{power[name]}" for name, weight in terms if weight > 0]
    if identity.factor != 1.0 or not above:
        above.insert(0, _short(identity.factor))
    below = [f"{name}{power[name]}" for name, weight in terms if weight < 0]
    text = " × ".join(above) + "".join(f" / {name}" for name in below)
    return text if not identity.constant else f"{_short(identity.constant)} + {text}"


def panel_rows(panel: Panel) -> NDArray[np.float64]:
    """Return the present cells as rows, shape (n, P), in canonical order."""
    return panel.values[panel.present]


def identities(panel: Panel, outcomes: Sequence[str] = ()) -> tuple[Identity, ...]:
    """Return the exact sums, differences, products and ratios among the indicators, up to rounding.

    Constants are left out, and of copies only one represents the group (an outcome before any other).
    Identities that follow from smaller ones are left out. Sorted by target.

    Parameters
    ----------
    panel : the panel.
    outcomes : keys that should represent their copies.

    Notes
    -----
    Screens by variance inflation on complete rows, then orthogonal forward selection per target with backward
    pruning, on values (sums) and on logarithms (products); pairs are screened as products and ratios with a constant.
    Every candidate is then proved row by row against the rounding of the published values (``exactness``).
    """
    from causal_service.panel.copies import find_copies
    from causal_service.panel.identity_search import search

    copied = {copy.copy for copy in find_copies(panel, outcomes)}
    names = [name for name in panel.indicators if name not in copied]
    columns = [panel.indicators.index(name) for name in names]
    return search(names, panel_rows(panel)[:, columns])
