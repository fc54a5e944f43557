"""``whatif``: questions to a stored study."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from causal_service.cli.streams import emit
from causal_service.errors import Text

if TYPE_CHECKING:
    from causal_service.explanation.what_if import WhatIf

__all__ = ["whatif"]

_RARE = 0.5
"""Indicators that stay untouched in more than this share of draws are left out of the printed table."""
_HEADER = Text("指标（变化，每期）", "Change, per period")
_INTERVAL = Text("末期95%区间", "95% at the end")
_MORE = Text("另有{count}个指标只在少数重抽样中变化，见 --json。",
             "{count} more indicators move in few resamples only; --json lists them.")  # fmt: skip


def whatif(options: Namespace, lang: str) -> int:
    """Print what follows when levers are moved."""
    from causal_service.cli.verbs import stored_study
    from causal_service.effects.moves import read_move
    from causal_service.study_record import json_text

    moves = [*(read_move(text) for text in options.move), *(read_move(text, to=True) for text in options.set)]
    found = stored_study(options).whatif(moves, options.horizon)
    emit(json_text(found.to_dict()) if options.json else _text(found, lang))
    return 0


def _text(found: WhatIf, lang: str) -> str:
    from causal_service.cli.texts import paragraph
    from causal_service.explanation.quantities import decimals_of_interval, format_fixed, format_interval, unit_words
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
        parts.append(paragraph(_MORE.get(lang).format(count=len(found.responses) - len(shown))))
    parts += ["\n".join(paragraph(note.text.get(lang), 2, "- ") for note in found.notes)] if found.notes else []
    return "\n\n".join(parts) + "\n"
