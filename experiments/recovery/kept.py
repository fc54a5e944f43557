"""Arrays that are slow to make, kept in files under ``out/``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

OUT = Path(__file__).resolve().parent / "out"


def kept(file: Path, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Return the arrays stored in ``file`` (.npz), making and storing them when it does not exist."""
    if not file.exists():
        arrays = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.stem}.{os.getpid()}.npz")
        np.savez_compressed(part, **arrays)
        part.replace(file)
    with np.load(file) as content:
        return {key: content[key] for key in content.files}
