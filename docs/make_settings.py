"""Write ``docs/settings.md`` from the settings class: ``python docs/make_settings.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from causal_service.service.settings import Settings

PAGE = Path(__file__).with_name("settings.md")
HEAD = """\
# Settings of the service
Written by `python docs/make_settings.py` from `causal_service/service/settings.py`; do not edit. Settings are read from
the environment or a `.env` file in the working folder; options of the command line come before them. Lists are JSON, as
in `CAUSAL_HOSTS='["causal.example.com"]'`.

| variable | default | meaning |
|---|---|---|
"""
_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def page() -> str:
    """Return the content of ``docs/settings.md``."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        f"| `{prefix}{name.upper()}` | {_default(field.default)} | {_meaning(field)}{_limits(field)} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "".join(rows)


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").replace("``", "`").split())


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        raise ValueError("a setting without a default cannot be documented")
    text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if text in ("", ()):
        return "none"
    if isinstance(text, bool):
        return f"`{str(text).lower()}`"
    if isinstance(text, int) and text >= 2**10:
        size = next(((text // scale, unit) for scale, unit in _UNITS if text % scale == 0), None)
        return f"`{text}`" if size is None else f"`{text}` ({size[0]} {size[1]})"
    return f"`{text:g}`" if isinstance(text, float) else f"`{text}`"


def _limits(field: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in _SIGNS.items()
        if hasattr(rule, name)
    ]
    choices = [f"`{choice}`" for choice in get_args(field.annotation) if isinstance(choice, str)]
    said = [*([f"one of {', '.join(choices)}"] if choices else []), *limits]
    return f" ({', '.join(said)})" if said else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
