"""What kind of world and panel the project's own simulator makes, by name."""

from __future__ import annotations

from dataclasses import dataclass

Months = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Settings:
    """What kind of world and panel."""

    entities: int = 60
    months: int = 36
    """Periods; 1 with ``frequency`` none makes a survey."""
    frequency: str = "month"
    """``month`` | ``quarter`` | ``none``: what a period is called."""
    layers: tuple[int, ...] = (3, 5, 4, 3)
    """Indicators per layer; the last one is the outcome."""
    clusters: int = 0
    """Groups of a survey's rows; 0 = rows that belong to nobody."""
    causes: float = 1.4
    """Mean number of same-month causes."""
    coefficient: tuple[float, float] = (0.15, 0.5)
    """Range of the size of a same-month coefficient."""
    lags: int = 1
    """Months that reach into the present."""
    later_causes: float = 0.6
    """Mean number of other indicators that act after each of these lags."""
    levels: float = 1.0
    """SD of the entity levels relative to the within-SD."""
    confounded: bool = True
    """Levels come from two hidden entity factors; otherwise each indicator has its own."""
    common: float = 0.6
    """Size of season, drift and shared shocks."""
    driver: float = 0.0
    """Loading of the hidden driver on the outcome and four levers."""
    mixed: bool = False
    """One binary and one count indicator in the process layer."""
    levers: str = ""
    """Kind of three indicators with a path to the outcome: ``binary`` | ``count`` | ``rate`` | ``heavy``
    (log-normal noise) | ``saturating`` (their arrows bend); empty = continuous and linear."""
    curved: float = 0.0
    """Share of same-month arrows that bend."""
    heavy_tails: bool = False
    """Student t with 5 degrees of freedom instead of Gaussian noise."""
    wanderers: int = 0
    """Levers that are random walks (autoregression 1)."""
    trends: float = 0.0
    """SD per year of trends that every entity has of its own, from two hidden factors."""
    turn: float = 1.0
    """Factor of the outcome's strongest same-month coefficient from the middle of the panel on."""
    slopes: float = 0.0
    """Relative SD over entities of every same-month coefficient."""
    no_effect: bool = False
    """The outcome has no cause but its own past."""
    leak: bool = False
    """A consequence of the outcome is appended."""
    missing: float = 0.04
    """Share of cells that are empty."""
    missing_rows: float = 0.02
    """Share of rows that are absent."""
    late: float = 0.15
    """Share of entities that start up to a third of the months late."""
    spell: Months | None = None
    """Shortest and longest stay of an entity, in periods; ``None`` = all stay."""


_COMPLETE = {"missing_rows": 0.0, "late": 0.0}
_SURVEY = {"months": 1, "frequency": "none", "layers": (4, 6, 6, 4), "lags": 0, "common": 0.0, **_COMPLETE}
_SERIES = {"entities": 1, "layers": (2, 3, 3, 2), **_COMPLETE}

SETTINGS = {
    "linear": Settings(),
    "linear_small": Settings(entities=30, months=14),
    "mixed": Settings(mixed=True),
    "mixed_small": Settings(entities=30, months=14, mixed=True),
    "curved": Settings(curved=0.4, heavy_tails=True),
    "driver": Settings(driver=0.6),
    **{f"{kind}_levers": Settings(levers=kind) for kind in ("binary", "count", "rate", "heavy", "saturating")},
    "series": Settings(months=120, **_SERIES),
    "series_240": Settings(months=240, **_SERIES),
    "cross_section": Settings(entities=5000, levels=0.0, **_SURVEY),
    "cross_section_clusters": Settings(entities=5000, clusters=100, levels=2.5, confounded=False, **_SURVEY),
    **{f"few_{n}": Settings(entities=n, months=60, late=0.0) for n in (5, 8, 12)},
    "unbalanced": Settings(spell=(6, 36), late=0.0),
    "quarters": Settings(entities=80, months=8, frequency="quarter", spell=(6, 8), late=0.0),
    "lag2": Settings(lags=2),
    "unit_root": Settings(wanderers=4),
    "entity_trends": Settings(trends=0.5),
    "break_half": Settings(turn=0.5),
    "break_sign": Settings(turn=-1.0),
    "slopes": Settings(slopes=0.5),
    "leak": Settings(leak=True),
    "null_correlated": Settings(no_effect=True, causes=2.4, coefficient=(0.3, 0.6)),
    "null_confounded": Settings(no_effect=True, levels=2.5, common=1.5),
    "null_driver": Settings(no_effect=True, driver=0.5),
}
"""Settings by name."""
