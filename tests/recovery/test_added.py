"""A run of some scenarios leaves what was found of the others, if it was found by the same code."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import shards
from added import added, refuse_other
from scenarios import SCENARIOS


def result(note: str | None, **gaps: float) -> dict[str, Any]:
    def figure(mean: float) -> dict[str, float]:
        return {"mean": mean, "se": 0.0, "panels": 60}

    scenarios = {
        name: {"figures": defaultdict(lambda: figure(0.0), p_top3_gap=figure(gap))} for name, gap in gaps.items()
    }
    return {"code": "c", "definition": "d", "resamples": 200, "note": note, "bars": [], "scenarios": scenarios}


def test_scenarios_studied_later_take_the_place_of_earlier_ones() -> None:
    both = added(result("Now.", latent=0.3, base=0.0), result("Then.", linear=0.0, base=0.9), 2)
    gaps = {name: one["figures"]["p_top3_gap"]["mean"] for name, one in both["scenarios"].items()}
    assert list(gaps.items()) == [("linear", 0.0), ("base", 0.0), ("latent", 0.3)]
    assert both["note"] == "Now. Kept from an earlier result, code c: linear. There it says: Then."
    met = {bar["scenario"]: bar["met"] for bar in both["bars"] if bar["figure"] == "p_top3_gap"}
    assert met == {"linear": True, "base": True, "latent": False}


def test_what_stays_of_earlier_code_says_how_it_was_compared() -> None:
    other = added(result(None, base=0.0), {**result(None, linear=0.0), "code": "earlier"}, 3)
    assert other["note"] == (
        "Kept from an earlier result, code earlier: linear; on the first 3 panels of each the code as it stands gives "
        "the same but for words."
    )
    assert added(result(None, base=0.0), result("Then.", base=0.9), 2)["note"] == ""


@pytest.mark.parametrize("key", ["definition", "resamples"])
def test_a_result_of_something_else_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key} of the earlier result is other"):
        refuse_other(result(None, base=0.0), {**result(None, linear=0.0), key: "other"}, ())


def test_a_result_of_other_code_is_kept_only_where_records_can_be_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "OUT", tmp_path)
    monkeypatch.setattr(shards, "definition_digest", lambda: "d")
    now, before = result(None, base=0.0), {**result(None, linear=0.0, latent=0.0), "code": "earlier"}
    firsts = [(SCENARIOS[name], seed) for name in ("linear", "latent") for seed in (1000, 1001)]
    kept = shards.Shards(200, "earlier")
    for scenario, seed in firsts[:3]:
        kept.store(scenario, seed, {})
    with pytest.raises(ValueError, match="no records of code earlier to compare with: latent"):
        refuse_other(now, before, firsts)
    kept.store(*firsts[3], {})
    refuse_other(now, before, firsts)
