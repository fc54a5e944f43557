"""Finished answers, kept under ``out/``: a peer's keyed by its file, settings and versions, ours by our code."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contenders import Contender
from shards import code_digest
from shared_simulator import shared_digest

HERE = Path(__file__).resolve().parent
COMMON = ("answers.py", "given.py")


def key_of(contender: Contender, settings: Mapping[str, Any]) -> str:
    """What an answer depends on besides the panel."""
    files = [f"{contender.module}.py"] if contender.ours else [f"{contender.module}.py", *COMMON]
    parts = [(HERE / name).read_text(encoding="utf-8") for name in files]
    parts += [f"{name} {version(name)}" for name in contender.uses]
    parts += [json.dumps(dict(settings), sort_keys=True), shared_digest()]
    if contender.ours:
        parts.append(code_digest())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def load(contender: Contender, settings: Mapping[str, Any], scenario: str, seed: int) -> dict[str, Any] | None:
    """The finished record, or ``None``."""
    try:
        record: dict[str, Any] = json.loads(_file(contender, settings, scenario, seed).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return record


def store(
    contender: Contender, settings: Mapping[str, Any], scenario: str, seed: int, record: Mapping[str, Any]
) -> None:
    """Keep a record; nothing half-written can be read back."""
    file = _file(contender, settings, scenario, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    part.write_text(json.dumps(record), encoding="utf-8")
    part.replace(file)


def _file(contender: Contender, settings: Mapping[str, Any], scenario: str, seed: int) -> Path:
    return HERE / "out" / "answers" / f"{contender.key}-{key_of(contender, settings)}" / scenario / f"{seed}.json"
