"""The figures in words: lines for the terminal, ``result.md`` and the figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bars import FEWEST
from contenders import CONTENDERS

COLUMNS = {
    "graph_f1": "graph F1",
    "top3_recall": "top-3 recall",
    "rank_correlation": "rank correlation",
    "rmse_impact": "RMSE impact",
    "rmse_sustained": "RMSE sustained(3)",
    "rmse_cumulative": "RMSE cumulative(3)",
    "coverage_impact": "coverage impact",
    "coverage_sustained": "coverage sustained(3)",
}
DEMANDED = ("graph_f1", "top3_recall", "rmse_impact", "rmse_sustained", "rmse_cumulative")
SEARCH_COLUMNS = {"shd": "SHD", "f1": "F1 of the class", "seconds": "CPU s"}


def lines(result: Mapping[str, Any]) -> list[str]:
    """All tables as Markdown lines."""
    said: list[str] = []
    for scenario, part in result.get("panels", {}).items():
        said += ["", f"## {scenario}", "", *_panel_table(part["contenders"]), "", *_without(part["without"])]
        said += _verdict(part["contenders"])
        few = [CONTENDERS[key].name for key, row in part["contenders"].items() if row["panels"] < FEWEST]
        if few:
            said += ["", f"Fewer than {FEWEST} panels, so no bar is judged on them: {', '.join(few)}."]
    if "tuning" in result:
        said += ["", "## Settings chosen on seeds below 1000", "", *_tuning_table(result["tuning"])]
    if "search" in result:
        said += ["", "## Graph search alone", "", *_search_table(result["search"])]
    if "cost" in result:
        said += ["", "## CPU seconds for the same questions", "", *_cost_table(result["cost"])]
    return said


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _figure(figure: Mapping[str, Any] | None, digits: int = 2) -> str:
    if figure is None or not figure["panels"]:
        return "-"
    return f"{figure['mean']:.{digits}f} ± {figure['se']:.{digits}f}"


def _panel_table(contenders: Mapping[str, Any]) -> list[str]:
    rows = [
        [
            CONTENDERS[key].name,
            str(row["panels"]),
            *(_figure(row.get(column)) for column in COLUMNS),
            f"{row['seconds_median']:.3g}",
            "-" if row["times_ours"] is None else f"{row['times_ours']:.3g}",
        ]
        for key, row in contenders.items()
    ]
    return _markdown(["", "n", *COLUMNS.values(), "CPU s", "x ours"], rows)


def _without(reasons: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        f"- {CONTENDERS[key].name}: {len(why)} panels without an answer ({'; '.join(sorted(set(why)))})."
        for key, why in reasons.items()
    ]


def _verdict(contenders: Mapping[str, Any]) -> list[str]:
    """Where a peer is ahead of us, and where it is not clearly behind, on the same panels."""
    said = []
    for column in DEMANDED:
        gaps = {
            key: row["ours_better_by"][column]
            for key, row in contenders.items()
            if not CONTENDERS[key].ours and column in row["ours_better_by"]
        }
        ahead = [key for key, gap in gaps.items() if gap["behind"]]
        even = [key for key, gap in gaps.items() if not gap["behind"] and not gap["ahead"]]
        text = (
            f"- {COLUMNS[column]}: ahead of {len(gaps) - len(ahead) - len(even)} of {len(gaps)} peers by more than 2 SE"
        )
        for word, keys in (("undecided within 2 SE", even), ("behind", ahead)):
            if keys:
                named = (f"{CONTENDERS[k].name} ({gaps[k]['mean']:+.3f} ± {gaps[k]['se']:.3f})" for k in keys)
                text += f"; {word}: {', '.join(named)}"
        said.append(f"{text}. {_bar(gaps)}")
    return said


def _bar(gaps: Mapping[str, Mapping[str, Any]]) -> str:
    """Whether we are at least as good as every peer by the rule of bars: the mean difference + 2 SE reaches 0."""
    judged = {key: gap for key, gap in gaps.items() if gap["panels"] >= FEWEST}
    short = [CONTENDERS[key].name for key, gap in judged.items() if not gap["met"]]
    if not judged:
        return "Bar not judged."
    return f"Bar not met against {', '.join(short)}." if short else f"Bar met against all {len(judged)} judged."


def _tuning_table(tuning: Mapping[str, Any]) -> list[str]:
    rows = []
    for key, by_scenario in tuning.items():
        for scenario, found in by_scenario.items():
            tried = [f"{v}: {found['f1'][v]:.2f} / {found['top3'][v]:.2f}" for v in found["f1"]]
            used = str(CONTENDERS[key].chosen[scenario])
            panels = str(min(found["panels"].values()))
            rows.append([CONTENDERS[key].name, scenario, panels, found["setting"], ", ".join(tried), used])
    return _markdown(["", "scenario", "n", "setting", "graph F1 / top-3 recall", "used"], rows)


def _search_table(search: Sequence[Mapping[str, Any]]) -> list[str]:
    ours = {row["p"]: row["seconds"]["mean"] for row in search if row["method"] == "ours"}
    rows = []
    for row in search:
        cells = [str(row["p"]), row["method"], str(row["finished"])]
        cells += [_figure(row[column], 1 if column == "shd" else 3) for column in SEARCH_COLUMNS]
        known = row["seconds"]["panels"] and ours.get(row["p"])
        cells.append(f"{row['seconds']['mean'] / ours[row['p']]:.3g}" if known else "; ".join(row["reasons"]))
        rows.append(cells)
    return _markdown(["p", "", "finished", *SEARCH_COLUMNS.values(), "x ours"], rows)


def _cost_table(cost: Mapping[str, Any]) -> list[str]:
    rows = [
        [
            rows,
            f"{one['script_seconds']['pc']:.2f}",
            f"{one['script_seconds']['estimates']:.2f}",
            f"{one['script_total'] - one['script_seconds']['pc'] - one['script_seconds']['estimates']:.1f}",
            f"{one['repeats_run']} of {one['repeats_stated']}",
            f"{one['script_total']:.1f}",
            f"{one['shap_seconds']:.2f}",
            f"{one['study_stages']['explained']:.2f}",
            f"{one['study_stages']['learned']:.2f}",
            f"{one['study_stages']['checks']:.2f}",
            f"{one['ratio_same_questions']:.0f}",
            f"{one['study_stages']['depth']:.2f}",
            f"{one['ratio_whole_study']:.0f}",
        ]
        for rows, one in cost.items()
    ]
    head = [
        "rows",
        "PC",
        "ten estimates",
        "refuters",
        "repeats run",
        "script",
        "its SHAP apart",
        "our SHAP and words apart",
    ]
    head += ["our graph, effects, verdicts", "our checks", "ratio", "what the script does not ask", "ratio with it"]
    return _markdown(head, rows)


def write_tables(result: Mapping[str, Any], folder: Path) -> None:
    """Write ``result.md`` and, with panels, ``peers.svg``."""
    head = [
        "# What came out",
        "",
        "Written by `run.py` from `result.json`; see `question.md` for what is compared and how.",
    ]
    head += ["Figures are means over panels ± Monte-Carlo standard errors over panels; n is the number of panels."]
    (folder / "result.md").write_text("\n".join([*head, *lines(result)]) + "\n", encoding="utf-8")
    if result.get("panels"):
        _write_picture(result["panels"], folder / "peers.svg")


def _write_picture(panels: Mapping[str, Any], file: Path) -> None:
    """Top-3 recall against CPU seconds, one point per contender, one picture per scenario."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "peers"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(6.5 * len(panels), 4.5), squeeze=False, sharey=True)
    for axis, (scenario, part) in zip(axes[0], panels.items(), strict=True):
        for key, row in part["contenders"].items():
            recall = row["top3_recall"]
            x, y = max(row["seconds_median"], 1e-4), recall["mean"]
            colour = "tab:red" if CONTENDERS[key].ours else "tab:gray"
            axis.errorbar(x, y, yerr=recall["se"], fmt="o", color=colour)
            axis.annotate(CONTENDERS[key].name, (x, y), fontsize=6, xytext=(4, 3), textcoords="offset points")
        axis.set(xscale="log", xlabel="CPU seconds per panel (median)", title=scenario)
    axes[0][0].set_ylabel("top-3 recall, mean ± standard error")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
