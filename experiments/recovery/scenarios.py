"""The scenarios of the recovery study, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from case import Case
from own_case import own_case
from settings import SETTINGS
from shared_simulator import shared_case


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of panel."""

    name: str
    """Name on the command line and in the tables."""
    source: str
    """``shared`` | ``own``."""
    settings: str
    """Name of the settings within its source."""
    panels: int = 60
    """Panels behind the reported figures."""
    null: bool = False
    """No lever has any effect on the outcome."""
    leak_layer: str | None = None
    """Layer declared for the planted consequence of the outcome, where there is one."""
    lags: int | Literal["auto"] = 1
    """Lags that the study is asked to use."""
    rehearse: int = 0
    """Twins on which the study rehearses; their calibrated intervals are reported beside the raw ones."""


def make_case(scenario: Scenario, seed: int) -> Case:
    """Simulate panel ``seed``."""
    if scenario.source == "shared":
        return shared_case(scenario.settings, seed, scenario.null)
    return own_case(SETTINGS[scenario.settings], seed, scenario.leak_layer)


def _own(name: str, lags: int | Literal["auto"] = 1) -> Scenario:
    return Scenario(name, "own", name, lags=lags)


SCENARIOS = {
    s.name: s
    for s in [
        *(Scenario(name, "shared", name, 200) for name in ("linear", "base", "nonlinear_heavy", "latent")),
        *(Scenario(name, "shared", name) for name in ("linear_small", "linear_tiny", "small", "tiny")),
        *(Scenario(name, "shared", name) for name in ("skewed", "few", "wide")),
        *(Scenario(f"own_{name}", "own", name) for name in ("linear", "linear_small", "mixed", "mixed_small")),
        *(Scenario(f"own_{name}", "own", name) for name in ("curved", "driver")),
        *(_own(f"{kind}_levers") for kind in ("binary", "count", "rate", "heavy", "saturating")),
        *(_own(name) for name in ("series", "series_240", "cross_section", "cross_section_clusters")),
        *(_own(name) for name in ("few_5", "few_8", "few_12", "unbalanced", "quarters")),
        _own("lag2", lags=2),
        Scenario("lag2_auto", "own", "lag2", lags="auto"),
        *(_own(name) for name in ("unit_root", "entity_trends", "break_half", "break_sign", "slopes")),
        Scenario("null_correlated", "own", "null_correlated", 200, null=True),
        Scenario("null_confounded", "own", "null_confounded", 200, null=True),
        Scenario("null_driver", "own", "null_driver", 200, null=True),
        Scenario("null_base", "shared", "base", 200, null=True),
        Scenario("null_latent", "shared", "latent", 200, null=True),
        Scenario("leak_right_layer", "own", "leak", 200, leak_layer="aftermath"),
        Scenario("leak_same_layer", "own", "leak", 200, leak_layer="strategic"),
        Scenario("leak_missing_layer", "own", "leak", 200, leak_layer=None),
        Scenario("leak_wrong_layer", "own", "leak", 200, leak_layer="process"),
        *(
            Scenario(f"rehearsed_{name}", "shared", name, 40, rehearse=20)
            for name in ("linear_small", "base", "nonlinear_heavy", "latent")
        ),
    ]
}
"""All scenarios, in the order of the tables."""
