"""Panels that nobody should send end in a result or in a refusal that says what to do; a sample of the experiment."""

from __future__ import annotations

import json

import pytest

from causal_service.errors import CausalServiceError
from causal_service.service.jobs.computing import TASKS
from causal_service.service.uploads.guards import Limits, first_look

pytestmark = pytest.mark.slow

LIMITS = {"unpacked": 2**26, "columns": 5000, "cells": 10**7}
ONCE_BROKEN = {
    2: "endless field", 37: "bytes in a column", 405: "damaged value", 638: "value beyond squares", 723: "damaged zip",
    801: "damaged XML", 1515: "damaged index", 2099: "impossible date in the dictionary", 2883: "numbers next to zero",
}  # fmt: skip


@pytest.mark.parametrize("numbers", [list(ONCE_BROKEN), range(20_000, 20_150)], ids=["once-broken", "new"])
def test_no_panel_breaks_the_check(tmp_path, fuzzed, numbers):
    ended = [_checked(tmp_path, number, fuzzed(number)) for number in numbers]
    assert any(ended)
    assert len({code for code in ended if code}) > 3


def _checked(folder, number, panel):
    """Return the code of the refusal of panel ``number``; ``None`` when it is ready. Anything else is a failure."""
    (folder / "panel").write_bytes(panel.content)
    known = None if panel.dictionary is None else "dictionary.file"
    if panel.dictionary is not None:
        (folder / "dictionary.file").write_bytes(panel.dictionary)
    task = {"panels": ["panel"], "dictionary": known, "limits": LIMITS, "options": panel.options}
    try:
        first_look(folder / "panel", "panel", Limits(**LIMITS))
        found = TASKS["check"](folder, task, lambda *_: None)
        json.dumps(found, allow_nan=False)
    except CausalServiceError as error:
        assert error.remedy.zh, number
        assert error.remedy.en, number
        return error.code
    return found["refused"]["code"] if "refused" in found else None
