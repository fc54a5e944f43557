"""The pipeline beside its peers on the same simulated panels, in one process order. See question.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import _neighbours  # noqa: F401
from answers import Answer
from apart import apart
from case import Case
from contenders import CONTENDERS, Contender
from finished import key_of, load, store
from given import Given, given_of
from graph_search import Plan, graph_search
from peer_tables import lines, write_tables
from scored import Figures, added, best_setting, scores, table
from script_cost import script_cost
from shared_simulator import shared_case, shared_digest, tools_folder

HERE = Path(__file__).resolve().parent
SCENARIOS = ("base", "linear_small")
FIRST_SEED, TUNING_SEED = 1000, 100
EXTRA = ("antecedent", "dowhy", "econml", "shap", "lightgbm", "lingam", "tigramite", "statsmodels")
RESULT = HERE / "result.json"


class Panels:
    """Panels by scenario and seed; the last one is kept, and so is what peers are given of the last one asked for."""

    def __init__(self) -> None:
        self.case = lru_cache(maxsize=1)(shared_case)
        self._given = lru_cache(maxsize=1)(lambda scenario, seed: given_of(self.case(scenario, seed)))

    def __call__(self, scenario: str, seed: int, contender: Contender) -> tuple[Case, Given | None]:
        """The panel with its truth, and what the contender is given of it: nothing, if that is us."""
        return self.case(scenario, seed), None if contender.ours else self._given(scenario, seed)


def answered(
    contender: Contender,
    settings: Mapping[str, Any],
    scenario: str,
    seed: int,
    panels: Panels,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """The stored record of a contender on a panel, else a new one: its answer, or why there is none."""
    record = load(contender, settings, scenario, seed)
    if record is None and options.finished:
        return {}
    if record is None:
        case, data = panels(scenario, seed, contender)
        record = apart(lambda: contender.answer(case, data, settings).to_dict(), options.cap)
        store(contender, settings, scenario, seed, record)
        print(scenario, seed, contender.key, record.get("reason", "done"), file=sys.stderr, flush=True)
    return record


def compared(options: argparse.Namespace, panels: Panels) -> dict[str, Any]:
    """Scenario -> table of all contenders; panels in turn, on each of them everybody."""
    said: dict[str, dict[str, dict[int, Figures]]] = {}
    reasons: dict[str, dict[str, list[str]]] = {}
    first = TUNING_SEED if options.quick else FIRST_SEED
    for seed in range(first, first + options.panels):
        for scenario in options.scenarios:
            for key in options.contenders:
                contender = CONTENDERS[key]
                into = said.setdefault(scenario, {}).setdefault(key, {})
                if seed - first >= contender.panels or scenario not in (contender.scenarios or SCENARIOS):
                    continue
                record = answered(contender, contender.settings_in(scenario), scenario, seed, panels, options)
                if "said" in record:
                    case = panels.case(scenario, seed)
                    into[seed] = scores(case, Answer.from_dict(record["said"], len(case.names)))
                elif record:
                    reasons.setdefault(scenario, {}).setdefault(key, []).append(record["reason"])
    return {name: {"contenders": table(by_key), "without": reasons.get(name, {})} for name, by_key in said.items()}


def tuned(options: argparse.Namespace, panels: Panels) -> dict[str, Any]:
    """Mean figures of every value of a tuned setting on panels below seed 1000, and the best value."""
    found: dict[str, Any] = {}
    for key in options.contenders:
        contender = CONTENDERS[key]
        name = contender.tuned
        for scenario in contender.scenarios or options.scenarios:
            tried: dict[Any, list[Figures]] = {}
            for seed in range(TUNING_SEED, TUNING_SEED + options.tuning_panels):
                for value in contender.grid:
                    settings = {**contender.settings, name: value}
                    record = answered(contender, settings, scenario, seed, panels, options)
                    if "said" in record:
                        case = panels.case(scenario, seed)
                        answer = Answer.from_dict(record["said"], len(case.names))
                        tried.setdefault(value, []).append(scores(case, answer))
            if tried:
                found.setdefault(key, {})[scenario] = {
                    "setting": name,
                    "panels": {str(value): len(figures) for value, figures in tried.items()},
                    "f1": {str(v): round(sum(f["graph_f1"] for f in fs) / len(fs), 4) for v, fs in tried.items()},
                    "top3": {str(v): round(sum(f["top3_recall"] for f in fs) / len(fs), 4) for v, fs in tried.items()},
                    "best": best_setting(tried),
                }
    return found


def warmed(panels: Panels, keys: list[str]) -> None:
    """Import and compile everything once, on a panel that no table uses, so that no figure contains it."""
    for key in keys:
        if key not in ("jpcmci", "pcmci", "pcmci_bare"):
            case, data = panels("linear_small", TUNING_SEED, CONTENDERS[key])
            CONTENDERS[key].answer(case, data, CONTENDERS[key].settings_in("linear_small"))
    if any("pcmci" in key for key in keys):
        import tigramite.independence_tests.parcorr_mult
        import tigramite.jpcmciplus  # noqa: F401


def options_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="panels,search,cost", help="panels, search, cost, tune; separated by commas")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--panels", type=int, default=60)
    parser.add_argument("--tuning-panels", type=int, default=5)
    parser.add_argument("--cap", type=int, default=600, help="CPU seconds per contender and panel, and per search")
    parser.add_argument("--sizes", default="20,50,100,200", help="variables of the graphs searched")
    parser.add_argument("--seeds", type=int, default=3, help="graphs searched per size")
    parser.add_argument("--finished", action="store_true", help="tables of the finished answers, nothing is run anew")
    parser.add_argument("--add", action="store_true", help="keep what result.json has of other contenders, and of ours")
    parser.add_argument("--rows", default="5000,100000", help="rows of the cost comparison")
    parser.add_argument(
        "--repeats", default="100,5", help="repeats of a refuter that are run, by rows; scaled up to 100"
    )
    parser.add_argument("--quick", action="store_true", help="two panels, light contenders; writes nothing")
    options = parser.parse_args()
    if options.quick:
        options.parts, options.panels = "panels", 2
        options.contenders = "ours,correlation_pooled,regression_within"
    options.parts = options.parts.split(",")
    options.scenarios, options.contenders = options.scenarios.split(","), options.contenders.split(",")
    return options


def tune_part(options: argparse.Namespace, panels: Panels, result: dict[str, Any]) -> None:
    for key, by_scenario in tuned(options, panels).items():
        result.setdefault("tuning", {}).setdefault(key, {}).update(by_scenario)


def panel_part(options: argparse.Namespace, panels: Panels, result: dict[str, Any]) -> None:
    known, keys = result.setdefault("panels", {}), result.setdefault("keys", {})
    for scenario, found in compared(options, panels).items():
        known[scenario] = (
            added(known[scenario], found, list(CONTENDERS)) if options.add and scenario in known else found
        )
        keys |= {
            f"{scenario} {key}": key_of(CONTENDERS[key], CONTENDERS[key].settings_in(scenario))
            for key in options.contenders
            if scenario in (CONTENDERS[key].scenarios or SCENARIOS) and not (options.add and key == "ours")
        }
    result["simulator"] = shared_digest()


def search_part(options: argparse.Namespace, _: Panels, result: dict[str, Any]) -> None:
    sizes = tuple(int(size) for size in options.sizes.split(","))
    result["search"] = graph_search(Plan(HERE / "out" / "search", sizes, options.seeds, options.cap))


def cost_part(options: argparse.Namespace, _: Panels, result: dict[str, Any]) -> None:
    for rows, repeats in zip(options.rows.split(","), options.repeats.split(","), strict=True):
        result.setdefault("cost", {})[rows] = script_cost(int(rows), int(repeats))


PARTS = {"tune": tune_part, "panels": panel_part, "search": search_part, "cost": cost_part}


def main() -> None:
    options = options_of()
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing and not options.quick:
        sys.exit(f"not installed: {', '.join(missing)}; an environment with the extra `peers` has them (question.md)")
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    if tools_folder() is None:
        print("The shared simulator is not here: no panels.", file=sys.stderr)
        options.parts = [part for part in options.parts if part in ("search", "cost")]
    panels = Panels()
    if {"panels", "tune"} & set(options.parts) and not options.finished:
        warmed(panels, options.contenders)
    for part in ("tune", "panels", "search", "cost"):
        if part in options.parts:
            PARTS[part](options, panels, result)
            if not options.quick:
                RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
                write_tables(result, HERE)
    print("\n".join(lines(result)))


if __name__ == "__main__":
    main()
