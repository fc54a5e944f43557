"""Refusals as plain documents, so that they can be stored and sent between processes, and back."""

from __future__ import annotations

from typing import Any

import causal_service.service.refusals  # noqa: F401 - its classes are part of the tree
from causal_service.errors import CausalServiceError, Text

__all__ = ["document_of", "refusal_in", "text_in"]


def _tree(kind: type[CausalServiceError]) -> dict[str, type[CausalServiceError]]:
    """Return ``kind`` and all below it, by name."""
    return {kind.__name__: kind} | {
        name: found for below in kind.__subclasses__() for name, found in _tree(below).items()
    }


def document_of(error: CausalServiceError) -> dict[str, Any]:
    """Return a refusal as strings and numbers."""
    return {
        "kind": type(error).__name__,
        "code": error.code,
        "what": {"zh": error.what.zh, "en": error.what.en},
        "remedy": {"zh": error.remedy.zh, "en": error.remedy.en},
        "params": _plain(error.params),
    }


def refusal_in(document: dict[str, Any]) -> CausalServiceError:
    """Return the refusal in a document of ``document_of``."""
    kind = _tree(CausalServiceError).get(document["kind"], CausalServiceError)
    return kind(document["code"], text_in(document["what"]), text_in(document["remedy"]), document["params"])


def text_in(value: dict[str, str]) -> Text:
    """Return the two languages in a document."""
    return Text(value["zh"], value["en"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return value if isinstance(value, float) and abs(value) < float("inf") else str(value)
