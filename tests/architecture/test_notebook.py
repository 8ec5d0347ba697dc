"""The notebook of the documentation runs from top to bottom in a kernel of its own."""

import os
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "matching.ipynb"


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    from nbclient import NotebookClient  # which takes a third of a second to load, in each worker

    # The commands of the notebook are those of this environment.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    return NotebookClient(notebook, startup_timeout=300, timeout=300, resources=where).execute()


def test_the_notebook_is_kept_without_output():
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    assert not [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]


@pytest.mark.slow
def test_the_notebook_runs_and_shows_counts_causes_and_the_refused_column(ran: nbformat.NotebookNode):
    shown = "".join(str(output) for cell in ran.cells for output in cell.get("outputs", ()))

    assert "Reconciliation as of 2026-04-01" in shown
    assert "birth_date:" in shown
    assert "a type that cannot hold their values" in shown
