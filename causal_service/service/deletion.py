"""Deletion that deletes: the row goes first, in one transaction with the promise that its files go; then the files."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError

from causal_service.service.refusals import Unavailable
from causal_service.service.state import panels, removals, studies
from causal_service.service.state.database import Database
from causal_service.service.storage.layout import panel_folder, study_folder
from causal_service.service.storage.store import Store

__all__ = ["delete_panel", "delete_study", "remove_files"]


def delete_study(database: Database, store: Store, workspace: str, study: str) -> bool:
    """Delete a study that has ended, with its files; ``False`` when it is active or gone."""
    folder = study_folder(workspace, study)
    with database.workspace(workspace) as session:
        if not studies.remove_study(session, study):
            return False
        removals.remove_later(session, folder)
    remove_files(database, store, workspace, folder)
    return True


def delete_panel(database: Database, store: Store, workspace: str, panel: str) -> bool:
    """Delete a panel that no active study asks, with its files; ``False`` when it is in use or gone."""
    folder = panel_folder(workspace, panel)
    with database.workspace(workspace) as session:
        if not panels.remove_panel(session, panel):
            return False
        removals.remove_later(session, folder)
    remove_files(database, store, workspace, folder)
    return True


def remove_files(database: Database, store: Store, workspace: str, folder: str) -> None:
    """Carry out a removal; when the store or database does not answer, housekeeping will."""
    try:
        store.remove(folder)
        with database.workspace(workspace) as session:
            removals.forget_removal(session, folder)
    except (Unavailable, SQLAlchemyError):
        return
