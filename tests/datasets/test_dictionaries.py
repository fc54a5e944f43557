"""Every dictionary in the repository is read without complaint and says everything in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from causal_service.panel.dictionary_reading import read_dictionary

ROOT = Path(__file__).resolve().parents[2]
DICTIONARIES = sorted([*ROOT.glob("datasets/*/dictionary*.yaml"), *ROOT.glob("experiments/*/dictionary*.yaml")])


@pytest.mark.parametrize("path", DICTIONARIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_dictionary_is_complete(path: Path):
    dictionary = read_dictionary(path)
    assert dictionary.entity
    assert dictionary.period
    for key, entry in dictionary.indicators.items():
        for text in (entry.name, entry.definition):
            assert text.zh, key
            assert text.en, key
            assert text.zh != text.en, key
        assert entry.unit, key
        assert entry.owner, key
        assert entry.controllable is not None, key
        assert entry.step is None or entry.controllable, key


def test_there_are_dictionaries():
    assert len(DICTIONARIES) >= 4
