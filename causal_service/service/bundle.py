"""A study with its panels in one file: written so that the same study gives the same bytes, reopened anywhere."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from causal_service.errors import Text, UnreadableFile
from causal_service.service.caller import Caller
from causal_service.service.intake import PanelOptions, accept_panel
from causal_service.service.parts import Parts
from causal_service.service.refusals import body_too_large
from causal_service.service.state import panels, removals, studies
from causal_service.service.state.models import Panel, Study
from causal_service.service.storage.layout import panel_file, study_file, study_folder
from causal_service.service.submission import new_study
from causal_service.service.uploads.receiving import Received, Upload

__all__ = ["open_bundle", "write_bundle"]

SCHEMA: Literal["causal-service/bundle/1"] = "causal-service/bundle/1"
_DATE = (1980, 1, 1, 0, 0, 0)
_STUDY, _CONTENTS = "study.json", "bundle.json"
_MOST_ENTRIES, _SMALL, _CHUNK = 64, 64 * 2**20, 2**20


class BundledPanel(BaseModel):
    """One panel in a bundle."""

    model_config = ConfigDict(extra="forbid")
    name: str
    sha256: str
    dictionary: str | None
    entity: str | None = None
    period: str | None = None
    weight: str | None = None


class Contents(BaseModel):
    """What ``bundle.json`` says."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["causal-service/bundle/1"]
    study: str
    question: dict[str, Any]
    panels: list[BundledPanel]


def write_bundle(parts: Parts, caller: Caller, study: Study, target: Path) -> None:
    """Write a finished study and those of its panels that still exist as a zip file.

    Entries: ``bundle.json`` (what is inside), ``study.json``, and every panel and dictionary under its SHA-256.
    """
    rows = []
    with parts.database.workspace(caller.workspace) as session:
        for item in study.inputs:
            row = panels.panel_of(session, item["panel"])
            if row is not None:
                rows.append((item, row))
    files = study.files or {}
    contents = Contents(
        format=SCHEMA,
        study=files[_STUDY],
        question={key: value for key, value in study.question.items() if key != "panel"},
        panels=[_described(item, row) for item, row in rows],
    )
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, _CONTENTS, [_text(contents.model_dump())])
        _add(archive, _STUDY, parts.store.chunks(study_file(caller.workspace, study.id, _STUDY, files[_STUDY])))
        hashes = {(item["panel"], sha) for item, _ in rows for sha in (item["sha256"], item["dictionary"]) if sha}
        for panel, sha in sorted(hashes, key=lambda pair: pair[1]):
            if f"files/{sha}" not in archive.namelist():
                _add(archive, f"files/{sha}", parts.store.chunks(panel_file(caller.workspace, panel, sha)))


def open_bundle(parts: Parts, caller: Caller, file: Received) -> Study:
    """Bring a bundle into the caller's workspace; its parts and reports are made afresh from ``study.json``.

    A study that came with a bundle never answers for the same question asked here: nobody computed it here.

    Raises
    ------
    UnreadableFile : ``not-a-bundle``, or a file in it is not what ``bundle.json`` says.
    TooMuch : it is too large once unpacked.
    """
    try:
        with zipfile.ZipFile(file.path) as archive:
            _measure(archive, parts)
            contents = Contents.model_validate_json(archive.read(_CONTENTS))
            return _bring_in(parts, replace(caller, key=None), archive, contents)
    except (zipfile.BadZipFile, ValidationError, KeyError, NotImplementedError, EOFError, RuntimeError):
        raise _not_a_bundle() from None


def _bring_in(parts: Parts, caller: Caller, archive: zipfile.ZipFile, contents: Contents) -> Study:
    identity = f"bundle:{contents.study}"
    with parts.database.workspace(caller.workspace) as session:
        known = studies.study_by_identity(session, identity)
    if known is not None:
        return known
    with _extracted(parts, archive, _STUDY, contents.study) as result:
        rows = [_panel(parts, caller, archive, panel) for panel in contents.panels]
        inputs = [{"panel": r.id, "name": r.name, "sha256": r.sha256, "dictionary": r.dictionary} for r in rows]
        study = new_study(identity, {"panel": [row.id for row in rows], **contents.question}, inputs)
        study.files = {_STUDY: contents.study}
        folder = study_folder(caller.workspace, study.id)
        with parts.database.workspace(caller.workspace) as session:
            removals.remove_later(session, folder, removals.UNFINISHED)
        parts.store.adopt(result.path, study_file(caller.workspace, study.id, _STUDY, contents.study))
    with parts.database.workspace(caller.workspace) as session:
        studies.add_study(session, study, rows)
        removals.forget_removal(session, folder)
        parts.queue.add_study(session, caller.workspace, study.id, study.attempt)
        caller.audit(session, "study.import", study.id)
    return study


def _panel(parts: Parts, caller: Caller, archive: zipfile.ZipFile, panel: BundledPanel) -> Panel:
    options = PanelOptions(panel.entity, panel.period, panel.weight)
    with _extracted(parts, archive, f"files/{panel.sha256}", panel.sha256, panel.name) as file:
        if panel.dictionary is None:
            return accept_panel(parts, caller, Upload({"file": file}), options)[0]
        with _extracted(parts, archive, f"files/{panel.dictionary}", panel.dictionary) as dictionary:
            upload = Upload({"file": file, "dictionary": dictionary})
            return accept_panel(parts, caller, upload, options)[0]


@contextmanager
def _extracted(
    parts: Parts, archive: zipfile.ZipFile, entry: str, sha256: str, name: str = "file"
) -> Iterator[Received]:
    path = parts.settings.spool / secrets.token_hex(16)
    found, size = hashlib.sha256(), 0
    try:
        with archive.open(entry) as source, path.open("xb") as out:
            while piece := source.read(_CHUNK):
                found.update(piece)
                size += len(piece)
                out.write(piece)
        if found.hexdigest() != sha256:
            raise _not_a_bundle()
        yield Received(path, name[:120], parts.settings.upload_bytes, size, sha256)
    finally:
        path.unlink(missing_ok=True)


def _measure(archive: zipfile.ZipFile, parts: Parts) -> None:
    entries = archive.infolist()
    limits = parts.settings
    if len(entries) > _MOST_ENTRIES or sum(entry.file_size for entry in entries) > 2 * limits.unpacked_bytes:
        raise body_too_large(2 * limits.unpacked_bytes)
    if max(archive.getinfo(name).file_size for name in (_CONTENTS, _STUDY)) > _SMALL:
        raise body_too_large(_SMALL)


def _described(item: dict[str, Any], row: Panel) -> BundledPanel:
    return BundledPanel(
        name=item["name"], sha256=item["sha256"], dictionary=item["dictionary"], **asdict(PanelOptions(**row.options))
    )


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _add(archive: zipfile.ZipFile, name: str, pieces: Any) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    stream: IO[bytes]
    with archive.open(entry, "w", force_zip64=True) as stream:
        for piece in pieces:
            stream.write(piece)


def _not_a_bundle() -> UnreadableFile:
    return UnreadableFile(
        "not-a-bundle",
        Text("这不是导出的研究，或其内容被改动过。", "This is no exported study, or its content was changed."),
        Text("请上传 /bundle 导出的文件。", "Send a file that /bundle gave."),
    )
