"""A ``Dictionary`` as the mapping that ``read_dictionary`` reads, to send it or to write it into a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from causal_service.panel.dictionary import Dictionary, Indicator

__all__ = ["dictionary_mapping"]


def dictionary_mapping(dictionary: Dictionary) -> dict[str, Any]:
    """Return ``dictionary`` shaped like the YAML file; reading it again gives an equal ``Dictionary``.

    Lists, texts, numbers and booleans only, so that it can be written as JSON or YAML. What is not declared is left
    out.
    """
    return {
        "panel": _declared({"entity": dictionary.entity, "period": dictionary.period}),
        "layers": list(dictionary.layers),
        "indicators": {key: _entry(indicator) for key, indicator in dictionary.indicators.items()},
        "knowledge": {
            kind: [list(arrow[:2] if arrow[2] is None else arrow) for arrow in getattr(dictionary, kind)]
            for kind in ("required", "forbidden")
        },
        "goals": [_declared(asdict(goal)) for goal in dictionary.goals],
    }


def _entry(indicator: Indicator) -> dict[str, Any]:
    fields = asdict(indicator)
    del fields["key"]
    for name in ("step", "name", "definition"):
        fields[name] = fields[name] and _declared(fields[name])
    if fields["bounds"] is not None:
        fields["bounds"] = list(fields["bounds"])
    return _declared(fields)


def _declared(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", {})}
