"""The plan that goes into a study and the record that comes out: what a strategist cites.

The record mirrors ``study.json`` field by field; it holds numbers and words only, no path, no clock, no data frame.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from causal_service.discovery.discover import Method
from causal_service.effects.average_effects import AverageEffect
from causal_service.effects.checks import Check
from causal_service.effects.crosscheck import Crosscheck
from causal_service.effects.dose_results import DoseResponse, NoDoseResponse
from causal_service.effects.entity_effects import ByEntity
from causal_service.effects.identification import Identification
from causal_service.effects.moderation_results import Learner, Moderation, NoModeration
from causal_service.effects.results import Effect
from causal_service.effects.robustness import Contour
from causal_service.effects.segments import BySegment
from causal_service.effects.system import System
from causal_service.errors import CallError, DataError, Text, UnreadableFile
from causal_service.explanation.plain import DIGITS, fields_of, plain
from causal_service.explanation.results import Chain, Contrast, Mediation
from causal_service.graph.causal_graph import CausalGraph
from causal_service.levers.results import Lever
from causal_service.panel.findings import Finding
from causal_service.panel.panel import Regime
from causal_service.panel.summary import IndicatorSummary, PanelSummary
from causal_service.preparation.steps import PreparationStep
from causal_service.rehearsal.results import Rehearsal

if TYPE_CHECKING:
    import pandas as pd

    from causal_service.effects.moves import Amount, Move
    from causal_service.explanation.counterfactual import Counterfactual
    from causal_service.explanation.reach import Reach
    from causal_service.explanation.scene import Scene
    from causal_service.explanation.what_if import WhatIf
    from causal_service.panel.dictionary import Dictionary
    from causal_service.panel.panel import Panel

__all__ = [
    "DIGITS",
    "FINDINGS_SCHEMA",
    "SCHEMA",
    "Answer",
    "Provenance",
    "Study",
    "StudyPlan",
    "findings_json",
    "json_text",
    "load",
    "plain",
]

SCHEMA = "causal-service/study/1"
FINDINGS_SCHEMA = "causal-service/findings/1"
BOM = "\ufeff"
"""Put before CSV files, so that spreadsheets read Chinese as UTF-8."""


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """Every option of a study, resolved."""

    outcome: tuple[str, ...]
    """Keys of the outcomes."""
    levers: tuple[str, ...]
    """Keys of the levers looked at."""
    entity: str | None
    """Entity column."""
    period: str | None
    """Period column."""
    lags: int
    """Number of lags, periods."""
    lags_chosen: Literal["given", "auto", "regime"]
    """Who chose the lags: the caller, BIC, or the regime (0 where periods are too few or absent)."""
    horizon: int
    """Periods ahead of the headline effect."""
    resamples: int
    """Number of draws B."""
    seed: int
    """Seed of all random numbers."""
    weight: str | None
    """Column with the observations behind a cell."""
    method: Method
    """Search method."""
    penalty: float
    """Penalty discount of the full-sample graph."""
    headline: Literal["impact", "sustained"]
    """Kind of effect that is ranked."""
    layers: tuple[str, ...]
    """Ordered layers."""
    required: tuple[tuple[str, str, int | None], ...]
    """Required arrows."""
    forbidden: tuple[tuple[str, str, int | None], ...]
    """Forbidden arrows."""
    segment: str | None = None
    """Column with the group of each entity."""
    crosscheck: bool = False
    """Whether DoWhy was asked for a second opinion."""
    moderator: str | None = None
    """Key of the indicator that effects are followed along."""
    moderation_learner: Learner | None = None
    """How they are; ``None`` without a moderator."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the record."""

    seed: int
    """Seed of all random numbers."""
    effective_n: float
    """Effective number of rows behind the moments."""
    preparation: tuple[PreparationStep, ...]
    """What was done to the panel, in order."""
    versions: dict[str, str]
    """Versions of the libraries that numbers depend on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer for one outcome, in one paragraph."""

    outcome: str
    """Indicator key."""
    text: Text
    """The paragraph."""


@dataclass(frozen=True, slots=True)
class Study:
    """One question asked of one panel, answered."""

    schema: str
    """Schema of the record."""
    regime: Regime
    """``panel`` | ``series`` | ``cross-section``."""
    panel: PanelSummary
    """Size and identity of the panel."""
    plan: StudyPlan
    """Every option, resolved."""
    provenance: Provenance
    """What made the record."""
    layers: tuple[str, ...]
    """Ordered layers, earliest cause first."""
    indicators: tuple[IndicatorSummary, ...]
    """The indicators studied."""
    answers: tuple[Answer, ...]
    """The answer per outcome."""
    findings: tuple[Finding, ...]
    """What the checks found."""
    graph: CausalGraph
    """The learned graph."""
    effects: tuple[Effect, ...]
    """Every lever x outcome x kind."""
    levers: tuple[Lever, ...]
    """The ranked levers, by outcome."""
    chains: tuple[Chain, ...]
    """Paths that carry the effects."""
    contrast: tuple[Contrast, ...]
    """The ranking by correlation beside ours."""
    rehearsal: Rehearsal | None = None
    """How far all this can be trusted on panels like this one; ``None`` when it was not rehearsed."""
    segments: BySegment | None = None
    """For whom: effects by segment; ``None`` when no segment column was given."""
    entity_effects: ByEntity | None = None
    """Where each lever works best."""
    identification: tuple[Identification, ...] = ()
    """How every effect is identified: what is held equal, and why it is enough."""
    checks: tuple[Check, ...] = ()
    """Attempts to break the effects, and what came of them."""
    contours: tuple[Contour, ...] = ()
    """What hidden common causes of every strength would leave of the effects worth acting on or testing."""
    crosscheck: tuple[Crosscheck, ...] = ()
    """What DoWhy says about identification and refutations; empty when it was not asked."""
    system: System | None = None
    """The learned system that answers what-if; ``None`` in a study stored before it was kept."""
    mediation: tuple[Mediation, ...] = ()
    """Direct and mediated part of every lever's effect, and when it arrives."""
    doses: tuple[DoseResponse | NoDoseResponse, ...] = ()
    """Response by level, or why there is none, of levers to act on or to test and of those that clearly bend."""
    average_effects: tuple[AverageEffect, ...] = ()
    """Cross-section: what levers with two states did to those who had them, and would do to everyone."""
    moderation: tuple[Moderation | NoModeration, ...] = ()
    """How effects of levers to act on or to test change along the moderator, or why that cannot be said; empty when
    none was named."""

    def __str__(self) -> str:
        return "\n".join(answer.text.en for answer in self.answers)

    def _repr_html_(self) -> str:
        from causal_service.report.html import notebook_html

        return notebook_html(self)

    def whatif(self, moves: Mapping[str, Amount] | Iterable[Move], horizon: int | None = None) -> WhatIf:
        """Return what follows when levers are moved: ``study.whatif({"delivery_cycle": "-10%", "on_time_rate": 2})``.

        Parameters
        ----------
        moves : lever (key or display name) -> a number (change in its unit), a text (``-10%`` of its latest level,
            ``+2``, ``=6`` for a level, with ``@1`` or ``@1..3`` for first and last period), or a mapping with ``by``,
            ``percent`` or ``to`` and ``start``, ``last``.
        horizon : last period looked at; default the study's.

        Raises
        ------
        CallError : a move that cannot be read or made, an unknown name, ``no-system``.
        """
        from causal_service.explanation.what_if import what_if

        return what_if(self._scene(), moves, horizon)

    def reach(self, outcome: str, target: float, horizon: int | None = None) -> Reach:
        """Return what must move for an outcome to reach a target: ``study.reach("satisfaction", 85)``.

        Parameters
        ----------
        outcome : key or display name.
        target : level wanted, in its unit.
        horizon : period in which it is wanted, moves starting in period 0; default the study's.

        Raises
        ------
        CallError : an unknown name, ``wrong-target``, ``no-system``.
        """
        from causal_service.explanation.reach import reach

        return reach(self._scene(), outcome, target, horizon)

    def counterfactual(
        self,
        panel: Panel | str | Path | Sequence[str | Path] | pd.DataFrame,
        *,
        set: Mapping[str, Amount],
        entity: str | None = None,
        period: str | None = None,
        kept: bool = False,
        horizon: int | None = None,
        dictionary: str | Path | Dictionary | None = None,
    ) -> Counterfactual:
        """Return what would have been: ``study.counterfactual("plants.csv", entity="plant 7", set={"cycle": 6})``.

        Parameters
        ----------
        panel : the panel studied: files, a data frame, or what ``check`` returned.
        set : lever -> the level it would have had, in its unit (or a text as in ``whatif``).
        entity, period : labels; default the only entity, its last period with data.
        kept : whether the levers stay moved in the periods after; else they are back at what was measured.
        horizon : periods after that one looked at, as far as the panel goes; default the study's.
        dictionary : as in the study, where it names columns or levels.

        Raises
        ------
        CallError : a name, a move. DataError : a row or a value that is not there, a panel of other indicators.
        """
        from causal_service.explanation.counterfactual import counterfactual
        from causal_service.panel.cells import with_indicators
        from causal_service.panel.dictionary_reading import read_dictionary
        from causal_service.panel.panel import Panel
        from causal_service.panel.reading import read_panel

        scene = self._scene()
        if not isinstance(panel, Panel):
            plan = self.plan
            read = partial(
                read_panel,
                panel,
                entity=plan.entity,
                period=plan.period,
                dictionary=read_dictionary(dictionary),
                weight=plan.weight,
            )
            try:
                panel = read(segment=plan.segment).panel
            except (CallError, DataError):
                if plan.segment is None:
                    raise
                panel = read().panel  # one without these segments will do; what else is wrong is said again
        studied = with_indicators(panel, self.panel.indicators)
        same = studied.fingerprint == self.panel.fingerprint
        return counterfactual(
            scene, studied, set, entity=entity, period=period, kept=kept, horizon=horizon, same_panel=same
        )

    def _scene(self) -> Scene:
        from causal_service.explanation.scene import Scene, no_system

        if self.system is None:
            raise no_system()
        factors = {} if self.rehearsal is None else self.rehearsal.factors
        return Scene(
            self.system,
            {entry.key: entry for entry in self.indicators},
            self.plan.outcome,
            self.levers,
            self.panel.frequency,
            {outcome: factor for (outcome, kind), factor in factors.items() if kind == self.plan.headline},
        )

    def _as_stored(self) -> Study:
        """Return the study as ``study.json`` holds it, so that files made from it later are the same bytes."""
        return Study.from_dict(self.to_dict())

    def report(self, lang: str = "en") -> str:
        """Return the report as one self-contained HTML page in ``lang`` (``zh`` or ``en``)."""
        from causal_service.report.html import render_html

        return render_html(self._as_stored(), lang)

    def dose(self, lever: str, outcome: str | None = None) -> DoseResponse | NoDoseResponse:
        """Return the response of an outcome (default: the first) by level of a lever, or why there is none.

        Parameters
        ----------
        lever, outcome : key or display name.

        Raises
        ------
        UnknownName : no such indicator in the study.
        """
        from causal_service.explanation.dose_sentences import not_asked
        from causal_service.panel.dictionary import Dictionary, Indicator
        from causal_service.panel.labels import find_indicator

        described = {entry.key: entry for entry in self.indicators}
        known = Dictionary({key: Indicator(key, entry.name) for key, entry in described.items()})
        x = find_indicator(lever, tuple(described), known, Text("杠杆", "lever"))
        y = find_indicator(outcome or self.plan.outcome[0], tuple(described), known, Text("目标", "outcome"))
        found = next((dose for dose in self.doses if (dose.lever, dose.outcome) == (x, y)), None)
        return not_asked(x, y, described) if found is None else found

    def to_dict(self) -> dict[str, Any]:
        """Return the content of ``study.json``: plain lists, strings and numbers of 12 significant digits."""
        content: dict[str, Any] = plain(self)
        return content

    def to_json(self) -> str:
        """Return ``study.json``; the same panel, plan and seed give the same bytes."""
        return json_text(self.to_dict())

    def to_frame(
        self,
        part: Literal[
            "levers", "effects", "chains", "contrast", "identification", "mediation", "checks", "average_effects"
        ] = "levers",
    ) -> pd.DataFrame:
        """Return one part as a data frame, texts in English."""
        import pandas as pd

        rows = []
        for row in getattr(self, part):
            flat = {key: value.en if isinstance(value, Text) else value for key, value in fields_of(row).items()}
            if "reasons" in flat:
                flat["reasons"] = ", ".join(reason.code for reason in row.reasons)
            rows.append(flat)
        return pd.DataFrame(rows)

    def save(self, folder: str | Path, lang: str = "en") -> Path:
        """Write ``study.json``, ``report.html``, ``graph.svg``, ``levers.csv`` and ``effects.csv``; return the folder.

        Everything is rendered before the first byte is written, and all files appear or none.

        Raises
        ------
        CallError : ``cannot-write``.
        """
        from causal_service.report.graph_picture import graph_svg
        from causal_service.report.tables import effects_csv, levers_csv
        from causal_service.report.writing import write_files

        stored = self._as_stored()
        files = {
            "study.json": self.to_json(),
            "report.html": self.report(lang),
            "graph.svg": graph_svg(stored, lang),
            "levers.csv": BOM + levers_csv(stored),
            "effects.csv": BOM + effects_csv(stored),
        }
        return write_files(folder, files)

    @staticmethod
    def from_dict(content: Mapping[str, Any]) -> Study:
        """Return the study in the content of a ``study.json``.

        Raises
        ------
        UnreadableFile : not a study of this schema.
        """
        from pydantic import ValidationError

        try:
            return _adapter().validate_python(dict(content))  # type: ignore[no-any-return]
        except ValidationError as error:
            first = error.errors()[0]
            raise _not_a_study(f"{'.'.join(str(x) for x in first['loc'])}: {first['msg']}") from None


def load(path: str | Path) -> Study:
    """Return the study stored in a ``study.json``.

    Raises
    ------
    CallError : the file does not exist.
    UnreadableFile : the file is not a study.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CallError(
            "file-not-found",
            Text(f"找不到文件“{path}”。", f"There is no file '{path}'."),
            Text("请检查路径。", "Check the path."),
            {"path": str(path)},
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _not_a_study(str(error)) from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise _not_a_study(f"schema is not {SCHEMA}")
    return Study.from_dict(content)


def findings_json(panel: PanelSummary, regime: Regime, findings: Sequence[Finding]) -> str:
    """Return what was checked, without a study: the parts ``regime``, ``panel`` and ``findings`` of ``study.json``."""
    return json_text(
        {"schema": FINDINGS_SCHEMA, "regime": regime, "panel": plain(panel), "findings": plain(tuple(findings))}
    )


def json_text(content: dict[str, Any]) -> str:
    """Return plain content as every face writes it."""
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Study)


def _not_a_study(detail: str) -> UnreadableFile:
    return UnreadableFile(
        "not-a-study",
        Text(f"无法作为研究结果读取：{detail}。", f"This is not a stored study: {detail}."),
        Text("请给出 study 命令写出的 study.json。", "Give a study.json written by the study command."),
    )
