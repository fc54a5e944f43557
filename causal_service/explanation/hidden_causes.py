"""How strong a hidden common cause would have to be, in one sentence."""

from __future__ import annotations

from causal_service.errors import Text
from causal_service.explanation.phrases import Names, name_of, spaced
from causal_service.explanation.quantities import format_number, format_share
from causal_service.levers.results import Lever

__all__ = ["hidden_cause_sentence"]

_NOTHING = Text("", "")
_FAINT = 0.1
"""Below this many times as strong as an observed cause no factor is said."""
_BEYOND = 20.0
"""Above this many times as strong the observed cause is too weak to compare with."""


def hidden_cause_sentence(lever: Lever, indicators: Names) -> Text:
    """Say what a hidden common cause must explain to bring the effect to zero, and how that compares with a known one.

    Empty where there is no effect to bring to zero.
    """
    if lever.value == 0 or lever.robustness_interval is None:
        return _NOTHING
    share, compared = format_share(lever.robustness), _compared(lever, indicators)
    touching = _touching(lever.robustness_interval)
    return spaced(
        f"要把这一效应抵消为零，一个未观测的共同原因须同时解释杠杆和目标各{share}的剩余波动{compared.zh}{touching.zh}。",
        f"To bring this to zero, a hidden common cause would have to explain {share} of what is left of both "
        f"lever and outcome{compared.en}{touching.en}.",
    )


def _compared(lever: Lever, indicators: Names) -> Text:
    if lever.benchmark is None:
        return _NOTHING
    name, times = name_of(lever.benchmark.indicator, indicators), lever.benchmark.times
    if times is None or times > _BEYOND:
        return _NOTHING
    if times < _FAINT:
        return Text(f"，强度不到{name.zh}的十分之一", f", less than a tenth as strong as {name.en}")
    factor = format_number(times, 2)
    if factor == "1":
        return Text(f"，强度与{name.zh}相当", f", about as strong as {name.en}")
    return Text(f"，强度相当于{name.zh}的{factor}倍", f", {factor} times as strong as {name.en}")


def _touching(share: float) -> Text:
    if share <= 0:
        return Text("；95%区间本来就包含零", "; the 95% interval includes zero as it is")
    words = format_share(share)
    return Text(f"；解释{words}就足以使95%区间触及零", f"; {words} would do for the 95% interval to touch zero")
