"""Reading the dictionary: YAML, CSV, Excel or a mapping in, a checked ``Dictionary`` out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from causal_service.errors import Text
from causal_service.panel.dictionary import DEFAULT_LAYERS, Dictionary
from causal_service.panel.dictionary_values import (
    TOP,
    bad_value,
    goal_entry,
    indicator_entry,
    known_keys_only,
    layer_names,
    mapping,
    optional_text,
)
from causal_service.panel.knowledge_reading import arrows, merge_knowledge, read_knowledge, validate_knowledge

__all__ = ["merge_knowledge", "read_dictionary", "read_knowledge", "validate_knowledge"]

_SECTIONS = ("panel", "layers", "indicators", "knowledge", "goals")


def read_dictionary(source: str | Path | Mapping[str, Any] | Dictionary | None) -> Dictionary:
    """Return the dictionary in ``source``, checked.

    Parameters
    ----------
    source : path of a YAML, CSV or Excel file (recognised by content); a mapping shaped like the YAML file; a
        ``Dictionary``; or ``None`` for an empty dictionary.

    Raises
    ------
    CallError : the file does not exist.
    DictionaryError : an unknown key anywhere (its place and the nearest known key are named), a value of the wrong
        kind, an undeclared layer, or a misspelt indicator in the knowledge.
    KnowledgeConflict : required, forbidden and layers contradict each other; the arrow is named.
    """
    if source is None:
        return Dictionary()
    if isinstance(source, Dictionary):
        validate_knowledge(source)
        return source
    if isinstance(source, (str, Path)):
        from causal_service.panel.dictionary_tables import load_mapping

        source = load_mapping(Path(source))
    return _checked(mapping(source, TOP))


def _checked(content: Mapping[str, Any]) -> Dictionary:
    known_keys_only(content, _SECTIONS, TOP)
    columns = mapping(content.get("panel"), "panel")
    known_keys_only(columns, ("entity", "period"), "panel")
    layers = layer_names(content["layers"]) if content.get("layers") is not None else DEFAULT_LAYERS
    knowledge = arrows(content.get("knowledge"))
    goals = content.get("goals") or ()
    if not isinstance(goals, (list, tuple)):
        raise bad_value("goals", goals, Text("目标列表", "a list of goals"))
    dictionary = Dictionary(
        indicators={
            key: indicator_entry(key, entry, layers)
            for key, entry in mapping(content.get("indicators"), "indicators").items()
        },
        layers=layers,
        entity=optional_text(columns.get("entity"), "panel.entity") or None,
        period=optional_text(columns.get("period"), "panel.period") or None,
        required=knowledge["required"],
        forbidden=knowledge["forbidden"],
        goals=tuple(goal_entry(goal, f"goals[{index}]") for index, goal in enumerate(goals)),
    )
    validate_knowledge(dictionary)
    return dictionary
