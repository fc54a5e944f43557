"""Panels that nobody should send: honest files, bent by random changes. A number always gives the same panel."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

__all__ = ["Fuzzed", "fuzzed"]

Grid = list[list[str]]

CELLS = [
    "", " ", "NaN", "nan", "NA", "null", "None", "-", "--", "inf", "-inf", "Infinity", "1e400", "-1e308", "1e308",
    "1e-320", "0", "-0", "00", "1,234", "1,23", "12.5%", "％", "¥1,234", "￥", "（3）", "(3)", "１２", "٣", "²", "½",
    "1_000", "0x10", "1e5", "1e", "e1", ".", ",", ";", "|", "\t", '"', "'", "=1+1", "@SUM(A1)", "+1", "-1", "True",
    "false", "是", "否", "高", "低", "2024Q5", "2024Q1", "2024-13", "2024-02-30", "2024-01-01T25:00", "0000-01",
    "9999-12", "99999-01", "2024年3月", "2024年13月", "第三季度", "202403", "20240399", "1", "9" * 19, "9" * 400,
    "1." + "3" * 400, "\u200b", "\u202e", "\ufeff",
    "😀", "é", "e\u0301", "<b>", "{{7*7}}", "../../x", "a" * 300, "合计", "Total", "plant", "month", "\r", "a\nb",
]  # fmt: skip
HEADERS = [*CELLS, "satisfaction", "cycle", "entity", "period", "2022-01", "2022-02", "index", "Unnamed: 0", "y_lag1"]
OPTIONS = ["plant", "month", "cycle", "satisfaction", "x", "", "工厂", "2022-01"]
DICTIONARY = """\
panel: {entity: plant, period: month}
layers: [process, business]
indicators:
  cycle: {name: {zh: 交付周期, en: Delivery cycle}, layer: process, unit: days, better: lower, controllable: true}
  training: {layer: process, unit: hours, step: {change: 1, cost: 2}, bounds: [0, 40]}
  satisfaction: {layer: business, unit: points, better: higher, formula: "100 - cycle"}
knowledge: {required: [[cycle, satisfaction]], forbidden: [[satisfaction, cycle]]}
goals: [{indicator: satisfaction, target: 85, by: 2026Q4}]
"""
YAML = [
    "{", "}", "[", "]", ":", "- ", "&a", "*a", "!!python/object:os.system", "null", "1e400", ".nan", ".inf", "~", "\t",
    "|", ">", "#", "'", '"', "zz: ", "layer: nowhere", "2024-01-01", "2024-02-30", "cycle", "\n", "<<: *a", "? [a]",
]  # fmt: skip


@dataclass(frozen=True)
class Fuzzed:
    """One panel to send."""

    content: bytes
    dictionary: bytes | None
    options: dict[str, str]
    steps: tuple[str, ...] = field(default=())


def fuzzed(number: int) -> Fuzzed:
    """Return panel ``number``."""
    draw = random.Random(number)
    grid = draw.choice(SHAPES)(draw)
    steps = []
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        change = draw.choice(CHANGES)
        steps.append(change.__name__)
        grid = change(grid, draw) or grid
    content = draw.choices(WRITERS, weights=[30, 8, 4, 4, 8, 8, 1])[0](grid, draw)
    for _ in range(draw.choice((0, 0, 0, 0, 0, 0, 0, 1, 2))):
        damage = draw.choice(DAMAGES)
        steps.append(damage.__name__)
        content = damage(content, draw)
    if draw.random() < 0.1:
        content = gzip.compress(content, 1)
    options = {
        name: draw.choice(OPTIONS) if draw.random() < 0.04 else usual
        for name, usual in (("entity", "plant"), ("period", "month"), ("weight", ""))
        if draw.random() < 0.95
    }
    return Fuzzed(content, _dictionary(draw), {k: v for k, v in options.items() if v}, tuple(steps))


def _dictionary(draw: random.Random) -> bytes | None:
    if draw.random() < 0.8:
        return None
    text = DICTIONARY
    for _ in range(draw.choice((0, 1, 2, 4))):
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice(YAML) + text[at + draw.choice((0, 0, 1, 5)) :]
    content = text.encode("utf-8", "replace")
    return draw.choice(DAMAGES)(content, draw) if draw.random() < 0.1 else content


def _long(draw: random.Random, plants: int = 8, months: int = 10) -> Grid:
    rng = np.random.default_rng(draw.randrange(2**32))
    cycle, training, noise = rng.normal(size=(3, plants, months))
    rows = [["plant", "month", "cycle", "training", "satisfaction"]]
    for i in range(plants):
        for t in range(months):
            values = 12 + cycle[i, t], 6 + training[i, t], 80 - 2 * cycle[i, t] + noise[i, t]
            rows.append([f"P{i}", f"2022-{t + 1:02d}", *(f"{value:.2f}" for value in values)])
    return rows


def _wide(draw: random.Random) -> Grid:
    rows = _long(draw, 4, 6)
    return [["plant", "indicator", *(f"2022-{t + 1:02d}" for t in range(6))]] + [
        [f"P{i}", name, *(rows[1 + 6 * i + t][2 + k] for t in range(6))]
        for i in range(4) for k, name in enumerate(("cycle", "training", "satisfaction"))
    ]  # fmt: skip


def _series(draw: random.Random) -> Grid:
    return [row[1:] for row in _long(draw, 1, 12)]


def _section(draw: random.Random) -> Grid:
    return [row[2:] for row in _long(draw, 40, 1)]


def _tiny(draw: random.Random) -> Grid:
    return _long(draw, draw.choice((1, 2, 3)), draw.choice((1, 2, 3)))


def _empty(draw: random.Random) -> Grid:
    return draw.choice(([[]], [[""]], [["plant", "month"]], [["a"], ["1"]], [["plant", "month", "y"]]))


SHAPES: list[Callable[[random.Random], Grid]] = [_long, _long, _long, _wide, _series, _section, _tiny, _empty]


def _place(grid: Grid, draw: random.Random) -> tuple[list[str], int]:
    row = draw.choice([row for row in grid if row] or [[""]])
    return row, draw.randrange(len(row))


def cells(grid: Grid, draw: random.Random) -> None:
    for _ in range(draw.choice((1, 3, 30))):
        row, at = _place(grid, draw)
        row[at] = draw.choice(CELLS)


def headers(grid: Grid, draw: random.Random) -> None:
    if grid and grid[0]:
        grid[0][draw.randrange(len(grid[0]))] = draw.choice(HEADERS)


def column(grid: Grid, draw: random.Random) -> None:
    """Fill a column with one value, or with few."""
    if not grid or not grid[0]:
        return
    at, few = draw.randrange(len(grid[0])), draw.sample(CELLS, draw.choice((1, 2, 3)))
    for row in grid[1:]:
        if at < len(row):
            row[at] = draw.choice(few)


def copies(grid: Grid, draw: random.Random) -> None:
    """Repeat columns, scaled or not."""
    factor = draw.choice((1, 2, -1, 1e-9, 1e12))
    for number, row in enumerate(grid):
        last = row[-1] if row else ""
        try:
            row.append(f"{float(last) * factor:g}")
        except ValueError:
            row.append(f"{last}{number or ' copy'}")


def huge(grid: Grid, draw: random.Random) -> None:
    """Scale a column to the ends of floating point."""
    if not grid or not grid[0]:
        return
    at, factor = draw.randrange(len(grid[0])), draw.choice((1e300, 1e-300, 1e150, 1e-150, 1e16, 0.0))
    for row in grid[1:]:
        try:
            row[at] = repr(float(row[at]) * factor)
        except (ValueError, IndexError):
            continue


def rows(grid: Grid, draw: random.Random) -> Grid:
    """Drop, repeat, shuffle or cut rows."""
    head, body = grid[:1], grid[1:]
    kind = draw.randrange(5)
    if kind == 0:
        body = [row for row in body if draw.random() < 0.5]
    elif kind == 1:
        body = body + draw.choices(body, k=5) if body else body
    elif kind == 2:
        draw.shuffle(body)
    elif kind == 3:
        body = [row[: draw.randrange(len(row) + 1)] if draw.random() < 0.1 else row for row in body]
    else:
        body = [[*row, *draw.choices(CELLS, k=draw.choice((1, 2)))] if draw.random() < 0.05 else row for row in body]
    return head + [list(row) for row in body]


def lines_before(grid: Grid, draw: random.Random) -> Grid:
    """Put titles and empty rows above the header."""
    return [*([draw.choice(CELLS)] for _ in range(draw.choice((1, 2, 4)))), *grid]


def periods(grid: Grid, draw: random.Random) -> None:
    """Write the second column in another way."""
    form = draw.choice(
        ("{y}Q{q}", "{y}年{m}月", "{y}{m:02d}", "{m}/{y}", "{y}-{m:02d}-31", "{m}", "{y}", "W{m}", "{y}W{m:02d}")
    )
    for number, row in enumerate(grid[1:]):
        if len(row) > 1 and (form != "W{m}" or draw.random() < 0.9):
            row[1] = form.format(y=2020 + number % 3, m=1 + number % 12, q=1 + number % 4)


def field_of(grid: Grid, draw: random.Random) -> None:
    """Put one very long field somewhere."""
    row, at = _place(grid, draw)
    row[at] = draw.choice("a9 ,") * draw.choice((40_000, 131_073, 400_000))


def many_columns(grid: Grid, draw: random.Random) -> None:
    extra = draw.choice((20, 60, 600))
    for number, row in enumerate(grid):
        row.extend(f"c{k}" if number == 0 else str(draw.randrange(9)) for k in range(extra))


CHANGES: list[Callable[[Grid, random.Random], Grid | None]] = [
    *[cells] * 5, headers, *[column] * 2, *[copies] * 2, *[huge] * 2, *[rows] * 3, lines_before, *[periods] * 2,
    field_of, many_columns,
]  # fmt: skip


def _text(grid: Grid, draw: random.Random, separator: str = ",") -> str:
    out = io.StringIO()
    style = csv.QUOTE_ALL if draw.random() < 0.1 else csv.QUOTE_MINIMAL
    csv.writer(
        out, delimiter=separator, quoting=style, lineterminator=draw.choice(("\n", "\n", "\r\n", "\r"))
    ).writerows(grid)
    return out.getvalue()


def _csv(grid: Grid, draw: random.Random) -> bytes:
    return _text(grid, draw).encode("utf-8", "replace")


def _bom(grid: Grid, draw: random.Random) -> bytes:
    return _text(grid, draw, draw.choice(",;\t|")).encode("utf-8-sig", "replace")


def _gb(grid: Grid, draw: random.Random) -> bytes:
    return _text(grid, draw).encode("gb18030", "replace")


def _utf16(grid: Grid, draw: random.Random) -> bytes:
    return _text(grid, draw, draw.choice(",\t")).encode(draw.choice(("utf-16", "utf-16-le", "utf-16-be")), "replace")


def _frame(grid: Grid) -> pd.DataFrame:
    width = max((len(row) for row in grid), default=0)
    names = [*(grid[0] if grid else []), *(f"extra {k}" for k in range(width))][:width]
    body = pd.DataFrame([[*row, *[None] * (width - len(row))] for row in grid[1:]], columns=names, dtype=object)
    for at in range(width):
        numbers = pd.to_numeric(body.iloc[:, at], errors="coerce")
        if numbers.notna().mean() > 0.5:
            body.isetitem(at, numbers)
    return body


def _excel(grid: Grid, draw: random.Random) -> bytes:
    out = io.BytesIO()
    try:
        _frame([[cell[:30_000] for cell in row] for row in grid]).to_excel(out, index=draw.random() < 0.2)
    except Exception:  # letters that no workbook can hold
        return _csv(grid, draw)
    return out.getvalue()


def _parquet(grid: Grid, draw: random.Random) -> bytes:
    out = io.BytesIO()
    frame = _frame(grid)
    kind = draw.randrange(6)
    try:
        if kind == 0 and frame.shape[1]:
            frame.isetitem(frame.shape[1] - 1, pd.Series(pd.date_range("1700-01-01", periods=len(frame), freq="D")))
        elif kind == 1 and frame.shape[1]:
            frame.isetitem(frame.shape[1] - 1, pd.Series([[1, 2]] * len(frame)))
        elif kind == 2 and frame.shape[1]:
            frame.isetitem(frame.shape[1] - 1, pd.Series([{"a": 1}] * len(frame)))
        elif kind == 3 and frame.shape[1]:
            frame.isetitem(frame.shape[1] - 1, pd.Series([b"\xff\x00"] * len(frame)))
        elif kind == 4 and frame.shape[1]:
            frame.isetitem(0, frame.iloc[:, 0].astype("category"))
        frame.to_parquet(out, index=draw.random() < 0.2)
    except Exception:  # names that occur twice, columns of mixed types
        return _csv(grid, draw)
    return out.getvalue()


def _nothing(grid: Grid, draw: random.Random) -> bytes:
    return draw.choice(
        (b"", b"\n", b"\x00" * 100, b"PK\x03\x04", b"PAR1PAR1", b"\x1f\x8b", b"<html>", b"{}", b"\xff\xfe", b",")
    )


WRITERS: list[Callable[[Grid, random.Random], bytes]] = [_csv, _bom, _gb, _utf16, _excel, _parquet, _nothing]


def flip(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 4, 40))):
        if changed:
            changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def insert(content: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return (
        content[:at]
        + draw.choice((b"\x00", b"\xff", b'"', b"\r", b"\n\n", b"\x1a", b"\xef\xbb\xbf", b"," * 50))
        + content[at:]
    )


def twice(content: bytes, draw: random.Random) -> bytes:
    return content + content[draw.randrange(len(content) + 1) :]


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [flip, cut, insert, twice]
