"""Questions that the check of their panel already shows to be hopeless; they are refused before they are queued."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.effects.moderator import require_moderation
from causal_service.errors import Text, UnknownName, nearest
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.labels import fold, nearest_text
from causal_service.service.documents import refusal_in
from causal_service.service.jobs.question import Question
from causal_service.service.state.models import Panel
from causal_service.study_choices.question import check_options, no_outcome

__all__ = ["refuse_hopeless", "refuse_unknown_columns"]

_OUTCOME, _LEVER, _MODERATOR = Text("目标指标", "outcome"), Text("杠杆", "lever"), Text("调节指标", "moderator")


def refuse_hopeless(question: Question, rows: Sequence[Panel]) -> None:
    """Refuse a question whose options, names or panel cannot be right; the rest only the study itself can tell.

    Raises
    ------
    CallError : ``option-out-of-range``, ``unknown-method``, ``unknown-learner`` or ``no-outcome``. UnknownName :
        ``unknown-indicator``. MissingPart : ``no-econml``.
    CausalServiceError : what the check said of a panel that is asked as it was checked.
    """
    check_options(
        lags=question.lags,
        horizon=question.horizon,
        resamples=question.resamples,
        seed=question.seed,
        method=question.method,
        rehearse=question.rehearse,
    )
    require_moderation(question.moderator, question.moderation_learner)
    as_checked = question.dictionary is None and all(_as_checked(question, row) for row in rows)
    if as_checked and len(rows) == 1 and rows[0].state == "failed" and rows[0].problem is not None:
        raise refusal_in(rows[0].problem)
    outcomes, levers = _names(question.outcome), _names(question.levers)
    found = [item for row in rows for item in (row.checked or {}).get("indicators") or []]
    if not outcomes:
        goals = [goal for row in rows for goal in (row.checked or {}).get("goals") or []]
        raise no_outcome(goals or [item["key"] for item in found], Dictionary())
    if not as_checked or any(row.state != "ready" for row in rows):
        return
    known = [label for item in found for label in (item["key"], item["name"]["zh"], item["name"]["en"])]
    moderators = () if question.moderator is None else (question.moderator,)
    for role, names in ((_OUTCOME, outcomes), (_LEVER, levers), (_MODERATOR, moderators)):
        _refuse_unknown(names, known, [item["key"] for item in found], role)


def refuse_unknown_columns(row: Panel, options: dict[str, str | None]) -> None:
    """Refuse column names that a panel, once opened, is known not to have.

    Raises
    ------
    UnknownName : ``unknown-column``; the nearest names are offered.
    """
    columns = (row.checked or {}).get("columns")
    if columns is None:
        return
    known = [*columns, *filter(None, row.options.values())]
    labels = {fold(name) for name in known}
    for name in filter(None, options.values()):
        if fold(name) not in labels:
            raise UnknownName(
                "unknown-column",
                Text(f"面板中没有列“{name}”。", f"The panel has no column {name!r}."),
                nearest_text(name, known),
                {"name": name, "nearest": list(nearest(name, known))},
            )


def _as_checked(question: Question, row: Panel) -> bool:
    """Return whether the question reads the columns of a panel as its check did."""
    return all(getattr(question, name) == (row.options.get(name) or None) for name in ("entity", "period", "weight"))


def _names(asked: str | Sequence[str]) -> tuple[str, ...]:
    return (asked,) if isinstance(asked, str) else tuple(asked)


def _refuse_unknown(names: Sequence[str], known: Sequence[str], keys: Sequence[str], role: Text) -> None:
    labels = {fold(label) for label in known}
    for name in names:
        if fold(name) not in labels:
            raise UnknownName(
                "unknown-indicator",
                Text(f"{role.zh}“{name}”不在面板数据中。", f"The {role.en} {name!r} is not in the panel."),
                nearest_text(name, known, keys),
                {"name": name, "nearest": list(nearest(name, known))},
            )
