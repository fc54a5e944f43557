"""What every test may ask for: the real parts of this machine and the shared data.

A part of the machine (browser, font) that is missing skips its tests with the reason printed; with ``CI=true`` the skip
is a failure, because ``.ci/run`` installs the parts first. Shared data is no part of the repository: its absence always
skips.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def _program(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _cjk_font() -> str | None:
    if shutil.which("fc-list") is None:
        return None
    listed = subprocess.run(["fc-list", ":lang=zh", "file"], capture_output=True, text=True, check=False).stdout
    return next((line.split(":")[0] for line in listed.splitlines() if line.strip()), None)


def _module(name: str) -> str | None:
    return name if importlib.util.find_spec(name) else None


def _postgres() -> str | None:
    """Return the folder of PostgreSQL's own programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    program = _program("initdb")
    return str(found[-1].parent) if found else None if program is None else str(Path(program).resolve().parent)


def _s3_server() -> str | None:
    beside = ROOT / ".venv-s3" / "bin" / "moto_server"
    return str(beside) if beside.exists() else _program("moto_server")


PARTS: dict[str, Callable[[], str | None]] = {
    "chromium": lambda: _program("chromium", "chromium-browser", "google-chrome"),
    "cjk-font": _cjk_font,
    "postgres": _postgres,
    "s3-server": _s3_server,
    "curl": lambda: _program("curl"),
    "playwright": lambda: _module("playwright"),
    "uv": lambda: _program("uv"),
}


def _absent(message: str) -> None:
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def needs() -> Callable[[str, str], str]:
    """Return ``needs(part, reason)``: the path or name of a real part, or a skip (a failure with ``CI=true``)."""

    def find(part: str, reason: str) -> str:
        found = PARTS[part]()
        if found is None:
            _absent(f"{part} is missing on this machine: {reason}")
        return found or ""

    return find


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Return ``shared_data(name)``: path of a shared data file (folder set by CAUSAL_SHARED_DATA), or a skip."""
    folder = Path(os.environ.get("CAUSAL_SHARED_DATA", "../shared/data"))

    def find(name: str) -> Path:
        path = (folder if folder.is_absolute() else ROOT / folder) / name
        if not path.exists():
            pytest.skip(f"shared data {name} is not here; CAUSAL_SHARED_DATA names its folder")
        return path

    return find


@pytest.fixture(scope="session")
def simulated() -> ModuleType:
    """The module ``simulated.py`` beside this file: small panels of known truth."""
    return _beside("simulated.py", "simulated_panels")


@pytest.fixture(scope="session")
def systems() -> ModuleType:
    """The module ``systems.py`` beside this file: random lagged systems with draws around them."""
    return _beside("systems.py", "random_systems")


@pytest.fixture(scope="session")
def serving() -> Callable[..., AbstractContextManager[Any]]:
    """``serving(folder, **settings)`` of the module beside this file: a running service, as a context."""
    context: Callable[..., AbstractContextManager[Any]] = _beside("serving.py", "running_service").serving
    return context


@pytest.fixture(scope="session")
def service(serving: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One running service without keys, shared by the tests of a session."""
    with serving(tmp_path_factory.mktemp("service")) as running:
        yield running


def _beside(file: str, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(file))
    if spec is None or spec.loader is None:
        raise ImportError(f"tests/{file} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
