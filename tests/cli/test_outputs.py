"""Where commands write: places that cannot be written to, and what an earlier run left (§8)."""

import json
import subprocess
import sys
from hashlib import sha256
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path

import pytest
from builders import OTHER_CARD, a_card, a_notification, a_permission, a_person, write_csv, write_register
from commands import names, run, table

import renkei
from renkei.agreement.datasets import NOTIFICATIONS

FORMATS = ("csv", "parquet", "xlsx") if find_spec("xlsxwriter") else ("csv", "parquet")
TABLES = ("annex2", "annex3", "matches", "rejects")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    write_csv(
        tmp_path / "n.csv", NOTIFICATIONS, [a_notification(sex="2"), a_notification(notification_id="N2")]
    )
    write_register(
        tmp_path / "register",
        {
            "persons": [a_person(), a_person(person_id="P2", card_number=OTHER_CARD)],
            "cards": [a_card(), a_card(card_number=OTHER_CARD, person_id="P2")],
            "permissions": [a_permission(person_id="P2")],
        },
    )
    return tmp_path


def reconcile(world: Path, *options: object, out: str = "out") -> subprocess.CompletedProcess[str]:
    files = ("--notifications", world / "n.csv", "--register", world / "register")
    return run(*map(str, ("reconcile", *files, "--as-of", "2026-04-13", "--out", world / out, *options)))


# --- places ------------------------------------------------------------------------------------------


def a_file(world: Path) -> str:
    (world / "taken").write_text("a file")
    return "taken"


def below_a_file(world: Path) -> str:
    return f"{a_file(world)}/below"


def a_directory_named_as_a_table(world: Path) -> str:
    (world / "out/matches.csv/kept").mkdir(parents=True)
    return "out"


def a_directory_named_as_an_earlier_table(world: Path) -> str:
    (world / "out/matches.parquet").mkdir(parents=True)
    return "out"


REFUSED = (a_file, below_a_file, a_directory_named_as_a_table, a_directory_named_as_an_earlier_table)


@pytest.mark.parametrize("place", REFUSED, ids=lambda place: place.__name__)
def test_a_place_that_cannot_be_written_to_is_refused_by_its_name(place, world: Path) -> None:
    out = place(world)
    before = sorted(world.rglob("*"))
    ran = reconcile(world, "--quiet", "--lang", "ja", out=out)

    assert ran.returncode == 2
    assert str(world / out) in ran.stderr
    assert "Traceback" not in ran.stderr
    assert sorted(world.rglob("*")) == before


def new(world: Path) -> str:
    return "out"


def several_levels_below(world: Path) -> str:
    return "a/b/out"


def empty(world: Path) -> str:
    (world / "out").mkdir()
    return "out"


def with_something_else_in_it(world: Path) -> str:
    (world / "out/notes").mkdir(parents=True)
    return "out"


def a_link(world: Path) -> str:
    (world / "real").mkdir()
    (world / "out").symlink_to(world / "real")
    return "out"


@pytest.mark.parametrize(
    "place", [new, several_levels_below, empty, with_something_else_in_it, a_link], ids=lambda p: p.__name__
)
def test_a_place_that_can_be_written_to_is_taken(place, world: Path) -> None:
    out = place(world)
    others = names(world / out)
    ran = reconcile(world, "--quiet", out=out)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert names(world / out) == sorted([*(f"{name}.csv" for name in TABLES), "summary.json", *others])
    assert list(world.rglob(".*")) == []


OTHERS = {
    "prepare": ("prepare", "--notifications", "{0}/n.csv", "--out", "{0}/{1}/annex1.csv"),
    "simulate": ("simulate", "--residents", "20", "--notifications", "10", "--out", "{0}/{1}/world"),
    "report": (
        *("reconcile", "--notifications", "{0}/n.csv", "--register", "{0}/register"),
        *("--as-of", "2026-04-13", "--out", "{0}/out", "--report", "{0}/{1}/report.html"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", OTHERS.values(), ids=list(OTHERS))
def test_other_commands_refuse_such_places_and_take_the_neighbour(
    command: tuple[str, ...], world: Path
) -> None:
    refused = run(*(word.format(world, a_file(world)) for word in command))
    left = (world / "out").exists()
    taken = run(*(word.format(world, "new") for word in command))

    assert (refused.returncode, refused.stdout, left) == (2, "", False)
    assert str(world / "taken") in refused.stderr
    assert taken.returncode == 0, taken.stderr


# --- what an earlier run left ------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "then"), list(permutations(FORMATS, 2)))
def test_of_two_formats_only_what_the_last_run_wrote_is_left(first: str, then: str, world: Path) -> None:
    reconcile(world, "--format", first, "--candidates")
    (world / "out/notes.txt").write_text("somebody's own")
    write_csv(world / "n.csv", NOTIFICATIONS, [a_notification(notification_id="M1", sex="2")])
    reconcile(world, "--format", then)
    explained = run("explain", "--notification", "M1", "--result", str(world / "out"), "--json")
    gone = run("explain", "--notification", "N1", "--result", str(world / "out"))

    assert names(world / "out") == sorted(
        [*(f"{name}.{then}" for name in TABLES), "notes.txt", "summary.json"]
    )
    assert json.loads(explained.stdout)["differences"][0]["item"] == "sex"
    assert gone.returncode == 2


def test_tables_of_two_formats_belong_to_no_run(world: Path) -> None:
    reconcile(world)
    (world / "out/matches.parquet").write_bytes(b"")
    ran = run("explain", "--notification", "N1", "--result", str(world / "out"), "--lang", "ja")

    assert ran.returncode == 2
    assert "csv" in ran.stderr
    assert "parquet" in ran.stderr


# --- the summary -------------------------------------------------------------------------------------


def test_the_summary_says_of_what_and_by_what_it_is(world: Path) -> None:
    reconcile(world, "--confirmed", "one file, looked at")
    summary = json.loads((world / "out/summary.json").read_text("utf-8"))
    files = {"notifications": world / "n.csv"} | {
        name: world / f"register/{name}.csv" for name in ("persons", "cards", "permissions")
    }

    assert summary["version"] == renkei.__version__
    assert summary["inputs"] == {
        name: [sha256(path.read_bytes()).hexdigest()] for name, path in files.items()
    }
    assert summary["confirmed"] == {"reason": "one file, looked at", "implausible": []}
    assert summary["notifications_are"] == "all"
    assert len(summary["policy_digest"]) == 64


def test_of_a_days_changes_nobody_is_suspected(world: Path) -> None:
    rows = [a_notification(sex="2"), a_notification()]
    write_csv(world / "n.csv", NOTIFICATIONS, rows)
    every, changes = reconcile(world, "--json"), reconcile(world, "--notifications-are", "changes", "--json")

    assert sum(json.loads(every.stdout)["annex3"].values()) == 1
    assert table(world / "out/annex3.csv") == []
    assert json.loads(changes.stdout)["flags"]["shared_number"] is None
    assert json.loads(changes.stdout)["notifications_are"] == "changes"
    (match,) = table(world / "out/matches.csv")
    assert (match["outcome"], match["shared_number"]) == ("matched", "")


# --- implausible input -------------------------------------------------------------------------------


def odd(world: Path, rows: int) -> None:
    write_csv(
        world / "n.csv",
        NOTIFICATIONS,
        [
            a_notification(notification_id=f"N{place}", registered_on="?" if place < rows else "2026-04-01")
            for place in range(60)
        ],
    )


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_implausible_input_ends_with_3_and_writes_nothing(lang: str, world: Path) -> None:
    odd(world, 21)
    refused = reconcile(world, "--lang", lang)
    left = names(world / "out")
    odd(world, 20)
    taken = reconcile(world)

    assert (refused.returncode, refused.stdout, left) == (3, "", [])
    assert all(number in refused.stderr for number in ("21", "60", "20", "--confirmed"))
    assert taken.returncode == 0


def test_a_reason_confirms_it_and_is_kept(world: Path) -> None:
    odd(world, 21)
    without = reconcile(world, "--confirmed", " ")
    ran = reconcile(world, "--confirmed", "手作業で確認した")
    kept = json.loads((world / "out/summary.json").read_text("utf-8"))["confirmed"]

    assert (without.returncode, ran.returncode) == (2, 0)
    assert kept["reason"] == "手作業で確認した"
    assert kept["implausible"] == [
        {"rule": "set_aside", "dataset": "notifications", "count": 21, "of": 60, "limit": 20}
    ]


def test_a_table_that_shrank_is_told_from_the_earlier_run(world: Path) -> None:
    odd(world, 0)
    reconcile(world, out="first")
    whole = (world / "n.csv").read_text("utf-8").splitlines(keepends=True)
    compared = ("--compared-with", world / "first", "--quiet")
    ended = {}
    for rows in (40, 39):
        (world / "n.csv").write_text("".join(whole[: rows + 1]), "utf-8")
        ended[rows] = reconcile(world, *compared).returncode
    nothing = reconcile(world, "--compared-with", world / "nowhere")

    assert ended == {40: 0, 39: 3}
    assert nothing.returncode == 2
    assert "nowhere" in nothing.stderr


@pytest.mark.parametrize(("rows", "status"), [(20, 0), (21, 3)])
def test_preparing_has_the_same_guard(rows: int, status: int, world: Path) -> None:
    odd(world, rows)
    asked = ("prepare", "--notifications", str(world / "n.csv"), "--out", str(world / "out/annex1.csv"))
    ran = run(*asked)
    left = names(world / "out")
    confirmed = run(*asked, "--confirmed", "looked at")

    assert ran.returncode == status
    assert left == ([] if status else ["annex1.csv", "rejects.csv"])
    assert confirmed.returncode == 0


def test_of_two_files_none_is_left_out_in_silence(world: Path) -> None:
    more = write_csv(world / "more.csv", NOTIFICATIONS, [a_notification(notification_id="N9")])
    ran = reconcile(world, "--notifications", more, "--json")

    assert ran.returncode == 2 or json.loads(ran.stdout)["datasets"]["notifications"]["read"] == 3


# --- the command line --------------------------------------------------------------------------------


def test_it_says_its_version() -> None:
    ran = run("--version")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"renkei {renkei.__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Path(sys.executable).with_name("renkei")
    typed = {"COMP_WORDS": "renkei reconc", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "renkei reconc"}
    for name, value in typed.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    said = {}
    for what in ("source", "complete"):
        monkeypatch.setenv("_RENKEI_COMPLETE", f"{what}_{shell}")
        said[what] = subprocess.run([command], capture_output=True, text=True, check=False).stdout

    assert "_RENKEI_COMPLETE=complete_" in said["source"]
    assert "reconcile" in said["complete"]


@pytest.mark.parametrize("command", [("--help",), ("agreement",), ("agreement", "--json")])
def test_a_reader_who_has_enough_ends_a_command_quietly(command: tuple[str, ...]) -> None:
    asked = [sys.executable, "-m", "renkei", *command]
    running = subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()

    with running.stderr:
        assert running.stderr.read() == b""
    assert running.wait() == 0
