"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from causal_service.errors import CallError, Text

__all__ = ["refuse_unwritable", "write_file", "write_files"]


def write_files(folder: str | Path, files: Mapping[str, str]) -> Path:
    """Write texts as UTF-8 into ``folder``, all or none, and return it.

    They are written to a temporary folder inside it and moved into place once all are complete; when that fails,
    files that stood there before are back and folders made for the purpose are gone.

    Raises
    ------
    CallError : ``cannot-write``, the folder cannot be made, has no space or permission, or a file in it is locked.
    """
    target = Path(folder)
    made = [path for path in (target, *target.parents) if not path.exists()]
    try:
        target.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=".writing-", dir=target))
        try:
            for name, content in files.items():
                (fresh / name).write_text(content, encoding="utf-8", newline="")
            _swap_in(fresh, target, files)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except BaseException as error:
        _remove_empty(made)
        if isinstance(error, OSError):
            raise _cannot_write(target, error) from None
        raise
    return target


def write_file(path: str | Path, content: str) -> None:
    """Write one text as UTF-8, whole or not at all; a device or pipe is written to directly.

    Raises
    ------
    CallError : ``cannot-write``.
    """
    target = Path(path)
    if target.is_dir() or not target.exists() or target.is_file():
        write_files(target.parent, {target.name: content})
        return
    try:
        with target.open("w", encoding="utf-8", newline="") as stream:
            stream.write(content)
    except OSError as error:
        raise _cannot_write(target, error) from None


def refuse_unwritable(folder: str | Path) -> None:
    """Raise ``cannot-write`` for a folder that could plainly not be written, before any work is done for it."""
    target = Path(folder)
    try:
        nearest = next(path for path in (target, *target.absolute().parents) if path.exists())
    except OSError as error:
        raise _cannot_write(target, error) from None
    if not nearest.is_dir():
        raise _cannot_write(target, NotADirectoryError(0, f"{nearest} is not a folder"))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _cannot_write(target, PermissionError(0, "Permission denied"))


def _swap_in(fresh: Path, target: Path, names: Iterable[str]) -> None:
    """Move complete files into place; put the old ones back when one cannot be moved."""
    old = fresh / "old"
    old.mkdir()
    moved = []
    try:
        for name in names:
            if (target / name).is_dir():
                raise IsADirectoryError(0, f"{name} is a folder")
            if (target / name).exists():
                (target / name).replace(old / name)
            (fresh / name).replace(target / name)
            moved.append(name)
    except OSError:
        for name in moved:
            (target / name).unlink()
        for kept in old.iterdir():
            kept.replace(target / kept.name)
        raise


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _cannot_write(target: Path, error: OSError) -> CallError:
    reason = error.strerror or str(error)
    return CallError(
        "cannot-write",
        Text(f"无法写入“{target}”：{reason}。", f"Cannot write to '{target}': {reason}."),
        Text(
            "请换一个可写的位置，或检查权限、剩余空间以及文件是否被其他程序占用。",
            "Choose another place, or check permissions, free space and whether another program has the file open.",
        ),
        {"path": str(target)},
    )
