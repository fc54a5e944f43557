"""Codes and hashes of the cells of a key column (entity or period) that is read batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causal_service.numerics.scatter import text_hashes
from causal_service.panel.sources import entity_label

__all__ = ["KeyCodes", "keys_of"]


def keys_of(labels: Sequence[str]) -> NDArray[np.uint64]:
    """Return a 64-bit hash (n,) of every label; the same on every machine."""
    digests = b"".join(hashlib.blake2b(label.encode(), digest_size=8).digest() for label in labels)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


class KeyCodes:
    """Codes of the distinct cells of a key column, in order of appearance."""

    def __init__(self) -> None:
        self.cells: list[object] = []
        self.keys = np.zeros(1, np.uint64)
        """Hash of every cell read as a label, then 0 for the empty cell (code -1)."""
        self._code: dict[object, int] = {}
        self._last: tuple[Any, NDArray[np.int32]] | None = None
        self._met = np.empty(0, np.uint64), np.empty(0, np.int32)
        """Hashes of the cells as they stand in the file, ascending, and their codes."""

    def of(self, column: Any, *, label: bool) -> NDArray[np.int32]:
        """Return the code of every cell, -1 where it is empty; ``label`` = the cell is an entity."""
        import pyarrow as pa  # type: ignore[import-untyped]

        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        if self._last is None or not self._last[0].equals(column.dictionary):
            before = len(self.cells)
            codes = self._codes(column.dictionary, label)
            if label:
                added = keys_of([str(cell) for cell in self.cells[before:]])
                self.keys = np.concatenate([self.keys[:-1], added, np.zeros(1, np.uint64)])
            self._last = column.dictionary, np.append(codes, np.int32(-1))
        indices = column.indices.fill_null(len(column.dictionary)).to_numpy(zero_copy_only=False)
        return np.asarray(self._last[1][indices])

    def _codes(self, cells: Any, label: bool) -> NDArray[np.int32]:
        """Return the codes of distinct cells; only those not met before are looked at one by one."""
        hashes = _hashes(cells)
        if hashes is None:
            return self._added(cells, label)
        met, codes = self._met
        at = np.minimum(np.searchsorted(met, hashes), max(met.size - 1, 0))
        new = np.flatnonzero(met[at] != hashes) if met.size else np.arange(hashes.size)
        if new.size:
            found = np.concatenate([met, hashes[new]])
            order = np.argsort(found, kind="stable")
            met, codes = found[order], np.concatenate([codes, self._added(cells.take(_arrow(new)), label)])[order]
            self._met = met, codes
            at = np.searchsorted(met, hashes)
        return codes[at]

    def _added(self, cells: Any, label: bool) -> NDArray[np.int32]:
        return np.array([self._add(entity_label(cell) if label else cell) for cell in cells.to_pylist()], np.int32)

    def _add(self, cell: object) -> int:
        if cell is None or cell == "":
            return -1
        code = self._code.setdefault(cell, len(self.cells))
        if code == len(self.cells):
            self.cells.append(cell)
        return code


def _arrow(values: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    return pa.array(values)


def _hashes(cells: Any) -> NDArray[np.uint64] | None:
    """Return a 64-bit hash of every text of an Arrow array; ``None`` where it holds something else or nothing."""
    import pyarrow as pa

    if not pa.types.is_string(cells.type) or cells.null_count or not len(cells):
        return None
    _, offsets, data = cells.buffers()
    starts = np.frombuffer(offsets, np.int32, len(cells) + 1, cells.offset * 4).astype(np.int64)
    text = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return np.asarray(text_hashes(starts, text))
