"""Excel files as plain rows; whatever a damaged one makes the library stumble over is said as one refusal."""

from __future__ import annotations

import io
from collections.abc import Iterator

from causal_service.errors import Text, UnreadableFile

__all__ = ["worksheets"]


def worksheets(content: bytes, name: str) -> Iterator[tuple[str, list[list[object]]]]:
    """Yield title and rows of one sheet after the other, values only.

    Raises
    ------
    UnreadableFile : ``damaged-excel``.
    """
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = book.worksheets
    except MemoryError:
        raise
    except Exception:  # openpyxl raises what its zip, XML and number parsers raise: there is no list of it
        raise _damaged(name) from None
    for sheet in sheets:
        try:
            rows = [list(row) for row in sheet.iter_rows(values_only=True)]
        except MemoryError:
            raise
        except Exception:  # as above
            raise _damaged(name) from None
        yield str(sheet.title), rows


def _damaged(name: str) -> UnreadableFile:
    return UnreadableFile(
        "damaged-excel",
        Text(f"“{name}”是损坏的 Excel 文件。", f"{name!r} is a damaged Excel file."),
        Text("请用 Excel 打开并另存，或导出为 CSV。", "Open it in Excel and save it again, or export it as CSV."),
        {"file": name},
    )
