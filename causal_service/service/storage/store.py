"""One store of files through fsspec: a local folder, or an S3-compatible bucket by one setting."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from causal_service.errors import Text
from causal_service.service.refusals import is_full, no_space, unavailable

if TYPE_CHECKING:
    from causal_service.service.settings import Settings

__all__ = ["Store", "hash_of", "open_store"]

_CHUNK = 2**20
_STORE = Text("文件存储", "file store")


class Store:
    """Files by key (``a/b/c``). A key is written once, whole or not at all, and never changed.

    Parameters
    ----------
    fs : any fsspec file system.
    root : path under which everything lies.
    local : whether ``fs`` is this machine's disk, where files can be renamed and linked.
    """

    def __init__(self, fs: Any, root: str, *, local: bool) -> None:
        self._fs, self._root, self._local = fs, root.rstrip("/"), local

    def adopt(self, source: Path, key: str) -> None:
        """Take over a complete local file under ``key``; ``source`` is gone afterwards.

        Raises
        ------
        Unavailable : ``no-space`` or ``unavailable``; nothing is visible under ``key``.
        """
        target = self._path(key)
        with _storing(self, target):
            if self._local:
                with source.open("rb") as stream:
                    os.fsync(stream.fileno())
                self._fs.makedirs(os.path.dirname(target), exist_ok=True)
                _move(source, Path(target))
            else:
                self._fs.put_file(str(source), target)
                source.unlink()

    def write(self, content: bytes, key: str, spool: Path) -> None:
        """Store bytes under ``key``; see ``adopt``."""
        part = spool / secrets.token_hex(16)
        try:
            with _storing(self, self._path(key)):
                part.write_bytes(content)
            self.adopt(part, key)
        finally:
            part.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        """Return the bytes under ``key``.

        Raises
        ------
        FileNotFoundError : there is none.
        Unavailable : the store does not answer.
        """
        with _reading():
            content: bytes = self._fs.cat_file(self._path(key))
        return content

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield the bytes under ``key`` in pieces of at most 1 MiB."""
        with _reading(), self._fs.open(self._path(key), "rb") as stream:
            while piece := stream.read(_CHUNK):
                yield piece

    def fetch(self, key: str, target: Path, sha256: str) -> None:
        """Put the content under ``key`` into the new local file ``target`` and compare its hash.

        Raises
        ------
        Unavailable : the store does not answer, or the content is not what was stored.
        """
        with target.open("wb") as out:
            found = hashlib.sha256()
            for piece in self.chunks(key):
                found.update(piece)
                out.write(piece)
        if found.hexdigest() != sha256:
            raise unavailable(Text("文件（内容已损坏）", "file (its content is damaged)"))

    def remove(self, prefix: str) -> None:
        """Delete everything under ``prefix``; it may be gone already."""
        path = self._path(prefix)
        with _reading():
            if self._fs.exists(path):
                self._fs.rm(path, recursive=True)

    def folders(self, prefix: str) -> list[str]:
        """Return the names directly under ``prefix``."""
        path = self._path(prefix)
        with _reading():
            if not self._fs.exists(path):
                return []
            return sorted(str(name).rstrip("/").rpartition("/")[2] for name in self._fs.ls(path, detail=False))

    def check(self) -> None:
        """Raise ``Unavailable`` when a small file cannot be written, read and deleted."""
        path = self._path(f"probe-{secrets.token_hex(8)}")
        with _reading():
            self._fs.pipe_file(path, b"ok")
            self._fs.rm(path)

    def _path(self, key: str) -> str:
        if not key or ".." in key.split("/"):
            raise ValueError(f"not a key: {key!r}")
        return f"{self._root}/{key}"

    def _drop(self, path: str) -> None:
        if self._fs.exists(path):
            self._fs.rm(path)


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name."""
    import fsspec

    if not settings.storage_url:
        folder = settings.folder / "files"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Store(fsspec.filesystem("file", auto_mkdir=True), str(folder), local=True)
    scheme, _, place = settings.storage_url.partition("://")
    if scheme == "s3":
        return Store(_s3(settings), place, local=False)
    return Store(fsspec.filesystem(scheme), place, local=scheme in ("file", "local"))


def _s3(settings: Settings) -> Any:
    """Return S3 through pyarrow's own client, which every installation has."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import S3FileSystem  # type: ignore[import-untyped]

    scheme, _, endpoint = settings.s3_endpoint.rpartition("://")
    options = {"endpoint_override": endpoint, "scheme": scheme or "https"} if endpoint else {}
    return ArrowFSWrapper(S3FileSystem(region=settings.s3_region, **options))


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a local file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _storing(store: Store, target: str) -> Iterator[None]:
    """Turn a full disk and a silent store into refusals; leave nothing of an unfinished remote write."""
    try:
        yield
    except OSError as error:
        if not store._local:
            with _reading():
                store._drop(target)
        if is_full(error):
            raise no_space() from error
        raise unavailable(_STORE) from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unavailable(_STORE) from error


def _move(source: Path, target: Path) -> None:
    """Move a file, also from another disk, so that it appears whole and stays when the power fails."""
    beside = target.with_name(f"{secrets.token_hex(8)}.part")
    try:
        shutil.move(source, beside)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
