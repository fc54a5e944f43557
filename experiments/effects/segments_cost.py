"""CPU seconds of all lever x outcome x segment effects of a 16-indicator panel, beyond the study."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "recovery"))

from own_case import own_case  # noqa: E402
from settings import SETTINGS  # noqa: E402

import causal_service as cs  # noqa: E402
from causal_service.effects.segments import segment_draws, segment_effects  # noqa: E402
from causal_service.inference import infer  # noqa: E402
from causal_service.study_choices.question import question_of  # noqa: E402
from causal_service.study_choices.studied import studied_panel  # noqa: E402

REPEATS = 5


def main() -> None:
    case = own_case(replace(SETTINGS["linear"], layers=(3, 5, 5, 3)), 100)
    outcome, labels = case.names[case.outcome], ("north", "south", "east", "west")
    codes = {name: i for i, name in enumerate(sorted(case.frame["entity"].unique()))}
    frame = case.frame.assign(region=[labels[codes[name] % 4] for name in case.frame["entity"]])
    panel, known, findings = cs.check(frame, outcome=outcome, dictionary=case.dictionary, segment="region")
    question = question_of(panel, known, outcome, (), 3, 200)
    studied = studied_panel(panel, known, question, findings)
    learned = infer(studied, known, question, findings, lags=1, method="boss", seed=0, threads=1)
    assert learned.within is not None and studied.panel.segments is not None
    outcomes = [name for name in case.names if case.dictionary.indicators[name].layer == "strategic"]
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.process_time()
        drawn = segment_draws(
            learned.within, learned.prepared, learned.discovery, studied.panel.segments, horizon=3, seed=0
        )
        effects, _tests = segment_effects(drawn, learned.draws, learned.levers, outcomes, {}, ("impact", "sustained"))
        seconds.append(time.process_time() - start)
    result = {
        "indicators": len(case.names),
        "entities": len(panel.entities),
        "periods": len(panel.periods),
        "segments": len(labels),
        "draws": 200,
        "effects": len(effects),
        "cpu_seconds": {"median": round(float(np.median(seconds[1:])), 3), "largest": round(max(seconds[1:]), 3)},
        "repeats": REPEATS,
    }
    print(json.dumps(result))
    (HERE / "segments_cost.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
