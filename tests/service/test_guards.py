"""A file is measured before it is opened: bombs, width and length are refused, honest files pass."""

from __future__ import annotations

import gzip
import io
import zipfile

import pandas as pd
import pytest

from causal_service.errors import CausalServiceError
from causal_service.service.uploads.guards import Limits, first_look, second_look

LIMITS = Limits(unpacked=4_000_000, columns=50, cells=100_000)
CSV = b"plant,month,x\n" + b"".join(b"P%d,2024-01,%d\n" % (k, k) for k in range(50))


def workbook() -> bytes:
    content = io.BytesIO()
    pd.DataFrame({"plant": ["a", "b"], "x": [1, 2]}).to_excel(content, index=False)
    return content.getvalue()


def parquet(rows: int = 10, columns: int = 3) -> bytes:
    content = io.BytesIO()
    pd.DataFrame({f"x{k}": [0.0] * rows for k in range(columns)}).to_parquet(content)
    return content.getvalue()


def zipped(**entries: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in entries.items():
            archive.writestr(name.replace("_", "/"), body)
    return content.getvalue()


def looked_at(path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        kind = first_look(path, "upload", LIMITS)
        second_look(path, "upload", LIMITS)
    except CausalServiceError as error:
        return error.code
    return kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CSV, "text"),
        (gzip.compress(CSV), "text"),
        (CSV.decode().encode("utf-16"), "text"),
        ("工厂,月份,值\n甲,2024-01,1\n".encode("gb18030"), "text"),
        (workbook(), "excel"),
        (gzip.compress(workbook()), "excel"),
        (parquet(), "parquet"),
        (gzip.compress(parquet()), "parquet"),
    ],
)
def test_honest_files_pass(tmp_path, content, kind):
    assert looked_at(tmp_path / "file", content) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(b"a,b\n" + b"0" * 5_000_000), "too-large"),
        (gzip.compress(gzip.compress(CSV))[:-9], "damaged-file"),
        (zipped(xl_workbook=b"<x/>", xl_sheet=b"\0" * 5_000_000), "too-large"),
        (zipped(readme=b"no workbook"), "not-a-table"),
        (workbook()[:-30], "damaged-file"),
        (b"PK\x03\x04" + b"\0" * 100, "damaged-file"),
        (parquet(rows=60_000, columns=2), "too-many-cells"),
        (parquet(rows=1, columns=60), "too-many-columns"),
        (parquet()[:-5], "damaged-file"),
        (b"PAR1" + b"\xff" * 200 + b"PAR1", "damaged-file"),
        (b",".join(b"c%d" % k for k in range(60)) + b"\n", "too-many-columns"),
        (b"a,b\n" + b"1,2\n" * 60_000, "too-many-cells"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old-excel"),
    ],
)
def test_bombs_and_giants_are_refused(tmp_path, content, code):
    assert looked_at(tmp_path / "file", content) == code
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
