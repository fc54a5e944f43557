"""Codes of the cells of a key column (entity or period) that is read batch by batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.key_table import KeyTable, mixed
from causal_service.numerics.scatter import text_hashes
from causal_service.panel.sources import entity_label

__all__ = ["EntityCodes", "PeriodCodes"]

Codes = NDArray[np.int32]


class _Distinct:
    """Looks at the distinct cells of a column that comes in batches, once for all batches that share them."""

    def __init__(self) -> None:
        self._last: tuple[Any, Codes] | None = None

    def of(self, column: Any) -> Codes:
        """Return the code of every cell of an Arrow column, -1 where it is empty."""
        import pyarrow as pa  # type: ignore[import-untyped]

        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if self._last is None or not self._last[0].equals(column.dictionary):
            self._last = column.dictionary, np.append(self._codes(column.dictionary), np.int32(-1))
        indices = column.indices
        if indices.null_count:
            indices = indices.fill_null(len(column.dictionary))
        codes: Codes = np.take(self._last[1], indices.to_numpy())
        return codes

    def _codes(self, cells: Any) -> Codes:
        raise NotImplementedError


class PeriodCodes(_Distinct):
    """Codes of the distinct cells of a period column, in order of appearance."""

    def __init__(self) -> None:
        super().__init__()
        self._code: dict[object, int] = {}

    @property
    def cells(self) -> tuple[object, ...]:
        """The cells by code."""
        return tuple(self._code)

    def _codes(self, cells: Any) -> Codes:
        return np.array([self._of(cell) for cell in cells.to_pylist()], np.int32)

    def _of(self, cell: object) -> int:
        return -1 if cell is None or cell == "" else self._code.setdefault(cell, len(self._code))


class EntityCodes(_Distinct):
    """Codes of the distinct entity labels, in order of appearance; labels are the same where their hashes are."""

    def __init__(self) -> None:
        super().__init__()
        self._table = KeyTable()
        self._labels: list[Any] = []

    @property
    def keys(self) -> NDArray[np.uint64]:
        """64-bit hash of every label, the same on every machine, then 0 for the empty cell (code -1)."""
        return np.append(self._table.keys, np.uint64(0))

    @property
    def labels(self) -> Any:
        """Arrow array of the labels by code."""
        import pyarrow as pa

        return pa.concat_arrays([pa.array([], pa.string()), *self._labels])

    def _codes(self, cells: Any) -> Codes:
        import pyarrow as pa

        labels, lengths, hashes = _hashed(cells)
        there = np.flatnonzero(lengths)
        codes = np.full(len(labels), -1, np.int32)
        codes[there], new = self._table.codes(mixed(hashes)[there])
        self._labels.append(labels.take(pa.array(there[new])))
        return codes


def _hashed(cells: Any) -> tuple[Any, NDArray[np.int64], NDArray[np.uint64]]:
    """Return an Arrow array of the labels of cells, empty where the cell is, as ``entity_label`` gives them, with the
    bytes each takes and its hash.

    Raises
    ------
    pyarrow.ArrowInvalid : a text is no UTF-8.
    """
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if pa.types.is_integer(cells.type) or pa.types.is_large_string(cells.type):
        cells = cells.cast(pa.string())
    if not pa.types.is_string(cells.type):
        cells = pa.array([entity_label(cell) for cell in cells.to_pylist()], pa.string())
    starts, text = _text(cells)
    hashes, as_they_are = text_hashes(starts, text)
    if cells.null_count or not as_they_are:
        cells.validate(full=True)  # trimming looks at the ends of a text only
        cells = pc.utf8_trim_whitespace(cells).fill_null("")
        starts, text = _text(cells)
        hashes = text_hashes(starts, text)[0]
    return cells, np.diff(starts), hashes


def _text(labels: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return (start of every text and end of the last, bytes) of an Arrow array of texts.

    An empty array may do without its first start.
    """
    if len(labels) == 0:
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    _, offsets, data = labels.buffers()
    starts = np.frombuffer(offsets, np.int32, len(labels) + 1, labels.offset * 4).astype(np.int64)
    return starts, np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
