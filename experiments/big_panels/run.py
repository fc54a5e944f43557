"""CPU, wall time and peak memory of moments and studies of large panels, beside decoding. See question.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
RESULT, TABLE = HERE / "result.json", HERE / "result.md"
PERIODS, INDICATORS, EMPTY, ROW_GROUP = 100, 30, 0.02, 100_000
KEYS = {"entity": "store", "period": "month"}
STEPS = ("decode", "decode_at_once", "read_table", "moments", "study")
DECODES = STEPS[:3]

Array = NDArray[np.float64]


def months(count: int) -> NDArray[np.str_]:
    return np.array([f"{2010 + m // 12}-{m % 12 + 1:02d}" for m in range(count)])


def system(p: int, seed: int = 0) -> Array:
    """Same-period total responses of a sparse triangular system."""
    rng = np.random.default_rng([seed, p])
    B = np.tril(rng.uniform(-0.6, 0.6, (p, p)) * (rng.random((p, p)) < 3 / p), -1)
    return np.asarray(np.linalg.inv(np.eye(p) - B))


def panel_values(first: int, entities: int, periods: int, response: Array) -> Array:
    """(entities, periods, p): inertia .4, entity levels, period effects, empty cells; the same however it is cut."""
    rng = np.random.default_rng([1, first])
    p = len(response)
    x = np.empty((entities, periods, p))
    state = rng.normal(size=(entities, p))
    for t in range(periods):
        state = (0.4 * state + rng.normal(size=(entities, p))) @ response.T
        x[:, t] = state
    x += 2 * rng.normal(size=(entities, 1, p)) + 0.5 * np.random.default_rng(2).normal(size=(periods, p)) + 10
    x[rng.random(x.shape) < EMPTY] = np.nan
    return x


def chunks(entities: int) -> Iterator[dict[str, Any]]:
    """Columns of a thousand entities at a time."""
    labels, response = months(PERIODS), system(INDICATORS)
    for first in range(0, entities, 1000):
        X = panel_values(first, 1000, PERIODS, response).reshape(-1, INDICATORS)
        keys = {
            "store": np.repeat([f"s{first + i:06d}" for i in range(1000)], PERIODS),
            "month": np.tile(labels, 1000),
        }
        yield keys | {f"k{j:02d}": X[:, j] for j in range(INDICATORS)}


def arrow(columns: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def write_sorted(path: Path, entities: int) -> None:
    writer = None
    for columns in chunks(entities):
        table = arrow(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=ROW_GROUP)
    assert writer is not None
    writer.close()


def write_shuffled(path: Path, source: Path) -> None:
    """The rows of ``source`` in random order: strewn over as many piles as row groups, every pile shuffled."""
    rng = np.random.default_rng(3)
    file = pq.ParquetFile(source)
    piles = file.num_row_groups
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        writers = [pq.ParquetWriter(f"{folder}/{i}", file.schema_arrow, compression="none") for i in range(piles)]
        for group in range(piles):
            table = file.read_row_group(group)
            to = rng.integers(0, piles, table.num_rows)
            for i, writer in enumerate(writers):
                writer.write_table(table.filter(pa.array(to == i)))
        for writer in writers:
            writer.close()
        with pq.ParquetWriter(path, file.schema_arrow) as out:
            for i in range(piles):
                table = pq.read_table(f"{folder}/{i}")
                out.write_table(table.take(pa.array(rng.permutation(table.num_rows))))


def write_series(path: Path) -> None:
    x = panel_values(7, 1, 120, system(10))[0]
    pq.write_table(arrow({"month": months(120)} | {f"k{j:02d}": x[:, j] for j in range(10)}), path)


def write_survey(path: Path) -> None:
    x = panel_values(8, 5000, 1, system(20))[:, 0]
    pq.write_table(arrow({f"k{j:02d}": x[:, j] for j in range(20)}), path)


CHILD = """
import json, sys, time
step, path, keys, warm = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
import pyarrow.parquet as pq

def decode(path):
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        for batch in file.iter_batches(row_groups=[group], use_threads=False):
            pass

def decode_at_once(path):
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        file.read_row_group(group, use_threads=False)

def read_table(path):
    pq.read_table(path, use_threads=False)

def moments(path):
    from causal_service.panel.dictionary import Dictionary
    from causal_service.panel import spilling
    from causal_service.panel.reading import read_panel
    from causal_service.preparation.prepared import prepare
    spilling.add_rows = lambda *given: None  # the fingerprint belongs to the study
    prepare(read_panel(path, stream=True, **keys).panel, Dictionary(), (), 1)

def study(path):
    import causal_service
    causal_service.study(path, outcome="k05", threads=1, stream="entity" in keys, **keys)

run = {f.__name__: f for f in (decode, decode_at_once, read_table, moments, study)}[step]
if warm:
    run(warm)
cpu, wall = time.process_time(), time.perf_counter()
run(path)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"cpu": round(cpu, 3), "wall": round(wall, 3), "peak_mb": round(peak)}))
"""


def measured(step: str, path: Path, keys: dict[str, str], warm: Path) -> dict[str, float]:
    """Run one step in its own process after the same step on a small file (imports, compilation); memory without it.

    The file is read once before: none of the steps waits for the disk.
    """
    with path.open("rb") as content:
        while content.read(1 << 20):
            pass
    return {**child(step, path, keys, str(warm)), "peak_mb": child(step, path, keys, "")["peak_mb"]}


def child(step: str, path: Path, keys: dict[str, str], warm: str) -> dict[str, float]:
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, step, str(path), json.dumps(keys), warm],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | one_thread,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| data | step | CPU s | wall s | peak MB | CPU / decode | CPU / at once | CPU / `read_table` | repeats |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        ratios = [f"{row[name]:.2f}" if row.get(name) else "" for name in (f"to_{decode}" for decode in DECODES)]
        lines.append(
            f"| {row['data']} | {row['step']} | {row['cpu']:.2f} | {row['wall']:.2f} | {row['peak_mb']:.0f} | "
            f"{' | '.join(ratios)} | {row['repeats']} |"
        )
    return "\n".join(lines) + "\n"


def summary(runs: dict[str, dict[str, list[dict[str, float]]]]) -> list[dict[str, Any]]:
    rows = []
    for data, steps in runs.items():
        middle = {step: {k: median(r[k] for r in found) for k in found[0]} for step, found in steps.items()}
        for step, figures in middle.items():
            row = {"data": data, "step": step, "repeats": len(steps[step]), **figures}
            for other in DECODES:
                if other in middle and step in ("moments", "study"):
                    row[f"to_{other}"] = figures["cpu"] / middle[other]["cpu"]
            rows.append(row)
    return rows


def processor() -> str:
    """Name of the processor and how wide its registers are, which decides what kernels cost."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    known = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in about)}
    flags = known.get("flags", "").split()
    width = 512 if "avx512f" in flags else 256 if "avx2" in flags else 128
    return f"{known.get('model name', 'unknown processor')}, registers of {width} bits"


def write(runs: dict[str, dict[str, list[dict[str, float]]]]) -> None:
    rows, on = summary(runs), processor()
    RESULT.write_text(json.dumps({"processor": on, "summary": rows, "runs": runs}, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(f"# Big panels\n\nOn {on}.\n\n{table(rows)}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 1_000_000, 5_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", nargs="+", default=list(STEPS), choices=STEPS)
    parser.add_argument("--folder", type=Path, help="where the data are written and kept (default: a temporary folder)")
    parser.add_argument(
        "--add", action="store_true", help="keep the runs of result.json, of the same code and processor"
    )
    parser.add_argument("--quick", action="store_true", help="100,000 rows, once; writes nothing")
    options = parser.parse_args()
    sizes, repeats = ([100_000], 1) if options.quick else (options.rows, options.repeats)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    if options.add:
        runs = json.loads(RESULT.read_text(encoding="utf-8"))["runs"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        warm = folder / "warm.parquet"
        write_sorted(warm, 4000)  # enough for all kernels to be compiled
        plan: list[tuple[str, Path, dict[str, str], tuple[str, ...]]] = []
        for rows in sizes:
            ordered, shuffled = folder / f"sorted-{rows}.parquet", folder / f"shuffled-{rows}.parquet"
            if not ordered.exists():
                write_sorted(ordered, rows // PERIODS)
            if not shuffled.exists():
                write_shuffled(shuffled, ordered)
            steps = tuple(step for step in options.steps if step != "study" or rows == max(sizes))
            plan.append((f"{rows:,} x {INDICATORS}, sorted", ordered, KEYS, steps))
            plan.append((f"{rows:,} x {INDICATORS}, random order", shuffled, KEYS, steps))
        series, survey = folder / "series.parquet", folder / "survey.parquet"
        write_series(series)
        write_survey(survey)
        for repeat in range(repeats):
            for data, path, keys, steps in plan:
                for step in steps:
                    found = measured(step, path, keys, warm)
                    runs.setdefault(data, {}).setdefault(step, []).append(found)
                    print(repeat, data, step, found, file=sys.stderr, flush=True)
                if not options.quick:
                    write(runs)
            for data, path, keys in (
                ("series, 120 x 10", series, {"period": "month"}),
                ("survey, 5,000 x 20", survey, {}),
            ):
                runs.setdefault(data, {}).setdefault("study", []).append(measured("study", path, keys, path))
            if not options.quick:
                write(runs)
    print(table(summary(runs)))


if __name__ == "__main__":
    main()
