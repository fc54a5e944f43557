"""What the steps of a worker work with; the job library finds its functions by name, so there is one per process."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from causal_service.service.jobs.children import Children
from causal_service.service.refusals import panel_gone
from causal_service.service.settings import Settings
from causal_service.service.state.database import Database
from causal_service.service.storage.layout import panel_file
from causal_service.service.storage.store import Store
from causal_service.service.uploads.guards import Limits

__all__ = ["Runtime", "current", "install"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts of one worker."""

    settings: Settings
    """Its settings."""
    database: Database
    """The rows."""
    store: Store
    """The files."""
    studies: Children
    """Processes that compute studies."""
    checks: Children
    """Processes that check panels."""

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Open a folder for one task; it is gone afterwards."""
        path = Path(tempfile.mkdtemp(prefix="job-", dir=self.settings.spool))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def lay_out(
        self,
        folder: Path,
        workspace: str,
        inputs: list[dict[str, Any]],
        *,
        dictionary: dict[str, Any] | None = None,
        knowledge: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Put panels, dictionary and knowledge into ``folder`` and return what a task says about them.

        Parameters
        ----------
        folder : empty folder.
        workspace : id of the workspace.
        inputs : ``panel``, ``name``, ``sha256`` and ``dictionary`` of every panel.
        dictionary : a dictionary given with the question; it goes before those of the panels.
        knowledge : knowledge given with the question.
        """
        panels = []
        own = None
        for item in inputs:
            name = _free(folder, item["name"])
            self._fetch(workspace, item["panel"], item["sha256"], folder / name)
            panels.append(name)
            if own is None and item["dictionary"] is not None:
                own = "dictionary.file"
                self._fetch(workspace, item["panel"], item["dictionary"], folder / own)
        return {
            "folder": str(folder),
            "panels": panels,
            "dictionary": own if dictionary is None else _write(folder, "dictionary.yaml", dictionary),
            "knowledge": None if knowledge is None else _write(folder, "knowledge.yaml", knowledge),
            "limits": asdict(self.limits),
            "threads": self.settings.study_threads,
        }

    def _fetch(self, workspace: str, panel: str, sha256: str, target: Path) -> None:
        try:
            self.store.fetch(panel_file(workspace, panel, sha256), target, sha256)
        except FileNotFoundError:
            raise panel_gone() from None

    @property
    def limits(self) -> Limits:
        """What a table may measure."""
        return Limits(self.settings.unpacked_bytes, self.settings.columns, self.settings.cells)


_INSTALLED: list[Runtime] = []


def install(runtime: Runtime | None) -> None:
    """Make ``runtime`` the one of this process; ``None`` takes it away."""
    _INSTALLED[:] = [] if runtime is None else [runtime]


def current() -> Runtime:
    """Return the runtime of this process."""
    return _INSTALLED[0]


def _free(folder: Path, name: str) -> str:
    """Return ``name``, changed when it is taken or one of ours."""
    taken = {path.name for path in folder.iterdir()} | {"out", "dictionary.yaml", "dictionary.file", "knowledge.yaml"}
    return name if name not in taken else f"{len(taken)}-{name}"


def _write(folder: Path, name: str, content: dict[str, Any]) -> str:
    (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")  # JSON is YAML
    return name
