"""Ids that cannot be guessed, and cursors over them."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.orm import Session

from causal_service.service.refusals import wrong_cursor
from causal_service.service.state.models import AuditEntry, Panel, Study

__all__ = ["new_id", "page"]


Row = TypeVar("Row", Panel, Study, AuditEntry)


def new_id(kind: str) -> str:
    """Return ``kind_…`` with 128 random bits, in lower-case base 32."""
    return f"{kind}_{base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()}"


def page(
    session: Session, table: type[Row], cursor: str | None, limit: int, *where: ColumnElement[bool]
) -> tuple[Sequence[Row], str | None]:
    """Return up to ``limit`` rows of ``table``, newest first, after ``cursor``, and the next cursor.

    Raises
    ------
    Refusal : ``wrong-cursor``.
    """
    query = select(table).where(*where)
    if cursor is not None:
        created, name = _read(cursor)
        query = query.where(or_(table.created < created, and_(table.created == created, cast(table.id, String) < name)))
    rows = session.scalars(query.order_by(table.created.desc(), cast(table.id, String).desc()).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], None if last is None else _write(last.created, str(last.id))


def _write(created: float, name: str) -> str:
    return base64.urlsafe_b64encode(f"{created!r}:{name}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[float, str]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        created, _, name = text.partition(":")
        return float(created), name
    except (ValueError, binascii.Error):
        raise wrong_cursor() from None
