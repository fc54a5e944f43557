"""An upload as ``multipart/form-data`` (RFC 7578), streamed from disk and repeatable when the connection drops."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

__all__ = ["File", "Form"]

_CHUNK = 2**18
_BREAK = "\r\n"


@dataclass(frozen=True, slots=True)
class File:
    """One file of a form: a path, or bytes already in memory."""

    name: str
    """File name as the service is told."""
    source: Path | bytes
    """Where its content is."""

    @property
    def size(self) -> int:
        """Content in bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def open(self) -> BinaryIO:
        """Return its content from the start."""
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")


@dataclass(frozen=True, slots=True)
class Form:
    """Fields and files; iterating gives the body from its start, in pieces of 256 KiB."""

    fields: Mapping[str, str]
    """Short text values by name."""
    files: Mapping[str, File]
    """Files by name; they come after the fields, in this order."""
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))
    """What separates the parts."""

    @property
    def content_type(self) -> str:
        """Value of the header ``Content-Type``."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __len__(self) -> int:
        return sum(len(part) if isinstance(part, bytes) else part.size for part in self._parts())

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts():
            if isinstance(part, bytes):
                yield part
                continue
            with part.open() as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk

    def _parts(self) -> Iterator[bytes | File]:
        for name, value in self.fields.items():
            yield self._head(f'form-data; name="{name}"') + f"{value}{_BREAK}".encode()
        for name, file in self.files.items():
            shown = file.name.replace("\\", "_").replace('"', "%22").replace("\r", " ").replace("\n", " ")
            yield self._head(
                f'form-data; name="{name}"; filename="{shown}"', f"Content-Type: application/octet-stream{_BREAK}"
            )
            yield file
            yield _BREAK.encode()
        yield f"--{self.boundary}--{_BREAK}".encode()

    def _head(self, disposition: str, more: str = "") -> bytes:
        return f"--{self.boundary}{_BREAK}Content-Disposition: {disposition}{_BREAK}{more}{_BREAK}".encode()
