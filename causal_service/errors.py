"""Every way the service refuses, one tree.

::

    CausalServiceError              code, what, remedy (both in zh and en), params
    ├── CallError                   the call is wrong: an option, a name, contradictory knowledge       (CLI exit 2)
    │   ├── UnknownName             a name that does not exist; the nearest known names are offered
    │   ├── DictionaryError         the dictionary file says something it may not say
    │   └── KnowledgeConflict       required, forbidden and layers contradict each other
    ├── DataError                   the data cannot carry the question                                      (CLI exit 1)
    │   ├── UnreadableFile          empty, truncated, binary, no table in it
    │   └── FailedCheck             a panel-scoped finding of severity ``fail`` stopped the study
    ├── MissingPart                 an optional library is not installed                                    (CLI exit 2)
    └── Unreachable                 a service that is asked over the network does not answer

Anything else that escapes is an internal error (CLI exit 3). No HTTP status lives here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = [
    "CallError",
    "CausalServiceError",
    "DataError",
    "DictionaryError",
    "FailedCheck",
    "KnowledgeConflict",
    "MissingPart",
    "Text",
    "UnknownName",
    "Unreachable",
    "UnreadableFile",
    "nearest",
]


@dataclass(frozen=True, slots=True)
class Text:
    """One statement in both languages of the service."""

    zh: str
    """The statement in Chinese."""
    en: str
    """The statement in English."""

    def get(self, lang: str) -> str:
        """Return the wording in ``lang`` (``"zh"`` or ``"en"``)."""
        return self.zh if lang == "zh" else self.en

    def __str__(self) -> str:
        return self.en


class CausalServiceError(Exception):
    """Base of every refusal; carries one line *what* and one line *remedy* in zh and en.

    Parameters
    ----------
    code : short kebab-case identifier, stable across versions.
    what : what is wrong and where.
    remedy : what the caller can do about it.
    params : the values quoted in the texts, for machines.
    """

    def __init__(self, code: str, what: Text, remedy: Text, params: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{what.en} {remedy.en}")
        self.code = code
        self.what = what
        self.remedy = remedy
        self.params: dict[str, object] = dict(params or {})


class CallError(CausalServiceError):
    """The call is wrong; the data were not judged."""


class UnknownName(CallError):
    """A name that does not exist; the nearest known names are offered."""


class DictionaryError(CallError):
    """The dictionary says something it may not say."""


class KnowledgeConflict(CallError):
    """Required, forbidden and layers contradict each other."""


class DataError(CausalServiceError):
    """The data cannot carry the question."""


class UnreadableFile(DataError):
    """Empty, truncated, binary, or without a table in it."""


class FailedCheck(DataError):
    """A panel-scoped finding of severity ``fail`` stopped the study."""


class MissingPart(CausalServiceError):
    """An optional library is not installed."""


class Unreachable(CausalServiceError):
    """A service that is asked over the network does not answer, or what answers is no such service."""


def nearest(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return up to ``count`` known names that look most like ``name`` (difflib ratio, best first)."""
    return tuple(difflib.get_close_matches(name, list(known), n=count, cutoff=0.4))
