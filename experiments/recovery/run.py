"""Does the pipeline recover what simulated panels were made of? See question.md."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import joblib
from added import added, refuse_other
from bars import judged
from carried import take_over
from explain import explained
from figures import write_figures
from result_table import bar_lines, figure_lines, render
from scenarios import SCENARIOS, Scenario, make_case
from shards import Shards
from shared_simulator import tools_folder
from summary import summarise
from trial import trial

HERE = Path(__file__).resolve().parent
RESULT = HERE / "result.json"
SENT = (
    *("kept", "case", "settings", "world", "simulation", "twins", "truth", "own_case", "shared_average"),
    *("shared_simulator", "scenarios", "scoring", "trial"),
)
"""What a worker of a cluster needs, each after what it imports."""
FIRST_SEED, TUNING_SEED = 1000, 100
QUICK = {
    "linear": 6,
    "linear_tiny": 6,
    "base": 6,
    "own_linear": 6,
    "null_confounded": 6,
    "leak_missing_layer": 6,
    "series": 4,
    "quarters": 4,
}


def finished(
    tasks: Sequence[tuple[Scenario, int]], shards: Shards, options: argparse.Namespace
) -> Iterator[tuple[Scenario, int, dict[str, Any]]]:
    """Yield every record, stored ones first; new ones are stored as they come in."""
    open_tasks = []
    for scenario, seed in tasks:
        record = shards.load(scenario, seed)
        if record is None:
            open_tasks.append((scenario, seed))
        else:
            yield scenario, seed, record
    with backend(options.scheduler):
        parallel = joblib.Parallel(n_jobs=options.jobs, return_as="generator", pre_dispatch="2*n_jobs")
        records = parallel(joblib.delayed(trial)(s, seed, options.resamples) for s, seed in open_tasks)
        for done, ((scenario, seed), record) in enumerate(zip(open_tasks, records, strict=True), 1):
            shards.store(scenario, seed, record)
            print(f"\r{done}/{len(open_tasks)} {scenario.name} {seed}    ", end="", file=sys.stderr, flush=True)
            yield scenario, seed, record
    if open_tasks:
        print(file=sys.stderr)


def simulated(scenario: Scenario, seed: int) -> None:
    """Make a panel for its truth to be kept; nothing is studied."""
    make_case(scenario, seed)


def backend(scheduler: str | None) -> Any:
    """Processes of this machine, or the workers of a Dask cluster (extra ``scale``)."""
    if scheduler is None:
        return joblib.parallel_config(backend="loky")
    from dask.distributed import Client

    client = Client(scheduler)
    for module in SENT:
        client.upload_file(str(HERE / f"{module}.py"))
    return joblib.parallel_config(backend="dask")


def chosen_scenarios(options: argparse.Namespace) -> list[Scenario]:
    """The scenarios asked for, without those whose simulator is absent."""
    names = options.scenarios.split(",") if options.scenarios else list(QUICK if options.quick else SCENARIOS)
    unknown = sorted(set(names) - set(SCENARIOS))
    if unknown:
        sys.exit(f"unknown scenario {', '.join(unknown)}; choose from {', '.join(SCENARIOS)}")
    scenarios = [SCENARIOS[name] for name in names]
    if tools_folder() is None:
        print("The shared simulator is not here: only the project's own runs.", file=sys.stderr)
        scenarios = [s for s in scenarios if s.source == "own"]
    return scenarios


def seeds_of(scenario: Scenario, options: argparse.Namespace) -> range:
    """Seeds of the panels: 1000 and above for the reported table, 100 and above for everything else."""
    first = TUNING_SEED if options.tune or options.quick else FIRST_SEED
    panels = options.panels or (QUICK.get(scenario.name, 6) if options.quick else scenario.panels)
    return range(first, first + panels)


def leading(scenario: Scenario, seeds: range, shards: Shards) -> list[tuple[Scenario, int]]:
    """The first seeds up to one that is not studied yet: no seed is chosen for its result."""
    return [(scenario, seed) for seed in takewhile(lambda seed: shards.load(scenario, seed) is not None, seeds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a few tuning panels of the main scenarios; writes nothing"
    )
    parser.add_argument("--tune", action="store_true", help="seeds below 1000; writes no result")
    parser.add_argument("--simulate", action="store_true", help="only make the panels and their truths, which are kept")
    parser.add_argument(
        "--stored", action="store_true", help="the tables of what is studied so far; each row says on how many panels"
    )
    parser.add_argument("--add", action="store_true", help="keep what result.json says of other scenarios")
    parser.add_argument("--carry", help="digest of an earlier code whose records are taken over, after a check")
    parser.add_argument("--checks", type=int, default=2, help="panels per scenario that are studied anew for --carry")
    parser.add_argument("--explain", action="store_true", help="coverage by kind of lever, and how intervals miss")
    parser.add_argument("--scenarios", help="names separated by commas; default all")
    parser.add_argument("--panels", type=int, help="panels per scenario; default the scenario's own number")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--scheduler", help="address of a Dask scheduler to use instead of processes")
    options = parser.parse_args()
    if options.add and (options.quick or options.tune):
        parser.error("--add belongs to the reported table, which --quick and --tune leave alone")

    scenarios = chosen_scenarios(options)
    shards = Shards(options.resamples)
    content = {"code": shards.code, "definition": shards.definition, "resamples": options.resamples}
    before = json.loads(RESULT.read_text(encoding="utf-8")) if options.add else None
    if before:
        kept = [SCENARIOS[name] for name in before["scenarios"] if SCENARIOS[name] not in scenarios]
        firsts = [(s, seed) for s in kept for seed in seeds_of(s, options)[: options.checks]]
        refuse_other(content, before, firsts)
        if before["code"] != shards.code:
            print(take_over(firsts, shards, before["code"], options.checks, options.jobs))
    tasks = [(s, seed) for s in scenarios for seed in seeds_of(s, options)]
    if options.carry:
        print(take_over(tasks, shards, options.carry, options.checks, options.jobs))
    if options.stored:
        tasks = [task for s in scenarios for task in leading(s, seeds_of(s, options), shards)]
        scenarios = [s for s in scenarios if any(s is scenario for scenario, _ in tasks)]
    if options.simulate:
        with backend(options.scheduler):
            joblib.Parallel(n_jobs=options.jobs)(joblib.delayed(simulated)(s, seed) for s, seed in tasks)
        return
    records: dict[str, list[tuple[int, dict[str, Any]]]] = {s.name: [] for s in scenarios}
    for scenario, seed, record in finished(tasks, shards, options):
        records[scenario.name].append((seed, record))
    summaries = {
        name: summarise([record for _, record in sorted(kept, key=lambda pair: pair[0])])
        for name, kept in records.items()
    }
    bars = judged(summaries)
    print(figure_lines(summaries), bar_lines(bars), sep="\n\n")
    if options.explain:
        for name, kept in records.items():
            print(f"\n{name}", explained([record for _, record in kept]), sep="\n")
    if not options.quick and not options.tune:
        result = {**content, "note": shards.noted, "bars": bars, "scenarios": summaries}
        if before:
            result = added(result, before, options.checks)
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        write_figures(result["scenarios"], HERE)
        (HERE / "result.md").write_text(render(result), encoding="utf-8")


if __name__ == "__main__":
    main()
