"""A request body to files in the spool: never more than a few MiB in memory, refused as soon as a limit is passed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread
from starlette.requests import Request

from causal_service.errors import Text, UnreadableFile
from causal_service.service.refusals import Refusal, body_too_large, no_space
from causal_service.service.settings import Settings
from causal_service.service.uploads.multipart import Parts, boundary_of

__all__ = ["Received", "Upload", "receiving"]

_BATCH = 2**20
_FIELD_BYTES = 1024
FILES = ("file", "dictionary")
"""Names of the parts that are files."""


@dataclass(slots=True)
class Received:
    """One file of an upload, complete in the spool."""

    path: Path
    """Where it lies."""
    name: str
    """File name as the client gave it, without folders."""
    limit: int
    """Most bytes it may have."""
    bytes: int = 0
    """Bytes received."""
    sha256: str = ""
    """Hash of the content, in hexadecimal."""


@dataclass(slots=True)
class Upload:
    """Everything that one request brought."""

    files: dict[str, Received] = field(default_factory=dict)
    """Files by part name."""
    fields: dict[str, str] = field(default_factory=dict)
    """Other parts of a form."""


@asynccontextmanager
async def receiving(request: Request, settings: Settings, raw: str = "file") -> AsyncIterator[Upload]:
    """Receive the body of ``request``; files that were not taken over are gone when the context ends.

    Parameters
    ----------
    request : a raw body, or ``multipart/form-data``.
    settings : limits and spool.
    raw : name under which a raw body counts, ``file`` or ``dictionary``.

    Raises
    ------
    TooMuch : a file is larger than its limit.
    Refusal : a broken form.
    Unavailable : ``no-space``.
    UnreadableFile : an empty body.
    """
    intake = _Intake(settings)
    try:
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            intake.open(raw, request.query_params.get("name") or raw)
            await intake.take_raw(request)
        else:
            await intake.take_form(request, boundary)
        await to_thread.run_sync(intake.close)
        if raw not in intake.upload.files:
            raise Refusal(
                "no-file",
                Text(f"请求中没有“{raw}”文件。", f"The request has no file '{raw}'."),
                Text(
                    f"请把文件放在请求体中，或放在表单字段 {raw} 中。",
                    f"Send it as the body, or as the form field '{raw}'.",
                ),
            )
        yield intake.upload
    finally:
        await to_thread.run_sync(intake.clear)


class _Intake:
    """Files being written, and what is not yet on disk."""

    def __init__(self, settings: Settings) -> None:
        self.upload = Upload()
        self._settings = settings
        self._spool = settings.spool
        self._streams: dict[str, BinaryIO] = {}
        self._hashes = {name: hashlib.sha256() for name in FILES}
        self._fields: dict[str, bytearray] = {}
        self._waiting: list[tuple[str, bytes]] = []
        self._size = 0

    def open(self, part: str, name: str) -> None:
        """Begin a file."""
        if part in self.upload.files:
            raise Refusal(
                "two-files",
                Text(f"字段“{part}”出现了两次。", f"The field '{part}' occurs twice."),
                Text("请每次上传一个文件。", "Upload one file at a time."),
            )
        limit = self._settings.upload_bytes if part == "file" else self._settings.dictionary_bytes
        path = self._spool / secrets.token_hex(16)
        self.upload.files[part] = Received(path, _base(name), limit)
        self._streams[part] = path.open("xb")

    def feed(self, part: str, piece: bytes) -> None:
        """Take a piece of a part; refuse what is too large before it is written."""
        file = self.upload.files.get(part)
        if file is None:
            text = self._fields.setdefault(part, bytearray())
            text += piece
            if len(text) > _FIELD_BYTES:
                raise body_too_large(_FIELD_BYTES)
            return
        file.bytes += len(piece)
        if file.bytes > file.limit:
            raise body_too_large(file.limit)
        self._waiting.append((part, piece))
        self._size += len(piece)

    async def take_raw(self, request: Request) -> None:
        """Take a body that is the file itself."""
        (part,) = self.upload.files
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self.upload.files[part].limit:
            raise body_too_large(self.upload.files[part].limit)
        async for piece in request.stream():
            self.feed(part, piece)
            await self._flush(_BATCH)

    async def take_form(self, request: Request, boundary: bytes) -> None:
        """Take a body that is a form."""
        parts = Parts(boundary, lambda part, name: self.open(part, name) if part in FILES else None, self.feed)
        async for piece in request.stream():
            parts.write(piece)
            await self._flush(_BATCH)
        parts.finish()

    async def _flush(self, above: int) -> None:
        if self._size >= above:
            await to_thread.run_sync(self._write)

    def _write(self) -> None:
        try:
            for part, piece in self._waiting:
                self._streams[part].write(piece)
                self._hashes[part].update(piece)
        except OSError as error:
            raise no_space() from error
        self._waiting.clear()
        self._size = 0

    def close(self) -> None:
        """Write what is left and finish the files."""
        self._write()
        self.upload.fields = {part: text.decode("utf-8", "replace") for part, text in self._fields.items()}
        for part, stream in self._streams.items():
            try:
                stream.close()
            except OSError as error:
                raise no_space() from error
            file = self.upload.files[part]
            file.sha256 = self._hashes[part].hexdigest()
            if not file.bytes:
                raise UnreadableFile(
                    "empty-file",
                    Text("文件为空（0 字节）。", "The file is empty (0 bytes)."),
                    Text("请上传一个有内容的文件。", "Upload a file with content."),
                )

    def clear(self) -> None:
        """Remove files that nobody took over."""
        for stream in self._streams.values():
            stream.close()
        for file in self.upload.files.values():
            file.path.unlink(missing_ok=True)


def _base(name: str) -> str:
    """Return the last part of a path in a name, printable and at most 120 characters long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable()).strip(". ")
    return printable[-120:] or "file"
