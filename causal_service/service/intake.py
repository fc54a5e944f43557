"""Accepting a panel: looked at, stored, put on the queue to be checked; complete or not there at all."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from causal_service.errors import Text
from causal_service.service.asked import refuse_unknown_columns
from causal_service.service.caller import Caller
from causal_service.service.observing import metrics
from causal_service.service.parts import Parts
from causal_service.service.refusals import TooMuch, no_space, not_found
from causal_service.service.state import panels, records, removals
from causal_service.service.state.identifiers import new_id
from causal_service.service.state.models import Panel
from causal_service.service.storage.layout import panel_file, panel_folder
from causal_service.service.uploads.guards import Limits, first_look
from causal_service.service.uploads.receiving import Received, Upload

__all__ = ["PANEL", "PanelOptions", "accept_panel", "change_panel", "refuse_full_disk"]

PANEL = Text("面板", "panel")


@dataclass(frozen=True, slots=True)
class PanelOptions:
    """What the columns of a panel mean."""

    entity: str | None = None
    """Entity column."""
    period: str | None = None
    """Period column."""
    weight: str | None = None
    """Column with the observations behind a row."""


def refuse_full_disk(parts: Parts) -> None:
    """Raise ``no-space`` before an upload for which there is plainly no room."""
    if parts.free_bytes < parts.settings.free_bytes:
        raise no_space()


def accept_panel(parts: Parts, caller: Caller, upload: Upload, options: PanelOptions) -> tuple[Panel, bool]:
    """Store an upload as a panel and have it checked; return it, and whether it is new.

    Raises
    ------
    UnreadableFile, TooMuch : the file is of no kind we read, or too large once unpacked.
    Refusal : ``key-reused``. Unavailable : ``no-space``.
    """
    file, dictionary = upload.files["file"], upload.files.get("dictionary")
    limits = Limits(parts.settings.unpacked_bytes, parts.settings.columns, parts.settings.cells)
    kind = first_look(file.path, file.name, limits)
    asked = records.fingerprint(file.sha256, None if dictionary is None else dictionary.sha256, asdict(options))
    workspace = caller.workspace
    with parts.database.workspace(workspace) as session:
        known = records.made_before(session, caller.key, asked)
        if known is not None:
            panel = panels.panel_of(session, known)
            if panel is None:
                raise not_found(PANEL)
            return panel, False
        if panels.count_panels(session) >= parts.settings.workspace_panels:
            raise _too_many_panels(parts.settings.workspace_panels)
        name = new_id("pnl")
        removals.remove_later(session, panel_folder(workspace, name), removals.UNFINISHED)
    for received in filter(None, (file, dictionary)):
        parts.store.adopt(received.path, panel_file(workspace, name, received.sha256))
    panel = _row(name, kind, file, dictionary, options)
    with parts.database.workspace(workspace) as session:
        session.add(panel)
        removals.forget_removal(session, panel_folder(workspace, name))
        records.remember(session, caller.key, asked, name)
        caller.audit(session, "panel.upload", name)
        parts.queue.add_check(session, workspace, name, panel.turn)
    metrics.BYTES_UPLOADED.inc(file.bytes)
    return panel, True


def change_panel(
    parts: Parts, caller: Caller, name: str, options: PanelOptions | None, dictionary: Received | None
) -> Panel:
    """Give a panel other options or another dictionary, and have it checked again.

    Raises
    ------
    Refusal : ``not-found``. UnknownName : ``unknown-column``; nothing is changed.
    """
    workspace = caller.workspace
    with parts.database.workspace(workspace) as session:
        panel = panels.panel_of(session, name)
    if panel is None:
        raise not_found(PANEL)
    if options is not None:
        refuse_unknown_columns(panel, asdict(options))
    if dictionary is not None:
        parts.store.adopt(dictionary.path, panel_file(workspace, name, dictionary.sha256))
    with parts.database.workspace(workspace) as session:
        turn = panels.recheck(
            session,
            name,
            None if options is None else asdict(options),
            None if dictionary is None else dictionary.sha256,
        )
        if turn is None:
            raise not_found(PANEL)
        caller.audit(session, "panel.change", name)
        parts.queue.add_check(session, workspace, name, turn)
        panel = panels.panel_of(session, name)
        if panel is None:
            raise not_found(PANEL)
        return panel


def _row(name: str, kind: str, file: Received, dictionary: Received | None, options: PanelOptions) -> Panel:
    return Panel(
        id=name,
        name=file.name,
        kind=kind,
        bytes=file.bytes,
        sha256=file.sha256,
        options=asdict(options),
        dictionary=None if dictionary is None else dictionary.sha256,
        state="checking",
        turn=1,
        checked=None,
        problem=None,
        created=time.time(),
    )


def _too_many_panels(limit: int) -> TooMuch:
    return TooMuch(
        "too-many-panels",
        Text(f"工作区已有 {limit} 个面板。", f"The workspace keeps {limit} panels already."),
        Text("请删除不再需要的面板。", "Delete panels that are no longer needed."),
        {"limit": limit},
    )
