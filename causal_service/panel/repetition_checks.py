"""Do indicators repeat each other: copies, all but copies, and arithmetic identities."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from causal_service.errors import Text
from causal_service.panel.copies import Copy, find_copies, pairwise_correlation
from causal_service.panel.dictionary import Dictionary
from causal_service.panel.findings import Finding, Severity
from causal_service.panel.identities import Identity, identities
from causal_service.panel.identity_plan import resolve_identities
from causal_service.panel.labels import listed, number
from causal_service.panel.panel import Panel
from causal_service.panel.statements import Params, about_indicators, passed

__all__ = ["FEW", "NEARLY", "collinear_pairs", "copies_found", "identities_found"]

NEARLY = 0.95
"""Correlation from which two indicators are nearly the same quantity."""
SAMPLE = 20_000
"""Rows on which pairs are compared."""
FEW = 100
"""Rows less the part that two of them share, below which the data hardly tell them apart; a panel of thousands does."""


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


def collinear_pairs(
    panel: Panel, dictionary: Dictionary, left_out: Collection[str], left: NDArray[np.float64]
) -> list[Finding]:
    """Name pairs that move almost as one: hardly any rows tell their effects apart.

    Parameters
    ----------
    left_out : indicators of which nothing is said: outcomes, and those that other checks remove.
    left : the ``within_residual`` of the panel.
    """
    kept = [i for i, name in enumerate(panel.indicators) if name not in left_out]
    rows = np.diff(left, axis=1)[0] if panel.regime == "series" else left[panel.present]  # trends are alike in all
    step = max(1, len(rows) // SAMPLE)
    rows = rows[::step, kept]
    size, seen = np.abs(pairwise_correlation(rows)), np.isfinite(rows).astype(float)
    behind = 1.0 if panel.behind is None else panel.behind.rows / max(int(panel.present.sum()), 1)
    alone = seen.T @ seen * step * behind * (1 - size**2)  # rows in which one moves without the other, as it were
    pairs = [
        (kept[a], kept[b], float(size[a, b])) for a, b in np.argwhere(np.triu((size >= NEARLY) & (alone < FEW), 1))
    ]
    if not pairs:
        return [
            passed(
                "collinear",
                Text(
                    "没有两个指标同步到数据分不清。",
                    "No two indicators move so much as one that the rows cannot tell them apart.",
                ),
            )
        ]
    pairs.sort(key=lambda pair: (-pair[2], pair[:2]))
    names = [(dictionary.name(panel.indicators[a]), dictionary.name(panel.indicators[b]), r) for a, b, r in pairs]
    zh = listed((f"“{a.zh}”与“{b.zh}”（相关 {r:.2f}）" for a, b, r in names), 3)
    en = listed((f"'{a.en}' and '{b.en}' (correlation {r:.2f})" for a, b, r in names), 3)
    concerned = sorted({panel.indicators[i] for a, b, _ in pairs for i in (a, b)})
    message = Text(
        f"几乎同步变动的指标：{zh}。数据很难分清是哪一个起作用：两者的区间都会很宽，先后名次没有多大意义。",
        f"Indicators that move almost as one: {en}. The data hardly tell which of them acts: both have wide intervals, "
        "and which is ranked first means little.",
    )
    remedy = Text(
        "若两者衡量的是同一件事，请只保留一个或合并；否则请在部分实体中只移动其中一个。",
        "Where both measure one thing, keep one of them or combine the two; else move one without the other in some "
        "entities.",
    )
    params: Params = {
        "first": tuple(panel.indicators[a] for a, _, _ in pairs),
        "second": tuple(panel.indicators[b] for _, b, _ in pairs),
        "correlations": tuple(r for _, _, r in pairs),
    }
    return [
        about_indicators("collinear", "review", concerned, dictionary, message=message, remedy=remedy, params=params)
    ]


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
