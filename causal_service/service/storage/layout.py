"""Where the files of a workspace lie: every key begins with the workspace and ends with the hash of the content."""

from __future__ import annotations

__all__ = ["panel_file", "panel_folder", "study_file", "study_folder", "workspace_folder"]


def workspace_folder(workspace: str, kind: str) -> str:
    """Return the folder of all ``panels`` or ``studies`` of a workspace."""
    return f"{workspace}/{kind}"


def panel_folder(workspace: str, panel: str) -> str:
    """Return the folder of one panel: its file and its dictionaries."""
    return f"{workspace}/panels/{panel}"


def panel_file(workspace: str, panel: str, sha256: str) -> str:
    """Return the key of a panel's file or dictionary."""
    return f"{panel_folder(workspace, panel)}/{sha256}"


def study_folder(workspace: str, study: str) -> str:
    """Return the folder of one study: its results and reports."""
    return f"{workspace}/studies/{study}"


def study_file(workspace: str, study: str, name: str, sha256: str) -> str:
    """Return the key of one file of a study."""
    return f"{study_folder(workspace, study)}/{name}-{sha256}"
