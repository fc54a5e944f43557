"""What the columns of a Parquet file hold, as far as reading in pieces tells it apart."""

from __future__ import annotations

from typing import Any

from causal_service.errors import Text

__all__ = ["KEYS", "NULL", "NUMBER", "TEXT", "kind_name", "kind_of"]

NULL, NUMBER, TEXT, BYTES, NESTED = "null", "number", "text", "bytes", "nested"
DATE, TIME, ZONED = "date", "time", "zoned-time"
KEYS = frozenset({NULL, NUMBER, TEXT, DATE, TIME, ZONED})
"""Kinds that labels and periods are read from in pieces."""
_NAMES = {
    NULL: Text("空单元格", "empty cells"),
    NUMBER: Text("数值", "numbers"),
    TEXT: Text("文字", "text"),
    DATE: Text("日期", "dates"),
    TIME: Text("日期时间", "dates with a time"),
    ZONED: Text("带时区的日期时间", "dates with a time and a zone"),
    BYTES: Text("字节", "bytes"),
    NESTED: Text("列表或结构", "lists or records"),
}
_EXTENSION = b"ARROW:extension:name"


def kind_of(field: Any) -> str:
    """Return the kind of an Arrow field: one of those above, else the name of its type."""
    import pyarrow as pa  # type: ignore[import-untyped]

    kind, types = field.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return str(kind.extension_name)
    if _EXTENSION in (field.metadata or {}):  # a type that nobody has registered in this process
        return str(field.metadata[_EXTENSION].decode(errors="replace"))
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_timestamp(kind):
        return ZONED if kind.tz else TIME
    known = {
        NULL: (types.is_null,),
        NUMBER: (types.is_floating, types.is_integer, types.is_boolean, types.is_decimal),
        TEXT: (types.is_string, types.is_large_string, types.is_string_view),
        DATE: (types.is_date,),
        BYTES: (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view),
        NESTED: (types.is_nested,),
    }
    return next((name for name, tests in known.items() if any(test(kind) for test in tests)), str(kind))


def kind_name(kind: str) -> Text:
    """Return what a kind is called in messages."""
    return _NAMES.get(kind, Text(f"“{kind}”类型的值", f"values of type {kind}"))
