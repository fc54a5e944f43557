"""Which language the shell speaks: ``--lang``, else the machine's setting, else English."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

__all__ = ["LANGUAGES", "language_of"]

LANGUAGES = ("zh", "en")


def language_of(words: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return ``zh`` or ``en`` for a command line that may still be wrong."""
    asked = [value for option, value in pairwise(words) if option == "--lang"]
    asked += [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    if asked and asked[-1] in LANGUAGES:
        return asked[-1]
    setting = os.environ if environment is None else environment
    spoken = next((setting[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if setting.get(name)), "")
    return "zh" if spoken.lower().startswith("zh") else "en"
