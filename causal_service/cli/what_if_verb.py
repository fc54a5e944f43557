"""``whatif``: questions to a stored study."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from causal_service.cli.streams import emit
from causal_service.errors import CallError, Text

if TYPE_CHECKING:
    from causal_service.effects.moves import Move
    from causal_service.explanation.counterfactual import Counterfactual
    from causal_service.explanation.reach import Reach
    from causal_service.explanation.what_if import WhatIf

__all__ = ["whatif"]

_RARE = 0.5
"""Indicators that stay untouched in more than this share of draws are left out of the printed table."""
_HEADER = Text("指标（变化，每期）", "Change, per period")
_INTERVAL = Text("末期95%区间", "95% at the end")
_INSTEAD = Text("实际 → 假如", "Was → would have been")
_REACH_HEADER = (
    Text("单独移动的杠杆", "Lever alone"),
    Text("所需移动", "Move needed"),
    Text("最新水平", "Now"),
    Text("移动后", "Then"),
    Text("阻碍", "In the way"),
    Text("达到概率", "P(reached)"),
    Text("判定", "Verdict"),
)
_REASONS: dict[str | None, Text] = {
    None: Text("", ""),
    "no-effect": Text("没有作用", "no effect"),
    "against-bounds": Text("超出界限", "beyond its bounds"),
    "beyond-data": Text("超出数据范围", "beyond what was measured"),
}
_ONE_MORE = Text("另有1个指标只在少数重抽样中变化，见 --json。",
                 "1 more indicator moves in few resamples only; --json lists it.")  # fmt: skip
_MORE = Text("另有{count}个指标只在少数重抽样中变化，见 --json。",
             "{count} more indicators move in few resamples only; --json lists them.")  # fmt: skip


def whatif(options: Namespace, lang: str) -> int:
    """Print what follows when levers are moved, or what must move for a target."""
    from causal_service.cli.verbs import stored_study
    from causal_service.effects.moves import read_move
    from causal_service.study_record import json_text

    if options.reach is not None:
        if options.move or options.set:
            raise _both_asked()
        if options.panel or _with_panel(options):
            raise _reach_of_one()
        wanted = read_move(options.reach, to=True)
        answer = stored_study(options).reach(wanted.lever, _level(wanted, options.reach), options.horizon)
        emit(json_text(answer.to_dict()) if options.json else _reach_text(answer, lang))
        return 0
    if options.panel:
        return _counterfactual(options, lang)
    if _with_panel(options):
        raise _no_panel()
    moves = [*(read_move(text) for text in options.move), *(read_move(text, to=True) for text in options.set)]
    found = stored_study(options).whatif(moves, options.horizon)
    emit(json_text(found.to_dict()) if options.json else _text(found, lang))
    return 0


def _counterfactual(options: Namespace, lang: str) -> int:
    """Print what would have been for one entity in one period."""
    from causal_service.cli.verbs import stored_study
    from causal_service.effects.move_refusals import refused_move
    from causal_service.effects.moves import read_move
    from causal_service.explanation.plain import fields_of
    from causal_service.study_record import json_text

    moves = [*(read_move(text) for text in options.move), *(read_move(text, to=True) for text in options.set)]
    wanted = {
        move.lever: {k: v for k, v in fields_of(move).items() if k != "lever" and v is not None} for move in moves
    }
    if len(wanted) < len(moves):
        raise refused_move("moved-twice", next(m.lever for m in moves if sum(m.lever == x.lever for x in moves) > 1))
    found = stored_study(options).counterfactual(
        options.panel,
        set=wanted,
        entity=options.entity_name,
        period=options.period_name,
        kept=options.kept,
        horizon=options.horizon,
        dictionary=options.dictionary,
    )
    emit(json_text(found.to_dict()) if options.json else _instead_text(found, lang))
    return 0


def _instead_text(found: Counterfactual, lang: str) -> str:
    from causal_service.cli.texts import paragraph
    from causal_service.explanation.quantities import format_number
    from causal_service.report.tables import aligned

    parts = [paragraph(found.text.get(lang))]
    table = [[_INSTEAD.get(lang), *found.periods]]
    for row in found.instead:
        clear = any(low > 0 or high < 0 for low, high in zip(row.difference_low, row.difference_high, strict=True))
        if clear or row is found.instead[0]:
            pairs = [
                "—" if was is None else f"{format_number(was, 4)} → {format_number(would, 4)}"
                for was, would in zip(row.observed, row.value, strict=True)
            ]
            table.append([found.names[row.indicator].get(lang), *pairs])
    if len(table) > 1:
        parts.append(aligned(table, range(1, len(found.periods) + 1)))
    parts += ["\n".join(paragraph(note.text.get(lang), 2, "- ") for note in found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"


def _with_panel(options: Namespace) -> bool:
    """Say whether an option was given that means something with ``--panel`` only."""
    names = (options.entity_name, options.period_name, options.dictionary)
    return bool(options.kept) or any(name is not None for name in names)


def _reach_of_one() -> CallError:
    return CallError(
        "reach-of-one",
        Text(
            "--reach 针对所有实体的平均水平，不能与 --panel、--entity-name、--period-name、--kept、--dictionary 同用。",
            "--reach is about the mean over all entities; it cannot be used together with --panel, --entity-name, "
            "--period-name, --kept or --dictionary.",
        ),
        Text(
            "请去掉这些选项；若只看一个实体，请用 --panel 和 --set 尝试各个水平。",
            "Leave them out; for one entity, try levels with --panel and --set.",
        ),
    )


def _no_panel() -> CallError:
    return CallError(
        "no-panel",
        Text(
            "--entity-name、--period-name、--kept 和 --dictionary 需要与 --panel 同用。",
            "--entity-name, --period-name, --kept and --dictionary belong to --panel.",
        ),
        Text("请用 --panel 给出研究所用的面板。", "Give the panel that was studied with --panel."),
    )


def _level(wanted: Move, text: str) -> float:
    """Return the level of ``NAME=85``; a percentage or a period is none."""
    from causal_service.effects.move_refusals import unreadable_move

    if wanted.to is None or wanted.start != 0 or wanted.last is not None:
        raise unreadable_move(text)
    return wanted.to


def _both_asked() -> CallError:
    return CallError(
        "move-and-reach",
        Text("--reach 不能与 --move 或 --set 同用。", "--reach cannot be used together with --move or --set."),
        Text("请分两次询问。", "Ask in two calls."),
    )


def _reach_text(found: Reach, lang: str) -> str:
    from causal_service.cli.texts import paragraph
    from causal_service.explanation.phrases import verdict_words
    from causal_service.explanation.quantities import format_number, format_share
    from causal_service.report.tables import aligned

    parts = [paragraph(found.text.get(lang))]
    if found.alone:
        table = [[title.get(lang) for title in _REACH_HEADER]]
        for row in found.alone:
            change = "—" if row.change is None else f"{'+' if row.change > 0 else ''}{format_number(row.change)}"
            numbers = [change, format_number(row.level), format_number(row.level_after)]
            said = [_REASONS[row.reason].get(lang), format_share(row.p_reach)]
            verdict = verdict_words(found.verdicts[row.lever]).get(lang)
            table.append([found.names[row.lever].get(lang), *numbers, *said, verdict])
        parts.append(aligned(table, (1, 2, 3, 5)))
    return "\n\n".join(parts) + "\n"


def _text(found: WhatIf, lang: str) -> str:
    from causal_service.cli.texts import paragraph
    from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval
    from causal_service.panel.units import unit_words
    from causal_service.report.tables import aligned

    shown = [row for i, row in enumerate(found.responses) if row.zero_share <= _RARE or i == 0]
    table = [[_HEADER.get(lang), *map(str, range(found.horizon + 1)), _INTERVAL.get(lang)]]
    for row in shown:
        decimals = decimals_of_interval(row.value[-1], row.low[-1], row.high[-1])
        numbers = [format_fixed(value, decimals) for value in row.value]
        words = unit_words(row.unit)
        unit = words.zh if lang == "zh" else words.many
        name = found.names[row.indicator].get(lang) + (f" ({unit})" if unit else "")
        table.append([name, *numbers, format_interval(row.low[-1], row.high[-1], decimals).get(lang)])
    parts = [paragraph(found.text.get(lang))]
    if shown:
        parts.append(aligned(table, range(1, found.horizon + 3)))
    if len(shown) < len(found.responses):
        count = len(found.responses) - len(shown)
        parts.append(paragraph((_ONE_MORE if count == 1 else _MORE).get(lang).format(count=count)))
    parts += ["\n".join(paragraph(note.text.get(lang), 2, "- ") for note in found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"
