"""Why a move cannot be made, and what would be possible."""

from __future__ import annotations

from collections.abc import Mapping

from causal_service.errors import CallError, Text
from causal_service.panel.columns import LARGEST

__all__ = ["no_move", "not_a_move", "not_one_amount", "refused_move", "too_large", "unreadable_move"]

_PERIODS = Text(
    "起始期为 0 或以后的整数，结束期不早于起始期。",
    "Periods are whole numbers from 0 on, the last not before the first.",
)
_REFUSALS: dict[str, tuple[Text, Text]] = {
    "moved-twice": (
        Text("“{lever}”被移动了两次。", "'{lever}' is moved twice."),
        Text("每个杠杆只给一次。", "Give every lever once."),
    ),
    "total-and-part": (
        Text(
            "“{lever}”是{parts_zh}之和，不能与其分项“{part}”同时移动。",
            "'{lever}' is the exact sum of {parts}; it cannot be moved together with its part '{part}'.",
        ),
        Text("请移动总量，或只移动分项。", "Move the total, or its parts only."),
    ),
    "percent-of-nothing": (
        Text(
            "“{lever}”的最新水平为 0，无法按百分比移动。",
            "The latest level of '{lever}' is 0; no percentage of it can be taken.",
        ),
        Text("请改用数量。", "Give an amount instead."),
    ),
    "wrong-periods": (
        Text(
            "“{lever}”不能从第 {start} 期移动到第 {last} 期。",
            "'{lever}' cannot be moved from period {start} to period {last}.",
        ),
        _PERIODS,
    ),
    "move-after-horizon": (
        Text(
            "“{lever}”到第 {start} 期才移动，而只看到第 {horizon} 期。",
            "'{lever}' is moved from period {start} on, but the horizon is period {horizon}.",
        ),
        Text("请延长期限，或提前移动。", "Look further ahead, or move it earlier."),
    ),
    "move-against-bounds": (
        Text(
            "“{lever}”会从 {level:.4g} 移到 {after:.4g}，超出允许的界限 {bound:.4g}。",
            "'{lever}' would go from {level:.4g} to {after:.4g}, beyond its bound of {bound:.4g}.",
        ),
        Text(
            "最多可移动 {room:+.4g}；若界限有误，请更正指标字典。",
            "At most {room:+.4g} is possible; if the bound is wrong, correct the dictionary.",
        ),
    ),
}


def refused_move(code: str, lever: str, **values: object) -> CallError:
    """Return the refusal ``code`` of a move of ``lever``, with the values its text quotes."""
    what, remedy = (
        Text(text.zh.format(lever=lever, **values), text.en.format(lever=lever, **values)) for text in _REFUSALS[code]
    )
    return CallError(code, what, remedy, {"lever": lever, **values})


def no_move() -> CallError:
    """Return the refusal of a scenario without a move."""
    return CallError(
        "no-move",
        Text("没有给出要移动的杠杆。", "No move was given."),
        Text("请至少给出一个，例如 delivery_cycle=-10%。", "Give at least one, for example delivery_cycle=-10%."),
    )


def too_large(text: str) -> CallError:
    """Return the refusal of a number beyond ``LARGEST``, or of one that leads there."""
    return CallError(
        "number-too-large",
        Text(f"“{text}”大得无法计算。", f"'{text}' is too large to calculate with."),
        Text(f"请给出绝对值不超过{LARGEST:g}的数。", f"Give a number of at most {LARGEST:g} in size."),
        {"value": text, "largest": LARGEST},
    )


def not_a_move(value: object) -> CallError:
    """Return the refusal of an object that is no move."""
    return CallError(
        "unreadable-move",
        Text(f"看不懂这个移动：“{value}”。", f"This move cannot be read: '{value}'."),
        Text(
            '请给出 {杠杆: 数量}（如 {"delivery_cycle": "-10%"}）或 Move 对象。',
            'Give {lever: amount}, for example {"delivery_cycle": "-10%"}, or Move objects.',
        ),
        {"move": str(value)},
    )


def not_one_amount(lever: str, given: Mapping[str, float]) -> CallError:
    """Return the refusal of a move with no amount, or with several."""
    text = f"{lever}: {', '.join(f'{key}={value}' for key, value in given.items())}" if given else lever
    return CallError(
        "unreadable-move",
        Text(f"看不懂这个移动：“{text}”。", f"This move cannot be read: '{text}'."),
        Text("by、percent、to 中请恰好给出一个。", "Give exactly one of by, percent and to."),
        {"move": text},
    )


def unreadable_move(text: str) -> CallError:
    """Return the refusal of what cannot be read as a move."""
    return CallError(
        "unreadable-move",
        Text(f"看不懂这个移动：“{text}”。", f"This move cannot be read: '{text}'."),
        Text(
            "请写成 NAME=-10%、NAME=+2 或 NAME==6（水平），需要时加 @1 或 @1..3（起止期）。",
            "Write NAME=-10%, NAME=+2 or NAME==6 (a level), with @1 or @1..3 for first and last period where needed.",
        ),
        {"move": text},
    )
