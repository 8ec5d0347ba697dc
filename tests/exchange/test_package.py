"""The data package: valid for an independent validator, complete for each service; the rules of its rows."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from material import NOW
from world import World, a_row

from renkei.agreement.decisions import DEFAULT_POLICY, Policy
from renkei.exchange.rows import RowChecker, SetAside
from renkei.exchange.schemas import NOTIFICATIONS_TABLE, tables_of


def frictionless(place: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).with_name("frictionless")),
        "validate",
        str(place / "datapackage.json"),
    ]
    return subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_outside_validator_finds_it_valid(world: World):
    rows = [a_row(1, address='"東京都, ""霞が関"""'), a_row(2, extra_activity_permission="true"), a_row(3)]
    opened = world.deliver(world.send(rows))
    ran = frictionless(opened.data)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["valid"] is True


@pytest.mark.slow
def test_the_outside_validator_notices_a_changed_row(world: World):
    opened = world.deliver(world.send())
    path = opened.data / "notifications.csv"
    path.write_text(path.read_text("utf-8").replace("1990-01-00", "1990-13-00"), encoding="utf-8")

    assert frictionless(opened.data).returncode != 0


def test_labels_are_in_both_languages(world: World):
    opened = world.deliver(world.send())
    described = json.loads((opened.data / "datapackage.json").read_bytes())
    for field in described["resources"][0]["schema"]["fields"]:
        assert field["title"]
        assert field["title_en"]


def checked(service: str, dataset: str, values: dict[str, str], policy: Policy = DEFAULT_POLICY) -> str:
    """Check one row of a dataset; return '' if it is taken, or the reasons why it is set aside."""
    table = next(table for table in tables_of(service, policy) if table.name == dataset)
    row = ",".join((dict.fromkeys(table.names, "") | values).values())
    found: list[SetAside] = []
    checker = RowChecker(table, found.append)
    data = (",".join(table.names) + "\n" + row + "\n").encode()
    taken = checker.feed(data)
    checker.finish()
    assert (taken == data) == (not found)
    return ";".join(row.joined for row in found)


NOTIFICATION = {
    "notification_id": "N1",
    "name": "A",
    "status_of_residence": "student",
    "birth_date": "1990-00-00",
    "sex": "1",
    "nationality": "VNM",
    "card_number": "AB12345678CD",
    "registered_on": "2026-04-01",
}
PERMANENT = NOTIFICATION | {"status_of_residence": "permanent"}
TOMBSTONE = {
    "notification_id": "N1",
    "card_number": "AB12345678CD",
    "registered_on": "2026-04-01",
    "deleted_on": "2026-04-02",
}
MISMATCHED = {
    "notification_id": "N1",
    "outcome": "mismatched",
    "matched_on": "2026-04-01",
    "card_number": "AB12345678CD",
    "mismatched_items": "name;sex",
    "identity_caution": "false",
    "linked_name": "B",
    "latest_name": "B",
    "action": "report",
}
NOT_FOUND = {
    "notification_id": "N1",
    "outcome": "not_found",
    "matched_on": "2026-04-01",
    "identity_caution": "false",
    "action": "report",
}
OMISSION = {
    "permission_id": "P1",
    "ground": "coe",
    "reason": "no_notification",
    "name": "A",
    "status_of_residence": "engineer",
    "birth_date": "1990-01-01",
    "sex": "2",
    "nationality": "PHL",
    "card_number": "AB12345678CD",
    "landed_on": "2026-01-01",
    "organisation_name": "株式会社試験",
    "action": "report",
}

REJECTED = {
    "dataset": "notifications",
    "service": "annex1",
    "sequence": "1",
    "line": "3",
    "identifier": "N000000002",
    "reasons": "duplicate:notification_id",
}


@pytest.mark.parametrize(
    ("service", "table", "values", "outcome"),
    [
        ("annex1", "notifications", NOTIFICATION, ""),
        ("annex1", "notifications", NOTIFICATION | {"industry": "39"}, ""),
        ("annex1", "notifications", PERMANENT, ""),
        ("annex1", "notifications", PERMANENT | {"industry": "39"}, "forbidden:industry"),
        ("annex1", "notifications", PERMANENT | {"employment_end": "2026-04-01"}, "forbidden:employment_end"),
        ("annex1", "notifications", TOMBSTONE, ""),
        ("annex1", "notifications", NOTIFICATION | TOMBSTONE, ""),
        ("annex1", "notifications", PERMANENT | TOMBSTONE, ""),
        ("annex1", "notifications", PERMANENT | TOMBSTONE | {"industry": "39"}, "forbidden:industry"),
        ("annex1", "notifications", TOMBSTONE | {"industry": "39"}, "forbidden:industry"),
        ("annex1", "notifications", NOTIFICATION | {"card_number": "malformed"}, ""),
        ("annex1", "notifications", NOTIFICATION | {"card_number": ""}, "missing:card_number"),
        ("annex1", "notifications", NOTIFICATION | {"nationality": ""}, "missing:nationality"),
        ("annex1", "notifications", NOTIFICATION | {"postal_code": "100-0001"}, "unreadable:postal_code"),
        ("annex2-3", "discrepancies", MISMATCHED, ""),
        ("annex2-3", "discrepancies", MISMATCHED | {"linked_sex": "1"}, ""),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"linked_nationality": "CHN"},
            "forbidden:linked_nationality",
        ),
        ("annex2-3", "discrepancies", MISMATCHED | {"mismatched_items": ""}, "missing:mismatched_items"),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"differences": "name:one_digit"},
            "unreadable:differences",
        ),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"differences": "name:guessed"},
            "unreadable:differences",
        ),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"differences": "name:order"},
            "unreadable:differences",
        ),
        ("annex2-3", "discrepancies", MISMATCHED | {"differences": "name:partial;sex:different"}, ""),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"differences": "address of work"},
            "unreadable:differences",
        ),
        ("annex2-3", "discrepancies", NOT_FOUND, ""),
        ("annex2-3", "discrepancies", NOT_FOUND | {"differences": "card_number:malformed"}, ""),
        (
            "annex2-3",
            "discrepancies",
            NOT_FOUND | {"differences": "name:partial"},
            "unreadable:differences",
        ),
        ("annex2-3", "discrepancies", NOT_FOUND | {"latest_name": "B"}, "forbidden:latest_name"),
        ("annex2-3", "discrepancies", NOT_FOUND | {"card_number": "AB12345678CD"}, "forbidden:card_number"),
        (
            "annex2-3",
            "discrepancies",
            MISMATCHED | {"action": "withdraw"},
            "forbidden:card_number;forbidden:identity_caution;forbidden:latest_name;forbidden:linked_name;forbidden:mismatched_items",
        ),
        ("annex2-3", "suspected_omissions", OMISSION, ""),
        ("annex2-3", "suspected_omissions", OMISSION | {"changed_on": "2026-01-01"}, "forbidden:changed_on"),
        ("annex2-3", "suspected_omissions", OMISSION | {"ground": "change"}, "forbidden:landed_on"),
        ("annex2-3", "suspected_omissions", OMISSION | {"dispatch_phone": "03"}, ""),
        (
            "annex2-3",
            "suspected_omissions",
            {"permission_id": "P1", "ground": "coe", "reason": "no_notification", "action": "withdraw"},
            "",
        ),
        ("receipt", "rejected_rows", REJECTED, ""),
        ("receipt", "rejected_rows", REJECTED | {"identifier": ""}, ""),
        ("receipt", "rejected_rows", REJECTED | {"line": "0"}, "unreadable:line"),
        ("receipt", "rejected_rows", REJECTED | {"reasons": ""}, "missing:reasons"),
        ("receipt", "rejected_rows", REJECTED | {"service": "receipt"}, "unreadable:service"),
    ],
)
def test_the_rule_of_each_row(service: str, table: str, values: dict[str, str], outcome: str):
    assert checked(service, table, values) == outcome


SOME = Policy(disclosed_items=("name", "sex"))
NONE = Policy(disclosed_items=())
UNNAMED = MISMATCHED | {"mismatched_items": "", "linked_name": ""}
UNDISCLOSED = {name: value for name, value in UNNAMED.items() if not name.startswith(("linked_", "latest_"))}


@pytest.mark.parametrize(
    ("policy", "values", "outcome"),
    [
        (SOME, MISMATCHED | {"differences": "name:partial;sex:different"}, ""),
        (SOME, MISMATCHED | {"linked_sex": "1"}, ""),
        (SOME, MISMATCHED | {"mismatched_items": "sex"}, "forbidden:linked_name"),
        (
            SOME,
            MISMATCHED | {"mismatched_items": "birth_date;sex", "linked_name": ""},
            "forbidden:mismatched_items",
        ),
        (SOME, MISMATCHED | {"differences": "name:partial;birth_date:one_digit"}, "forbidden:differences"),
        (SOME, MISMATCHED | {"mismatched_items": "name;"}, "forbidden:mismatched_items"),
        (SOME, UNNAMED, ""),
        (SOME, UNNAMED | {"linked_name": "B"}, "forbidden:linked_name"),
        (SOME, UNNAMED | {"differences": "birth_date:one_digit"}, "forbidden:differences"),
        (SOME, NOT_FOUND | {"differences": "card_number:malformed"}, ""),
        (NONE, UNDISCLOSED, ""),
        (NONE, UNDISCLOSED | {"mismatched_items": "name"}, "forbidden:mismatched_items"),
        (NONE, UNDISCLOSED | {"differences": "name:partial"}, "forbidden:differences"),
    ],
)
def test_a_mismatch_names_the_items_that_the_policy_discloses(
    policy: Policy, values: dict[str, str], outcome: str
):
    assert checked("annex2-3", "discrepancies", values, policy) == outcome


@pytest.mark.slow
@pytest.mark.parametrize("theirs", [SOME, DEFAULT_POLICY], ids=["the same policy", "another policy"])
def test_annex_2_is_of_the_policy_of_both(world: World, theirs: Policy):
    world.isa.terms = replace(world.isa.terms, policy=SOME)
    world.mhlw.terms = replace(world.mhlw.terms, policy=theirs)
    (table, *_) = tables_of("annex2-3", SOME)
    path = world.directory / "discrepancies.csv"
    values = dict.fromkeys(table.names, "") | MISMATCHED
    path.write_text(",".join(table.names) + "\n" + ",".join(values.values()) + "\n", encoding="utf-8")
    order = world.order(service="annex2-3", purpose="labour_market", sources={"discrepancies": path})
    made = world.isa.outbox.make(order, world.isa.signer, world.mhlw.decrypter.certificate, NOW)
    world.mhlw.inbox.take(made.files, NOW)
    opened = world.mhlw.inbox.open("annex2-3", 1, [world.mhlw.decrypter], NOW)

    if theirs == SOME:
        assert opened.receipt.receipt.rows_taken == 1
        assert frictionless(opened.data).returncode == 0
    else:
        assert (opened.refusal.code, opened.refusal.detail) == ("package_schema", "discrepancies.csv: header")


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_rows_are_counted_whatever_the_blocks(size: int):
    table = NOTIFICATIONS_TABLE
    data = (",".join(table.names) + "\n" + "".join(a_row(number) for number in range(50))).encode()
    checker = RowChecker(table)
    stream = io.BytesIO(data)
    while block := stream.read(size):
        checker.feed(block)
    checker.finish()

    assert (checker.rows, checker.size) == (50, len(data))


def test_an_incident_is_a_delivery_of_its_own(world: World):
    path = world.directory / "incidents.csv"
    path.write_text(
        "incident_id,kind,suspected,found_on,known,data_concerned,deliveries_concerned,persons_concerned,contact\n"
        "I-1,leak,true,2026-04-01,誤送付の疑い,別紙1の届出,annex1 1,2,内線0000\n",
        encoding="utf-8",
    )
    order = world.order(service="incident", kind="incident", sources={"incidents": path})
    made = world.isa.outbox.make(order, world.isa.signer, world.mhlw.decrypter.certificate, NOW)
    world.mhlw.inbox.take(made.files, NOW)

    assert world.mhlw.inbox.open("incident", 1, [world.mhlw.decrypter], NOW).receipt.receipt.rows_taken == 1


TABLES = {
    "notifications": ("annex1", [NOTIFICATION, PERMANENT, TOMBSTONE]),
    "discrepancies": ("annex2-3", [MISMATCHED, NOT_FOUND]),
    "suspected_omissions": ("annex2-3", [OMISSION]),
    "rejected_rows": ("receipt", [REJECTED]),
}
VALUES = (
    *("", "A", "x" * 200, "1", "true", "2026-01-01", "2026-02-30", "name", "name;sex", "name:partial"),
    *("permanent", "coe", "change", "report", "withdraw", "mismatched", "not_found", "VNM", "1000001"),
)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", TABLES)
def test_whatever_row_is_set_aside_has_a_reason(dataset: str):
    service, rows = TABLES[dataset]
    table = next(table for table in tables_of(service, DEFAULT_POLICY) if table.name == dataset)
    draw = Random(1)
    for _ in range(1000):
        changes = {draw.choice(table.names): draw.choice(VALUES) for _ in range(draw.randint(1, 4))}
        values = dict.fromkeys(table.names, "") | draw.choice(rows) | changes
        reasons = checked(service, dataset, values)
        named = {
            reason.partition(":")[2]: reason.partition(":")[0] for reason in filter(None, reasons.split(";"))
        }

        assert all(values[name] == "" for name, kind in named.items() if kind == "missing")
        assert all(values[name] for name, kind in named.items() if kind != "missing")
