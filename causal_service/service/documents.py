"""Refusals as plain documents, so that they can be stored and sent between processes, and back."""

from __future__ import annotations

from typing import Any

from causal_service.errors import CallError, CausalServiceError, DataError, MissingPart, Text, UnreadableFile
from causal_service.service.refusals import Refusal, TooMuch, Unavailable

__all__ = ["document_of", "refusal_in", "text_in"]

_KINDS: tuple[type[CausalServiceError], ...] = (
    TooMuch, Refusal, Unavailable, UnreadableFile, DataError, MissingPart, CallError, CausalServiceError,
)  # fmt: skip
"""From the special to the general; a refusal keeps the first that fits."""


def document_of(error: CausalServiceError) -> dict[str, Any]:
    """Return a refusal as strings and numbers."""
    kind = next(kind for kind in _KINDS if isinstance(error, kind))
    return {
        "kind": kind.__name__,
        "code": error.code,
        "what": {"zh": error.what.zh, "en": error.what.en},
        "remedy": {"zh": error.remedy.zh, "en": error.remedy.en},
        "params": _plain(error.params),
    }


def refusal_in(document: dict[str, Any]) -> CausalServiceError:
    """Return the refusal in a document of ``document_of``."""
    kinds = {kind.__name__: kind for kind in _KINDS}
    kind = kinds[document["kind"]]
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
