"""Do indicators repeat each other: copies, and arithmetic identities."""

from __future__ import annotations

from collections.abc import Sequence

from causal_service.errors import Text
from causal_service.panel.copies import Copy, find_copies
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding, Severity
from causal_service.panel.identities import Identity, identities
from causal_service.panel.identity_plan import resolve_identities
from causal_service.panel.labels import number
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, passed

__all__ = ["copies_found", "identities_found"]


def copies_found(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> list[Finding]:
    """Report every copy; the copy is removed, never an outcome."""
    copies = find_copies(panel, outcomes)
    if not copies:
        text = Text("没有内容相同或仅换算单位的指标。", "No indicator repeats another, in the same or another unit.")
        return [passed("duplicate", text)]
    return [_copy_finding(copy, dictionary, outcomes) for copy in copies]


def _copy_finding(copy: Copy, dictionary: Dictionary, outcomes: Sequence[str]) -> Finding:
    original = dictionary.name(copy.original)
    of_outcome = copy.original in outcomes
    role = Text("目标指标" if of_outcome else "指标", "the outcome" if of_outcome else "indicator")
    how = {
        "duplicate": Text("完全相同", "equals"),
        "affine-copy": Text("只差单位换算", "is, in another unit,"),
        "monotone-copy": Text("一一对应（单调变换）", "is a one-to-one transform of"),
    }[copy.kind]
    message = Text(
        f"{{names}} 与{role.zh}“{original.zh}”{how.zh}，不参与研究。",
        f"{{names}} {how.en} {role.en} {original.en!r}; it is left out of the study.",
    )
    if copy.kind == "affine-copy" and copy.slope is not None and copy.constant is not None:
        rule = f"{copy.copy} = {number(copy.slope)} × {copy.original} + {number(copy.constant)}"
        message = Text(message.zh.replace("，不", f"（{rule}），不"), message.en.replace("; it", f" ({rule}); it"))
    params: Params = {"original": copy.original, "slope": copy.slope, "constant": copy.constant, "outcome": of_outcome}
    remedy = Text("请只保留其中一个。", "Keep only one of them.")
    return about_indicators(copy.kind, "fail", [copy.copy], dictionary, message=message, remedy=remedy, params=params)


def identities_found(panel: Panel, dictionary: Dictionary, outcomes: Sequence[str]) -> list[Finding]:
    """Report every exact identity, and what it means for levers."""
    found = identities(panel, outcomes)
    if not found:
        text = Text(
            "没有指标是其他指标的和、差、积或商。", "No indicator is a sum, difference, product or ratio of others."
        )
        return [passed("exact-identity", text)]
    levers = [key for key in panel.indicators if _controllable(key, dictionary)]
    plan = resolve_identities(found, dictionary, outcomes, levers)
    declared = [set(finding.indicators) for finding in plan.findings if finding.code == "identity-resolved"]
    return [
        *(_identity_finding(one, dictionary, declared=set(one.members) in declared) for one in found),
        *plan.findings,
    ]


def _controllable(key: str, dictionary: Dictionary) -> bool:
    entry = dictionary.indicators.get(key)
    return entry is not None and entry.controllable is True


def _identity_finding(identity: Identity, dictionary: Dictionary, *, declared: bool) -> Finding:
    """Report one identity; there is nothing to review when a formula in the dictionary declares it."""
    message = Text(
        f"数据中存在算术恒等式：{identity.equation()}。",
        f"The data hold an arithmetic identity: {identity.equation()}.",
    )
    remedy = Text("恒等式不是因果；见相关的处理说明。", "Arithmetic is not a cause; see how it is handled.")
    params: Params = {
        "kind": identity.kind,
        "target": identity.target,
        "parts": identity.parts,
        "coefficients": identity.coefficients,
        "constant": identity.constant,
        "factor": identity.factor,
    }
    severity: Severity = "pass" if declared else "review"
    return about_indicators(
        "exact-identity", severity, identity.members, dictionary, message=message, remedy=remedy, params=params
    )
