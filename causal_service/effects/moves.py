"""Moves of levers as people write them, and what they are in the lever's unit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from causal_service.effects.move_refusals import (
    no_move,
    not_a_move,
    not_one_amount,
    refused_move,
    too_large,
    unreadable_move,
)
from causal_service.effects.standing import Standing
from causal_service.effects.system import System
from causal_service.panel.columns import LARGEST

__all__ = ["Amount", "Move", "SettledMove", "moves_of", "read_amount", "read_move", "settled_moves", "supported"]

Amount = float | str | Mapping[str, Any]
"""A number (change in the lever's unit), a text as on the command line (``-10%``, ``+2``, ``=6``, each with
``@1`` or ``@1..3``), or a mapping of the fields of ``Move``."""

_NUMBER = r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WRITTEN = re.compile(
    rf"(?P<to>=)?\s*(?P<number>{_NUMBER})\s*(?P<percent>[%％])?\s*(?:@\s*(?P<start>\d+)(?:\.\.(?P<last>\d+))?)?"
)
_SIGNS = str.maketrans({"−": "-", "–": "-", "－": "-", "＋": "+", "＝": "=", "，": ",", "＠": "@"})


@dataclass(frozen=True, slots=True)
class Move:
    """One lever moved: exactly one of ``by``, ``percent`` and ``to`` says how far."""

    lever: str
    """Key or display name."""
    by: float | None = None
    """Change against its own path, in its unit."""
    percent: float | None = None
    """The same in percent of its latest level."""
    to: float | None = None
    """New level, in its unit; the change is the distance from its latest level."""
    start: int = 0
    """First period in which it is moved; 0 = at once."""
    last: int | None = None
    """Last period in which it is moved, after which it is back on its own path; ``None`` = kept."""


@dataclass(frozen=True, slots=True)
class SettledMove:
    """One move in the lever's unit."""

    lever: str
    """Indicator key."""
    change: float
    """Change against its own path in every period from ``start`` to ``last``, its unit."""
    level: float
    """Level before the move: its latest, its unit."""
    level_after: float
    """Level with the move."""
    asked: Literal["by", "percent", "to"]
    """How far, as asked: an amount, a percentage of the latest level, or a level."""
    start: int
    """First period in which it is moved."""
    last: int | None
    """Last period in which it is moved; ``None`` = kept."""
    within_data: bool
    """Whether the move is no larger, and the level no further out, than what was measured."""

    def path(self, horizon: int) -> tuple[float, ...]:
        """Return its change in periods 0..horizon."""
        last = horizon if self.last is None else self.last
        return tuple(self.change if self.start <= t <= last else 0.0 for t in range(horizon + 1))


def moves_of(moves: Mapping[str, Amount] | Iterable[Move]) -> tuple[Move, ...]:
    """Return moves given as ``{lever: amount}`` or as objects.

    Raises
    ------
    CallError : ``no-move`` or ``unreadable-move``.
    """
    if isinstance(moves, Mapping):
        found = tuple(read_amount(str(lever), amount) for lever, amount in moves.items())
    else:
        found = (moves,) if isinstance(moves, (str, Move)) else tuple(moves)
    for move in found:
        if not isinstance(move, Move):
            raise not_a_move(move)
    if not found:
        raise no_move()
    return found


def read_move(text: str, *, to: bool = False) -> Move:
    """Return a move written ``NAME=-10%``, ``NAME=+2``, ``NAME==6``, with ``@1`` or ``@1..3`` for the periods.

    ``to``: a plain number is a level, not a change.

    Raises
    ------
    CallError : ``unreadable-move``.
    """
    name, sign, amount = text.translate(_SIGNS).partition("=")
    if not sign or not name.strip():
        raise unreadable_move(text)
    return read_amount(name.strip(), f"={amount}" if to and not amount.lstrip().startswith("=") else amount)


def read_amount(lever: str, amount: Amount) -> Move:
    """Return one move.

    Raises
    ------
    CallError : ``unreadable-move``.
    """
    if isinstance(amount, Mapping):
        if not amount or not set(amount) <= {entry.name for entry in fields(Move)} - {"lever"}:
            raise unreadable_move(f"{lever}={dict(amount)}")
        return Move(lever, **amount)
    if not isinstance(amount, str):
        return Move(lever, by=_number(lever, amount))
    found = _WRITTEN.fullmatch(amount.translate(_SIGNS).strip())
    if found is None or (found["to"] and found["percent"]):
        raise unreadable_move(f"{lever}={amount}")
    number = float(found["number"].replace(",", ""))
    start, last = int(found["start"] or 0), None if found["last"] is None else int(found["last"])
    if found["to"]:
        return Move(lever, to=number, start=start, last=last)
    if found["percent"]:
        return Move(lever, percent=number, start=start, last=last)
    return Move(lever, by=number, start=start, last=last)


def settled_moves(moves: Sequence[Move], system: System, horizon: int) -> tuple[SettledMove, ...]:
    """Return the moves in the levers' units, sorted by lever; ``lever`` must be a key of the system.

    Raises
    ------
    CallError : ``unreadable-move``, ``wrong-periods``, ``moved-twice``, ``move-after-horizon``,
        ``percent-of-nothing``, ``number-too-large``, ``move-against-bounds`` or ``total-and-part``.
    """
    standing = {entry.indicator: entry for entry in system.indicators}
    settled = tuple(sorted((_settled(move, standing[move.lever], horizon) for move in moves), key=lambda m: m.lever))
    names = [move.lever for move in settled]
    for name in names:
        if names.count(name) > 1:
            raise refused_move("moved-twice", name)
    for total in system.totals:
        parts = sorted(set(total.parts) & set(names))
        if total.name in names and parts:
            joined = {"parts": ", ".join(total.parts), "parts_zh": "、".join(total.parts)}
            raise refused_move("total-and-part", total.name, part=parts[0], **joined)
    return settled


def supported(change: float, at: Standing) -> bool:
    """Say whether a change is no larger, and the level it leads to no further out, than what was measured."""
    return change == 0 or (at.lowest <= at.latest + change <= at.highest and abs(change) <= at.swing)


def _settled(move: Move, at: Standing, horizon: int) -> SettledMove:
    asked, change = _change(move, at)
    if not abs(change) <= LARGEST:
        raise too_large(f"{move.lever}={change:.4g}")
    if not _whole(move.start) or not (move.last is None or (_whole(move.last) and move.last >= move.start)):
        raise refused_move("wrong-periods", move.lever, start=move.start, last=move.last)
    if move.start > horizon:
        raise refused_move("move-after-horizon", move.lever, start=move.start, horizon=horizon)
    _refuse_against_bounds(move.lever, at, change)
    after = at.latest + change
    return SettledMove(move.lever, change, at.latest, after, asked, move.start, move.last, supported(change, at))


def _change(move: Move, at: Standing) -> tuple[Literal["by", "percent", "to"], float]:
    amounts = {"by": move.by, "percent": move.percent, "to": move.to}
    given = {key: value for key, value in amounts.items() if value is not None}
    if len(given) != 1:
        raise not_one_amount(move.lever, given)
    if move.by is not None:
        return "by", _number(move.lever, move.by)
    if move.to is not None:
        return "to", _number(move.lever, move.to) - at.latest
    if at.latest == 0:
        raise refused_move("percent-of-nothing", move.lever)
    return "percent", abs(at.latest) * _number(move.lever, move.percent) / 100


def _refuse_against_bounds(lever: str, at: Standing, change: float) -> None:
    """A move must not lead beyond a bound; one back towards it from beyond is allowed."""
    after = at.latest + change
    slack = 1e-9 * max(abs(at.latest), abs(after))
    bound = at.bound_low if change < 0 else at.bound_high
    if bound is None or change == 0 or (after >= bound - slack if change < 0 else after <= bound + slack):
        return
    raise refused_move("move-against-bounds", lever, level=at.latest, after=after, bound=bound, room=bound - at.latest)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(lever: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise unreadable_move(f"{lever}={value}")
    if abs(value) > LARGEST:
        raise too_large(f"{lever}={value:.4g}")
    return float(value)
