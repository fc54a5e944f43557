"""Writing SVG: elements, escaping, numbers, and the fonts that carry Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

__all__ = ["FONT_FAMILY", "INK", "MUTED", "NEGATIVE", "POSITIVE", "element", "plain", "px", "text_lines"]

FONT_FAMILY = (
    "'Helvetica Neue', 'Segoe UI', 'Liberation Sans', Arial, 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', SimHei, sans-serif"
)
POSITIVE, NEGATIVE = "#1f6f9f", "#c4561b"
"""Blue and vermillion: told apart by readers with any colour vision (after Okabe & Ito), and by word in every title."""
INK, MUTED = "#1d2733", "#8a94a0"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def element(tag: str, attributes: Mapping[str, object], children: Iterable[str] = ()) -> str:
    """Return one element; ``children`` are finished markup, attribute values are escaped, ``None`` is left out."""
    written = "".join(f' {key}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    inner = "".join(children)
    return f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>"


def plain(text: str) -> str:
    """Return ``text`` as character data: escaped, without characters XML cannot hold."""
    return escape(_UNPRINTABLE.sub("", text))


def px(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{round(value, 6):.1f}".removesuffix(".0")  # first six: a stored number has twelve digits of the live one
    return "0" if text == "-0" else text


def text_lines(lines: list[str], x: float, y: float, size: float, attributes: Mapping[str, object]) -> str:
    """Return lines of font size ``size`` centred on (``x``, ``y``)."""
    height = 1.22 * size
    first = y - (len(lines) - 1) * height / 2 + 0.35 * size
    spans = [
        element("tspan", {"x": px(x), "y": px(first + row * height)}, [plain(line)]) for row, line in enumerate(lines)
    ]
    return element("text", {"text-anchor": "middle", "font-size": size, **attributes}, spans)


def _value(value: object) -> str:
    return px(value) if isinstance(value, float) else plain(str(value))
