"""Up to which point levers work, as a report shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_service.effects.dose_results import DoseResponse, NoDoseResponse, Shape
from causal_service.errors import Text
from causal_service.explanation.dose_sentences import level_words
from causal_service.explanation.phrases import horizon_words, name_of
from causal_service.panel.summary import IndicatorSummary
from causal_service.panel.units import unit_words
from causal_service.report.document import DosePart, DosePicture

__all__ = ["dose_part"]

_SHAPES: dict[Shape, Text] = {
    "straight": Text("看不出弯曲", "no bend to be seen"),
    "diminishing": Text("效果递减", "diminishing"),
    "saturating": Text("趋于饱和", "saturating"),
    "accelerating": Text("效果递增", "accelerating"),
    "turning": Text("先升后降或先降后升", "turns round"),
    "irregular": Text("不规则", "uneven"),
}
_SATURATES, _TURNS = Text("{}后饱和", "saturated from {}"), Text("{}处转向", "turns at {}")


def dose_part(
    doses: Sequence[DoseResponse | NoDoseResponse],
    outcome: str,
    indicators: Mapping[str, IndicatorSummary],
    frequency: str,
    lang: str,
) -> DosePart | None:
    """Return the curves of one outcome in ``lang``, bent ones first; ``None`` when no lever was looked at."""
    own = [dose for dose in doses if dose.outcome == outcome]
    own.sort(key=lambda dose: isinstance(dose, DoseResponse) and dose.shape == "straight")
    if not own:
        return None
    pictures = tuple(_picture(dose, indicators, frequency, lang) for dose in own if isinstance(dose, DoseResponse))
    refusals = tuple(_refusal(dose, lang) for dose in own if isinstance(dose, NoDoseResponse))
    return DosePart(pictures, refusals)


def _refusal(dose: NoDoseResponse, lang: str) -> str:
    gap = "" if lang == "zh" else " "
    return gap.join((dose.reason.get(lang), dose.what_would_help.get(lang)))


def _picture(dose: DoseResponse, indicators: Mapping[str, IndicatorSummary], frequency: str, lang: str) -> DosePicture:
    mark, low, high, label = dose.saturation, dose.saturation_low, dose.saturation_high, _SATURATES
    if mark is None and dose.turning is not None:
        mark, low, high, label = dose.turning, dose.turning_low, dose.turning_high, _TURNS
    lever, outcome = (name_of(key, indicators).get(lang) for key in (dose.lever, dose.outcome))
    change = Text(f"{outcome}的改变", f"Change of {outcome}").get(lang)
    when = horizon_words(dose.horizon, frequency).get(lang)
    kept = "保持该水平，" if lang == "zh" else "level kept, "
    said = "" if not when else f"{kept if dose.kind == 'sustained' else ''}{when}"
    return DosePicture(
        name=lever,
        shape=_SHAPES[dose.shape].get(lang),
        when=said,
        lever_axis=_captioned(lever, _unit(dose.lever_unit, lang, level=True), "", lang),
        outcome_axis=_captioned(change, _unit(dose.unit, lang), said, lang),
        levels=dose.levels,
        values=dose.values,
        low=dose.low,
        high=dose.high,
        reference=dose.reference,
        reference_label=level_words(dose.reference, dose, lang),
        lowest=dose.lowest,
        highest=dose.highest,
        mark=mark,
        mark_label="" if mark is None else label.get(lang).format(level_words(mark, dose, lang)),
        mark_low=low,
        mark_high=high,
        sentence=dose.sentence.get(lang),
    )


def _unit(unit: str, lang: str, *, level: bool = False) -> str:
    """Return a unit for a caption: shares are per cent as levels, percentage points as changes."""
    words = unit_words(unit)
    if words.kind == "share":
        return unit.strip() if level and len(unit.strip()) == 1 else words.zh if lang == "zh" else words.many
    return words.zh.removeprefix("个") if lang == "zh" else words.many


def _captioned(what: str, unit: str, when: str, lang: str) -> str:
    """Return a caption with unit and time in brackets."""
    shown = [part for part in (unit, when) if part]
    if not shown:
        return what
    return f"{what}（{'；'.join(shown)}）" if lang == "zh" else f"{what} ({'; '.join(shown)})"
