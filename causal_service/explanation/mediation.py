"""Direct or through other indicators, and when: the headline effect of every lever divided in two.

The direct part is what runs along the arrow from lever to outcome, at any lag, with the inertia of the outcome; the
mediated part is the rest. Both are parts of every draw, so they add up to the effect (path tracing as in ``chains``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from causal_service.effects.estimate import Z95
from causal_service.effects.identification import Identification
from causal_service.errors import Text
from causal_service.explanation.arrival import arrived_shares, half_by, share_of
from causal_service.explanation.chains import along, coefficient_draws, whole_path, worth_dividing
from causal_service.explanation.phrases import Names, horizon_words, name_of, spaced
from causal_service.explanation.quantities import format_share, format_signed_share
from causal_service.explanation.results import Chain, Mediation
from causal_service.explanation.wording import chain_sentence
from causal_service.inference import Inference
from causal_service.levers.results import Lever

__all__ = ["mediation_of", "mediation_sentence", "mediations", "without_shares"]

Array = NDArray[np.float64]


def mediations(
    learned: Inference, levers: Sequence[Lever], identification: Sequence[Identification]
) -> tuple[Mediation, ...]:
    """Return direct and mediated part of every lever's headline effect that is large enough to be divided.

    Shares are left out, and the sentence says why, where the direction is open, most graphs have no path or the
    interval of the whole holds zero.
    """
    known = {(row.lever, row.outcome): row for row in identification}
    coefficients = coefficient_draws(learned.discovery)
    prepared, draws = learned.prepared, learned.draws
    out = []
    for row in levers:
        if not worth_dividing(prepared, draws, row.lever, row.outcome, row.kind):
            continue
        x, y = draws.names.index(row.lever), draws.names.index(row.outcome)
        unit = float(prepared.unit_sd[y] / prepared.unit_sd[x])
        horizon = 0 if row.kind == "impact" else draws.horizon
        whole = unit * whole_path(coefficients, x, horizon)[:, :, y]
        whole[:, -1] = draws.of(row.lever, row.outcome, row.kind)
        found = mediation_of(row.lever, row.outcome, unit * along(coefficients, (x, y), horizon), whole)
        why = _why_not(row, known.get((row.lever, row.outcome)), draws.of(row.lever, row.outcome, row.kind))
        if why is None:
            said = mediation_sentence(found, learned.indicators, learned.panel.frequency)
            out.append(replace(found, sentence=said))
        else:
            out.append(replace(_undivided(found), sentence=_undivided_sentence(found, why, learned.indicators)))
    return tuple(out)


def _why_not(row: Lever, known: Identification | None, of: Array) -> Text | None:
    """Return why an effect is not divided into shares; ``None`` where it is."""
    if known is not None and known.unidentified is not None and known.unidentified.code == "open-direction":
        return Text("数据分不清方向，这个作用无法识别", "the data leave a direction open, so that it is not identified")
    missing = float((of == 0).mean())
    if missing > 0.5:
        share = format_share(missing)
        return Text(f"{share}的重抽样中没有通路", f"{share} of resamples have no path")
    if known is not None and known.strategy == "no-path":
        return Text("全样本的图中没有通路", "the graph of the full sample has no path")
    if row.low <= 0 <= row.high or abs(of.mean()) <= Z95 * of.std(ddof=1):
        return Text("其95%区间包含零", "its 95% interval holds zero")
    return None


def _undivided(row: Mediation) -> Mediation:
    return replace(
        row,
        direct_share=None,
        direct_share_low=None,
        direct_share_high=None,
        mediated_share=None,
        arrived=(),
        half_by=None,
    )


def _undivided_sentence(row: Mediation, why: Text, indicators: Names) -> Text:
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    return spaced(
        f"{lever.zh}对{outcome.zh}的作用不够明确（{why.zh}），因此不说各条路径占多少。",
        f"What {lever.en} does to {outcome.en} is not clear enough to be divided into shares: {why.en}.",
    )


def without_shares(chains: Sequence[Chain], rows: Sequence[Mediation], learned: Inference) -> tuple[Chain, ...]:
    """Return the chains, those of undivided effects without shares and times."""
    undivided = {(row.lever, row.outcome) for row in rows if row.direct_share is None}
    out = []
    for chain in chains:
        if (chain.lever, chain.outcome) in undivided:
            bare = replace(chain, share=None, share_low=None, share_high=None, arrived=(), half_by=None)
            out.append(replace(bare, sentence=chain_sentence(bare, learned.indicators)))
        else:
            out.append(chain)
    return tuple(out)


def mediation_of(lever: str, outcome: str, direct: Array, whole: Array) -> Mediation:
    """Return the division of an effect, without its sentence.

    Parameters
    ----------
    direct, whole : (B, h + 1) responses in periods 0..h, outcome unit per lever unit.
    """
    first, total = direct[:, -1], whole[:, -1]
    rest = total - first
    value, one, two = float(total.mean()), float(first.mean()), float(rest.mean())
    half_one, half_two = Z95 * float(first.std(ddof=1)), Z95 * float(rest.std(ddof=1))
    share, share_low, share_high = share_of(first, total)
    arrived = arrived_shares(whole)
    return Mediation(
        lever=lever,
        outcome=outcome,
        value=value,
        direct=one,
        direct_low=one - half_one,
        direct_high=one + half_one,
        direct_share=share,
        direct_share_low=share_low,
        direct_share_high=share_high,
        mediated=two,
        mediated_low=two - half_two,
        mediated_high=two + half_two,
        mediated_share=two / value,
        arrived=arrived,
        half_by=half_by(arrived),
        sentence=Text("", ""),
    )


def mediation_sentence(row: Mediation, indicators: Names, frequency: str) -> Text:
    """Say how much is direct, how much goes through other indicators, and when the effect arrives."""
    lever, outcome = name_of(row.lever, indicators), name_of(row.outcome, indicators)
    zh, en = f"{lever.zh}对{outcome.zh}的作用", f"Of what {lever.en} does to {outcome.en}, "
    if row.direct_share is None or row.mediated_share is None:
        return Text("", "")
    if row.direct == 0:
        divided = Text(
            f"{zh}全部经其他指标传导", f"All of what {lever.en} does to {outcome.en} goes through other indicators"
        )
    elif row.mediated_share == 0 or abs(row.mediated_share) < 1e-9:
        divided = Text(f"{zh}全部是直接的", f"All of what {lever.en} does to {outcome.en} is direct")
    else:
        direct, through = format_signed_share(row.direct_share), format_signed_share(row.mediated_share)
        low, high = format_signed_share(row.direct_share_low or 0.0), format_signed_share(row.direct_share_high or 0.0)
        divided = Text(
            f"{zh}中，直接部分占{direct}（95%区间{low}至{high}），经其他指标传导的占{through}",
            f"{en}{direct} is direct (95% interval {low} to {high}) and {through} goes through other indicators",
        )  # fmt: skip
    later = _arrival(row, frequency)
    return spaced(f"{divided.zh}。{later.zh}", f"{divided.en}.{later.en}")


def _arrival(row: Mediation, frequency: str) -> Text:
    """Return how much has arrived in the periods before the horizon, until nine tenths have."""
    if len(row.arrived) < 2 or not frequency:
        return Text("", "")
    told = []
    for t, share in enumerate(row.arrived[:-1]):
        told.append((horizon_words(t, frequency), format_signed_share(share)))
        if share >= 0.9:
            break
    zh = "，".join(f"{when.zh}到位{share}" for when, share in told)
    en = ", ".join(f"{share} {when.en}" for when, share in told)
    end = horizon_words(len(row.arrived) - 1, frequency)
    return Text(f"以{end.zh}为100%，{zh}。", f" With the effect {end.en} as 100%, {en} has arrived.")
