"""The notebook runs from the first cell to the last, against a service that it starts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "experiments" / "notebooks" / "from_upload_to_report.ipynb"


def test_it_is_kept_without_results():
    import nbformat

    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)


@pytest.mark.slow
def test_it_runs(tmp_path: Path):
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(
        notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = {
        cell.id: "".join(str(output.get("text", "")) + str(output.get("data", "")) for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert "48 plants, 36 months, 19 indicators" in shown["cell-05"]
    assert "Delivery cycle" in shown["cell-07"]
    assert "discover" in shown["cell-07"]
    assert "delivery_cycle" in shown["cell-09"]
    assert "report.html" in shown["cell-13"]
    assert (tmp_path / "result" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
