"""Fixed words of the report in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from causal_service.errors import Text
from causal_service.explanation.phrases import listed_en, listed_zh

__all__ = ["SEVERITIES", "better_label", "layer_label", "listed", "quoted_names", "regime_label"]

_KEY = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?![A-Za-z0-9_]|\.[A-Za-z0-9])")
_LAYERS = {
    "context": Text("背景", "Context"),
    "innovation": Text("创新", "Innovation"),
    "process": Text("流程", "Process"),
    "business": Text("经营", "Business"),
    "strategic": Text("战略", "Strategic"),
}
_REGIMES = {
    "panel": Text("面板（多实体、多时期）", "panel (many entities, many periods)"),
    "series": Text("时间序列（单一实体）", "time series (one entity)"),
    "cross-section": Text("截面（单一时期）", "cross-section (one period)"),
}
SEVERITIES = {
    "fail": Text("未通过", "Failed"),
    "review": Text("待核实", "To review"),
    "pass": Text("通过", "Passed"),
}
"""Severity of a finding in words."""
_BETTER = {
    "higher": Text("越高越好", "higher is better"),
    "lower": Text("越低越好", "lower is better"),
    "target": Text("接近目标值为好", "close to target is better"),
}


def layer_label(layer: str, lang: str) -> str:
    """Return the name of a layer; the company's own layers stand as written."""
    return _LAYERS[layer].get(lang) if layer in _LAYERS else layer


def regime_label(regime: str, lang: str) -> str:
    """Return the kind of data in words."""
    return _REGIMES[regime].get(lang) if regime in _REGIMES else regime


def better_label(better: str | None, lang: str) -> str:
    """Return the polarity in words; empty when not declared."""
    return _BETTER[better].get(lang) if better in _BETTER else ""


def listed(items: list[str], lang: str) -> str:
    """Join names for reading."""
    return listed_zh(items) if lang == "zh" else listed_en(items)


def quoted_names(text: str, names: Mapping[str, str]) -> str:
    """Put display names where a text quotes keys such as ``delivery_cycle`` (keys without an underscore stay)."""
    return _KEY.sub(lambda match: names.get(match.group(), match.group()), text)
