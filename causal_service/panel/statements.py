"""Findings in one line of code each: the display names go into the message, the keys into the finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding, ParamValue, Severity
from causal_service.panel.labels import named

__all__ = ["NOTHING_TO_DO", "Params", "about_indicators", "about_panel", "passed"]

Params = dict[str, ParamValue]
"""Numbers and names quoted in a message."""


NOTHING_TO_DO = Text("无需处理。", "Nothing to do.")


def about_indicators(
    code: str,
    severity: Severity,
    keys: Sequence[str],
    dictionary: Dictionary,
    *,
    message: Text,
    remedy: Text = NOTHING_TO_DO,
    params: Mapping[str, ParamValue] | None = None,
) -> Finding:
    """Return a finding about ``keys``; ``{names}`` in ``message`` becomes their display names."""
    names = named(dictionary, keys)
    text = Text(message.zh.replace("{names}", names.zh), message.en.replace("{names}", names.en))
    return Finding(code, severity, "indicator", tuple(keys), text, remedy, dict(params or {}))


def about_panel(
    code: str,
    severity: Severity,
    *,
    message: Text,
    remedy: Text = NOTHING_TO_DO,
    params: Mapping[str, ParamValue] | None = None,
) -> Finding:
    """Return a finding about the panel as a whole."""
    return Finding(code, severity, "panel", (), message, remedy, dict(params or {}))


def passed(code: str, message: Text, params: Mapping[str, ParamValue] | None = None) -> Finding:
    """Return the finding that a check was made and found nothing."""
    return about_panel(code, "pass", message=message, params=params)
