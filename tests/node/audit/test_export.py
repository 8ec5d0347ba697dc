"""An export is checked without Renkei: with Python, with jq and sha256sum, as docs/incidents.md says."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from renkei.node.audit.export import export
from renkei.node.audit.models import Entry
from renkei.node.audit.trail import FIRST_PREVIOUS, head
from renkei.node.errors import NotExported

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs/incidents.md"


@pytest.fixture
def file(node, written, tmp_path) -> Path:
    written(5)
    export(tmp_path / "trail.jsonl", NOW)
    return tmp_path / "trail.jsonl"


def check(language: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Run the page's own check of that language on a file."""
    (script,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    program = {"python": [sys.executable, "-c"], "sh": ["sh", "-c"]}[language]
    return subprocess.run([*program, script], cwd=file.parent, capture_output=True, text=True)


def test_each_line_is_what_is_sealed_and_the_head_is_beside_it(file):
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    beside = json.loads(file.with_name("trail.jsonl.head").read_text())

    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["previous"] for line in lines[1:]] == list(
        Entry.objects.filter(number__lt=5).values_list("sha256", flat=True)
    )
    assert (beside["previous"], beside["head"], beside["entries"]) == (
        FIRST_PREVIOUS,
        Entry.objects.get(number=5).sha256,
        5,
    )
    assert file.stat().st_mode & 0o777 == 0o600


def test_exporting_stands_in_the_trail_itself(file):
    last = Entry.objects.last()

    assert (last.verb, last.facts["entries"], last.facts["last"]) == ("TRAIL_EXPORTED", 5, 5)
    assert head() == last.sha256


@pytest.mark.parametrize("language", ["python", "sh"])
def test_the_pages_checks_pass_a_whole_export_and_no_other(file, language):
    if language == "sh" and not shutil.which("jq"):
        pytest.skip("jq is not installed")

    assert check(language, file).returncode == 0

    whole = file.read_text("utf-8")
    for changed in (
        whole.replace('"rows":3', '"rows":4'),
        whole.partition("\n")[2],
        whole.rstrip("\n").rpartition("\n")[0] + "\n",
    ):
        file.write_text(changed, "utf-8")

        assert check(language, file).returncode != 0


def test_days_are_exported_as_one_piece_of_the_chain(node, written, owner, tmp_path):
    written(3)
    today = Entry.objects.first().at
    before = today - timedelta(days=3)
    owner(f"UPDATE audit_entry SET at = '{before:%Y-%m-%d %H:%M:%S}+00:00' WHERE number < 3")
    yesterday = (today + timedelta(hours=9)).date() - timedelta(days=1)
    made = export(tmp_path / "late.jsonl", NOW, since=yesterday)

    assert (made.first, made.last, made.entries) == (3, 3, 1)
    assert made.previous == Entry.objects.get(number=2).sha256

    made = export(tmp_path / "early.jsonl", NOW, until=yesterday)

    assert (made.first, made.last, made.entries) == (1, 2, 2)


def test_days_without_entries_give_an_empty_export(node, written, tmp_path):
    written(1)
    made = export(tmp_path / "none.jsonl", NOW, until=date(2020, 1, 1))

    assert (made.entries, made.first, made.last) == (0, 0, 0)
    assert (tmp_path / "none.jsonl").read_bytes() == b""


def test_an_export_is_never_written_over(file):
    with pytest.raises(NotExported):
        export(file, NOW)
