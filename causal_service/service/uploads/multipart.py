"""``multipart/form-data`` in a stream, through python-multipart's push parser."""

from __future__ import annotations

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from causal_service.errors import Text
from causal_service.service.refusals import Refusal

__all__ = ["Parts", "boundary_of"]

_MOST_PARTS = 12


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a form, or ``None`` when the body is no form.

    Raises
    ------
    Refusal : ``malformed-body``, a form without boundary.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary = options.get(b"boundary")
    if not boundary:
        raise _broken()
    return boundary


class Parts:
    """Feeds the parts of a form, piece by piece, to two callbacks.

    Parameters
    ----------
    boundary : what separates the parts.
    begin : called with (part name, file name) when a part begins.
    data : called with (part name, bytes).
    """

    def __init__(self, boundary: bytes, begin: Callable[[str, str], None], data: Callable[[str, bytes], None]) -> None:
        self._begin, self._data = begin, data
        self._field, self._value, self._part = b"", b"", ""
        self._headers: dict[bytes, bytes] = {}
        self._count = 0
        self._done = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_part_data": lambda piece, start, end: self._data(self._part, piece[start:end]),
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_end": self._on_end,
            },
        )

    def write(self, piece: bytes) -> None:
        """Parse the next piece of the body.

        Raises
        ------
        Refusal : ``malformed-body``.
        """
        try:
            self._parser.write(piece)
        except FormParserError:
            raise _broken() from None

    def finish(self) -> None:
        """Refuse a form that broke off."""
        if not self._done:
            raise _broken()

    def _on_part_begin(self) -> None:
        self._count += 1
        self._headers = {}
        if self._count > _MOST_PARTS:
            raise _broken()

    def _on_header_field(self, piece: bytes, start: int, end: int) -> None:
        self._field += piece[start:end]

    def _on_header_value(self, piece: bytes, start: int, end: int) -> None:
        self._value += piece[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name")
        if name is None:
            raise _broken()
        self._part = name.decode("utf-8", "replace")
        self._begin(self._part, options.get(b"filename", b"").decode("utf-8", "replace"))

    def _on_end(self) -> None:
        self._done = True


def _broken() -> Refusal:
    return Refusal(
        "malformed-body",
        Text("表单内容不完整或格式有误。", "The form is incomplete or malformed."),
        Text("请用 multipart/form-data 重新上传。", "Send it again as multipart/form-data."),
    )
