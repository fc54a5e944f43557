"""What to do about identities: which indicators leave the study and which are computed from others afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from causal_service.errors import Text
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding
from causal_service.panel.identities import Identity
from causal_service.panel.labels import fold
from causal_service.panel.statements import about_indicators

__all__ = ["IdentityPlan", "formula_names", "resolve_identities"]


@dataclass(frozen=True, slots=True)
class IdentityPlan:
    """Who leaves, and how the leavers' effects are had."""

    dropped: tuple[str, ...]
    """Keys that are not learned from: members of an identity with an outcome, and computed totals; sorted."""
    derived: tuple[Identity, ...]
    """Identities solved for the dropped totals, parts before what is computed from them."""
    findings: tuple[Finding, ...]
    """``identity-with-outcome``, ``identity-resolved`` and ``identity-choice`` (asks which side to keep)."""


def formula_names(formula: str, dictionary: Dictionary, indicators: Sequence[str]) -> set[str]:
    """Return the indicators a formula mentions, by key or by display name."""
    words = {fold(word) for word in re.findall(r"[^\W\d]\w*", formula)}
    text = fold(formula)
    found = set()
    for key in indicators:
        name = dictionary.name(key)
        if fold(key) in words or any(len(label) > 1 and fold(label) in text for label in {name.zh, name.en} - {key}):
            found.add(key)
    return found


def resolve_identities(
    identities: Sequence[Identity], dictionary: Dictionary, outcomes: Sequence[str], levers: Sequence[str]
) -> IdentityPlan:
    """Decide every identity: an outcome's partners leave; otherwise the computed side leaves and is derived.

    Parameters
    ----------
    identities : what ``identities(panel, outcomes)`` found.
    dictionary : a declared ``formula`` decides which member is computed; ``context`` members of an outcome's identity
        stay as background.
    outcomes : outcome keys; never dropped.
    levers : keys somebody can move; without a formula a member that is no lever is computed before one that is.
    """
    findings: list[Finding] = []
    dropped: set[str] = set()
    derived: dict[str, Identity] = {}
    for identity in identities:
        if set(identity.members) & set(outcomes):
            partners = _partners(identity, dictionary, outcomes)
            dropped |= set(partners)
            findings += _outcome_finding(identity, partners, dictionary, outcomes)
    for identity in identities:
        if set(identity.members) & (dropped | set(outcomes)):
            continue
        solved, declared = _solved(identity, dictionary, levers, derived)
        derived[solved.target] = solved
        findings.append(_choice_finding(solved, dictionary, declared))
    return IdentityPlan(tuple(sorted(dropped | set(derived))), tuple(_parts_first(derived)), tuple(findings))


def _partners(identity: Identity, dictionary: Dictionary, outcomes: Sequence[str]) -> list[str]:
    """Return the members that leave: all but the outcome and context; at least one, unless all are outcomes.

    A member that its formula computes from the outcome leaves alone: what else it is computed from may move the outcome
    like anything else (return on spend = revenue / spend says nothing about what spend does to revenue).
    """
    others = [name for name in identity.members if name not in outcomes]
    computed = [name for name in others if _declares(name, identity, dictionary)]
    if computed and not any(_declares(name, identity, dictionary) for name in identity.members if name in outcomes):
        return computed
    moved = [name for name in others if not _is_context(name, dictionary)]
    return moved or others


def _is_context(name: str, dictionary: Dictionary) -> bool:
    entry = dictionary.indicators.get(name)
    return entry is not None and entry.layer is not None and entry.layer == dictionary.layers[0] == "context"


def _outcome_finding(
    identity: Identity, partners: list[str], dictionary: Dictionary, outcomes: Sequence[str]
) -> list[Finding]:
    if not partners:
        return []
    outcome = next(name for name in identity.members if name in outcomes)
    name = dictionary.name(outcome)
    message = Text(
        f"{{names}} 与目标指标“{name.zh}”之间是算术恒等式（{identity.equation()}），不能作为增长杠杆。",
        f"{{names}}: arithmetic ties them to the outcome {name.en!r} ({identity.equation()}); they cannot be levers.",
    )
    remedy = Text("请改看影响这些分项的前端指标。", "Look at what moves these components instead.")
    params = _params(identity) | {"outcome": outcome}
    return [
        about_indicators(
            "identity-with-outcome", "fail", partners, dictionary, message=message, remedy=remedy, params=params
        )
    ]


def _params(identity: Identity) -> dict[str, float | str | tuple[str, ...] | tuple[float, ...]]:
    return {
        "kind": identity.kind,
        "target": identity.target,
        "parts": identity.parts,
        "coefficients": identity.coefficients,
        "constant": identity.constant,
        "factor": identity.factor,
    }


def _solved(
    identity: Identity, dictionary: Dictionary, levers: Sequence[str], derived: dict[str, Identity]
) -> tuple[Identity, bool]:
    """Return the identity solved for the member to be computed, and whether a formula decided."""
    declared = [name for name in identity.members if _declares(name, identity, dictionary)]
    passive = [name for name in identity.members if levers and name not in levers and name not in declared]
    first = [identity.target] if not passive or identity.target in passive else passive
    order = [*declared, *first, identity.target, *reversed(identity.members)]
    for name in dict.fromkeys(order):
        solved = identity.solved_for(name)
        if solved is not None and name not in derived and not _circular(solved, derived):
            return solved, name in declared
    return identity, False


def _declares(name: str, identity: Identity, dictionary: Dictionary) -> bool:
    entry = dictionary.indicators.get(name)
    if entry is None or not entry.formula:
        return False
    others = [member for member in identity.members if member != name]
    return set(others) <= formula_names(entry.formula, dictionary, others)


def _circular(identity: Identity, derived: dict[str, Identity]) -> bool:
    """Return whether computing the target would, through other computed members, need the target itself."""
    open_ = list(identity.parts)
    while open_:
        name = open_.pop()
        if name == identity.target:
            return True
        if name in derived:
            open_ += derived[name].parts
    return False


def _choice_finding(identity: Identity, dictionary: Dictionary, declared: bool) -> Finding:
    target = dictionary.name(identity.target)
    if declared:
        message = Text(
            f"按字典公式，“{target.zh}”由其他指标计算得出（{identity.equation()}），其效应由恒等式推出。",
            f"By its formula {target.en!r} is computed ({identity.equation()}); its effect follows from the identity.",
        )
        return about_indicators(
            "identity-resolved",
            "pass",
            identity.members,
            dictionary,
            message=message,
            params=_params(identity),
        )
    message = Text(
        f"数据中存在恒等式 {identity.equation()}；暂保留各分项，“{target.zh}”的效应由恒等式推出。",
        f"The data hold the identity {identity.equation()}; the parts are kept and the effect of {target.en!r} "
        "follows from the identity.",
    )
    remedy = Text(
        "请在字典中为计算得出的指标写明 formula，以确定保留哪一侧。",
        "Declare `formula` for the computed indicator in the dictionary to decide which side is kept.",
    )
    return about_indicators(
        "identity-choice",
        "review",
        identity.members,
        dictionary,
        message=message,
        remedy=remedy,
        params=_params(identity),
    )


def _parts_first(derived: dict[str, Identity]) -> list[Identity]:
    """Return the identities in an order in which every computed part precedes what is computed from it."""
    done: list[Identity] = []
    waiting = dict(sorted(derived.items()))
    while waiting:
        ready = [name for name, one in waiting.items() if not set(one.parts) & (set(waiting) - {name})]
        done += [waiting.pop(name) for name in ready or list(waiting)[:1]]
    return done
