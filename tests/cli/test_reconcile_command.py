"""`renkei reconcile`, through its real entry point."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from builders import (
    OTHER_CARD,
    a_card,
    a_notification,
    a_permission,
    a_person,
    write_csv,
    write_register,
)
from commands import MARK, names, run, table

from renkei.agreement.datasets import NOTIFICATIONS

TABLES = ["annex2.csv", "annex3.csv", "matches.csv", "rejects.csv"]
FILES = [*TABLES, "summary.json"]


@pytest.fixture
def world(tmp_path: Path) -> list[str]:
    """The arguments of a reconciliation of four notifications, one of them rejected."""
    write_csv(
        tmp_path / "extract.csv",
        NOTIFICATIONS,
        [
            a_notification(notification_id="N1"),
            a_notification(notification_id="N2", name=MARK + "A", sex="2"),
            a_notification(notification_id="N3", card_number="AB1"),
            a_notification(notification_id="N4", name=MARK, registered_on="?"),
        ],
    )
    write_register(
        tmp_path / "register",
        {
            "persons": [a_person(), a_person(person_id="P2", card_number=OTHER_CARD)],
            "cards": [a_card(), a_card(card_number=OTHER_CARD, person_id="P2")],
            "permissions": [a_permission(person_id="P2")],
        },
    )
    return arguments(tmp_path)


def arguments(directory: Path) -> list[str]:
    return [
        "reconcile",
        *("--notifications", str(directory / "extract.csv")),
        *("--register", str(directory / "register")),
        *("--as-of", "2026-04-13"),
        *("--out", str(directory / "out")),
    ]


def test_it_writes_five_files_and_prints_counts(world: list[str], tmp_path: Path) -> None:
    ran = run(*world)
    out = tmp_path / "out"

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "notifications: matched" in ran.stdout
    assert MARK not in ran.stdout
    assert names(out) == FILES
    assert [row["outcome"] for row in table(out / "matches.csv")] == ["matched", "mismatched", "not_found"]
    assert [row["notification_id"] for row in table(out / "annex2.csv")] == ["N2", "N3"]
    assert [row["permission_id"] for row in table(out / "annex3.csv")] == ["K1"]
    assert table(out / "rejects.csv") == [
        {
            "dataset": "notifications",
            "line": "5",
            "identifier": "N4",
            "action": "row",
            "reasons": "unreadable:registered_on",
        }
    ]
    counts = json.loads((out / "summary.json").read_text("utf-8"))["datasets"]["notifications"]
    assert counts == {
        "read": 4, "rejected": 1, "taken": 3, "matched": 1, "mismatched": 1, "not_found": 1, "deleted": 0,
        "held": 0,
    }  # fmt: skip


@pytest.mark.slow
def test_json_prints_the_summary_and_a_second_run_is_byte_identical(world: list[str], tmp_path: Path) -> None:
    first, out = run(*world, "--json"), tmp_path / "out"
    written = {name: (out / name).read_bytes() for name in FILES}
    (out / "annex2.csv").write_text("what an earlier run left")

    second = run(*world, "--json")

    assert json.loads(first.stdout) == json.loads(written["summary.json"])
    assert second.stdout == first.stdout
    assert {name: (out / name).read_bytes() for name in FILES} == written


@pytest.mark.slow
def test_parquet_and_cp932_and_japanese_and_quiet(world: list[str], tmp_path: Path) -> None:
    run(*world, "--quiet")
    out, register = tmp_path / "out", tmp_path / "register"
    written = {name: (out / name).read_bytes() for name in FILES}
    for path in register.glob("*.csv"):
        pl.read_csv(path, infer_schema=False).write_parquet(path.with_suffix(".parquet"))
        path.unlink()
    extract = tmp_path / "extract.csv"
    extract.write_bytes(extract.read_text("utf-8").encode("cp932"))

    ran = run(*world, "--quiet", "--encoding", "cp932", "--lang", "ja")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert {name: (out / name).read_bytes() for name in TABLES} == {name: written[name] for name in TABLES}
    one, other = (json.loads(each) for each in (written["summary.json"], (out / "summary.json").read_bytes()))
    assert one.pop("inputs") != other.pop("inputs")
    assert one == other


@pytest.mark.slow
def test_a_policy_replaces_decisions(world: list[str], tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('compared_items = ["birth_date"]\ngrace_days = 30\n')

    ran = run(*world, "--policy", str(policy), "--json")

    summary = json.loads(ran.stdout)
    assert summary["policy"] == {"compared_items": ["birth_date"], "grace_days": 30}
    assert summary["datasets"]["notifications"]["mismatched"] == 0
    assert table(tmp_path / "out" / "annex3.csv") == []


def _without(world: list[str], option: str, value: str) -> list[str]:
    place = world.index(option)
    return [*world[: place + 1], value, *world[place + 2 :]]


REFUSALS = {
    "no such file": lambda world, at: _without(world, "--notifications", str(at / "nothing.csv")),
    "no register": lambda world, at: _without(world, "--register", str(at / "nowhere")),
    "no day": lambda world, at: _without(world, "--as-of", "2026-02-30"),
    "an unknown column": lambda world, at: _spoilt(world, at, "extract.csv", ("sex", "my_number")),
    "a missing column": lambda world, at: _spoilt(world, at, "register/cards.csv", ("issued_on,", "")),
    "a broken row": lambda world, at: _spoilt(world, at, "register/persons.csv", ("P2,", "P2," + MARK + ",")),
    "both endings": lambda world, at: _also(world, at / "register" / "cards.parquet"),
    "an unknown engine": lambda world, at: [*world, "--engine", "abacus"],
    "an unknown option": lambda world, at: [*world, "--surprise"],
    "a wrong policy": lambda world, at: [*world, "--policy", _written(at / "p.toml", "grace = 3")],
}


def _spoilt(world: list[str], at: Path, name: str, change: tuple[str, str]) -> list[str]:
    path = at / name
    path.write_text(path.read_text("utf-8").replace(*change, 1), encoding="utf-8")
    return world


def _also(world: list[str], path: Path) -> list[str]:
    path.write_bytes(b"")
    return world


def _written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


FEW = ("an unknown column", "a broken row", "no day")


@pytest.mark.parametrize(
    "refused", [pytest.param(name, marks=[] if name in FEW else pytest.mark.slow) for name in REFUSALS]
)
def test_what_is_refused_ends_with_2_and_writes_nothing(
    refused: str, world: list[str], tmp_path: Path
) -> None:
    ran = run(*REFUSALS[refused](world, tmp_path))

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert MARK not in ran.stderr
    assert "Traceback" not in ran.stderr
    assert names(tmp_path / "out") == []


def test_a_refusal_leaves_what_an_earlier_run_wrote(world: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "annex2.csv").write_text("earlier")

    ran = run(*_spoilt(world, tmp_path, "extract.csv", ("sex", "個人番号")), "--lang", "ja")

    assert ran.returncode == 2
    assert "知らない列: 個人番号" in ran.stderr
    assert (out / "annex2.csv").read_text() == "earlier"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lang", "said"),
    [("ja_JP.UTF-8", "知らない列: my_number"), ("en_US.UTF-8", "unknown columns: my_number")],
)
def test_the_locale_chooses_the_language(lang: str, said: str, world: list[str], tmp_path: Path) -> None:
    ran = run(*_spoilt(world, tmp_path, "extract.csv", ("sex", "my_number")), lang=lang)

    assert said in ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "earlier", [[], ["matches.csv", "notes.txt"]], ids=["a new place", "an earlier run's"]
)
def test_a_killed_run_leaves_no_half_file_and_the_next_removes_what_it_left(
    earlier: list[str], tmp_path: Path
) -> None:
    many = [a_notification(notification_id=f"N{place}", sex="2") for place in range(150_000)]
    write_csv(tmp_path / "extract.csv", NOTIFICATIONS, many)
    register = {"persons": [a_person()], "cards": [a_card()]}
    write_register(tmp_path / "register", register)
    out = tmp_path / "out"
    for name in earlier:
        out.mkdir(exist_ok=True)
        (out / name).write_text("earlier")

    def unfinished() -> list[Path]:
        return [*tmp_path.glob("out/.unfinished-*"), *tmp_path.glob(".out.unfinished-*")]

    running = subprocess.Popen([sys.executable, "-m", "renkei", *arguments(tmp_path), "--quiet"])
    deadline = time.monotonic() + 120
    while running.poll() is None and not any(names(left) for left in unfinished()):
        assert time.monotonic() < deadline
        time.sleep(0.0005)
    killed = running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.wait()

    assert killed
    assert [name for name in names(out) if not name.startswith(".unfinished-")] == earlier
    assert all((out / name).read_text() == "earlier" for name in earlier)
    assert unfinished()
    assert all(left.stat().st_mode & 0o077 == 0 for left in unfinished())

    write_csv(tmp_path / "extract.csv", NOTIFICATIONS, many[:10])
    again = run(*arguments(tmp_path), "--quiet")

    assert again.returncode == 0
    assert unfinished() == []
    assert names(out) == sorted({*FILES, *earlier})
    assert len(table(out / "annex2.csv")) == 10
    assert out.stat().st_mode & 0o777 == tmp_path.joinpath("register").stat().st_mode & 0o777


@pytest.mark.slow
def test_a_matching_loads_only_what_it_computes_with(world: list[str]) -> None:
    code = (
        "import sys; from renkei.cli import main\n"
        "try: main()\n"
        "finally: print({'pandas', 'numpy.ma', 'pyarrow.compute', 'rich'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code, *world]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]

    assert loaded == "set()"
