"""From an indicator panel to ranked, explained growth levers.

>>> import causal_service as cs
>>> study = cs.study("plants.csv", outcome="satisfaction")  # doctest: +SKIP
>>> study.levers, study.graph, study.effects  # doctest: +SKIP

Verbs: ``study`` (the whole pipeline), ``check`` (findings only), ``load`` (a stored study), ``read_panel`` and
``read_dictionary``. Nouns: ``Study``, ``Dictionary``, ``Panel``, and ``Client``, which asks a running service with the
same verbs. Everything is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from causal_service.client.client import Client
    from causal_service.errors import CallError, CausalServiceError, DataError
    from causal_service.panel.dictionary import Dictionary
    from causal_service.panel.dictionary_reading import read_dictionary
    from causal_service.panel.panel import Panel
    from causal_service.panel.reading import read_panel
    from causal_service.pipeline import check, study
    from causal_service.study_record import Study, load

__all__ = [
    "CallError",
    "CausalServiceError",
    "Client",
    "DataError",
    "Dictionary",
    "Panel",
    "Study",
    "check",
    "load",
    "read_dictionary",
    "read_panel",
    "study",
]

_HOMES = {
    "CallError": "errors",
    "CausalServiceError": "errors",
    "Client": "client.client",
    "DataError": "errors",
    "Dictionary": "panel.dictionary",
    "Panel": "panel.panel",
    "Study": "study_record",
    "check": "pipeline",
    "load": "study_record",
    "read_dictionary": "panel.dictionary_reading",
    "read_panel": "panel.reading",
    "study": "pipeline",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
