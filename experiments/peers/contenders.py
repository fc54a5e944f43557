"""Everybody who is compared, with the settings chosen on seeds below 1000."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import analyst_script
import by_antecedent
import by_econml
import by_lingam
import by_tigramite
import by_us
import rankings
from answers import Answer
from case import Case
from given import Given


@dataclass(frozen=True, slots=True)
class Contender:
    """One way from a panel to an answer."""

    key: str
    """Name of its folder of finished panels."""
    name: str
    """Name in the tables."""
    run: Callable[..., Answer]
    """Called with a ``Given`` (ours: a ``Case``) and the settings."""
    module: str
    """File that holds ``run``; its digest keys the finished panels."""
    uses: tuple[str, ...] = ()
    """Distributions whose versions key the finished panels."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Value of the tuned setting by scenario."""
    tuned: str = ""
    """Name of the tuned setting; empty: none."""
    grid: tuple[Any, ...] = ()
    """Values tried."""
    panels: int = 60
    """Panels per scenario."""
    scenarios: tuple[str, ...] | None = None
    """Only these; ``None``: all."""

    @property
    def ours(self) -> bool:
        """Whether it is this project."""
        return self.module == "by_us"

    def settings_in(self, scenario: str) -> dict[str, Any]:
        """Settings used in a scenario."""
        return {**self.settings, **({self.tuned: self.chosen[scenario]} if self.tuned else {})}

    def answer(self, case: Case, data: Given | None, settings: Mapping[str, Any]) -> Answer:
        """Its answer for one panel."""
        return self.run(case if self.ours else data, **settings)


CONTENDERS = {
    c.key: c
    for c in [
        Contender("ours", "causal_service", by_us.study, "by_us", settings={"layers": True}),
        Contender("ours_bare", "causal_service, no layers", by_us.study, "by_us", settings={"layers": False}),
        Contender(
            "correlation_pooled",
            "correlation, pooled",
            rankings.correlation,
            "rankings",
            settings={"within": False},
        ),
        Contender(
            "correlation_within",
            "correlation, within",
            rankings.correlation,
            "rankings",
            settings={"within": True},
        ),
        Contender(
            "regression_pooled",
            "regression, pooled",
            rankings.regression,
            "rankings",
            ("statsmodels",),
            {"within": False},
        ),
        Contender(
            "regression_within",
            "regression, within, clustered",
            rankings.regression,
            "rankings",
            ("statsmodels",),
            {"within": True},
        ),
        Contender(
            "regression_lags",
            "regression, within, lags, clustered",
            rankings.distributed_lags,
            "rankings",
            ("statsmodels",),
        ),
        Contender(
            "shap_pooled",
            "mean abs SHAP (LightGBM), pooled",
            rankings.shap_ranking,
            "rankings",
            ("shap", "lightgbm"),
            {"within": False},
        ),
        Contender(
            "shap_within",
            "mean abs SHAP (LightGBM), within",
            rankings.shap_ranking,
            "rankings",
            ("shap", "lightgbm"),
            {"within": True},
        ),
        Contender(
            "econml_pooled",
            "EconML CausalAnalysis, pooled",
            by_econml.causal_analysis,
            "by_econml",
            ("econml", "scikit-learn"),
            {"within": False, "last_period": False},
        ),
        Contender(
            "econml_within",
            "EconML CausalAnalysis, within, lags",
            by_econml.causal_analysis,
            "by_econml",
            ("econml", "scikit-learn"),
            {"within": True, "last_period": True},
        ),
        Contender(
            "script_plain",
            "causal-learn PC + DoWhy, pooled",
            analyst_script.plain_script,
            "analyst_script",
            ("causal-learn", "dowhy"),
            {"alpha": 0.05},
        ),
        Contender(
            "script_careful",
            "causal-learn PC + DoWhy, within, lags, layers",
            analyst_script.careful_script,
            "analyst_script",
            ("causal-learn", "dowhy"),
            {},
            {"base": 0.01, "linear_small": 0.05},
            "alpha",
            (0.001, 0.01, 0.05, 0.1),
        ),
        Contender(
            "direct_lingam",
            "DirectLiNGAM, within, lags, layers",
            by_lingam.direct_lingam,
            "by_lingam",
            ("lingam",),
            {"layers": True},
            {"base": 0.05, "linear_small": 0.15},
            "threshold",
            (0.02, 0.05, 0.1, 0.15),
        ),
        Contender(
            "var_lingam",
            "VARLiNGAM, within",
            by_lingam.var_lingam,
            "by_lingam",
            ("lingam",),
            {},
            {"base": 0.1, "linear_small": 0.15},
            "threshold",
            (0.02, 0.05, 0.1, 0.15),
        ),
        Contender(
            "antecedent",
            "antecedent PCMCI+, within, layers",
            by_antecedent.pcmci_plus,
            "by_antecedent",
            ("antecedent",),
            {"layers": True},
            {"base": 0.001, "linear_small": 0.01},
            "alpha",
            (0.001, 0.01, 0.05, 0.1),
        ),
        Contender(
            "pcmci_bare",
            "tigramite PCMCI+, within",
            by_tigramite.pcmci_plus,
            "by_tigramite",
            ("tigramite",),
            {"layers": False},
            {"base": 0.01, "linear_small": 0.05},
            "alpha",
            (),
            panels=40,
        ),
        Contender(
            "pcmci",
            "tigramite PCMCI+, within, layers",
            by_tigramite.pcmci_plus,
            "by_tigramite",
            ("tigramite",),
            {"layers": True},
            {"base": 0.01, "linear_small": 0.05},
            "alpha",
            (0.001, 0.01, 0.05, 0.1),
            panels=40,
        ),
        Contender(
            "jpcmci",
            "tigramite J-PCMCI+, raw, layers",
            by_tigramite.j_pcmci_plus,
            "by_tigramite",
            ("tigramite",),
            {"layers": True},
            {"linear_small": 0.05},
            "alpha",
            (),
            panels=40,
            scenarios=("linear_small",),
        ),
    ]
}
