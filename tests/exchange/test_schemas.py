"""Every fault of the content (steps 5 to 8), by a sender with a valid signature."""

import gzip
import io
import json
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from forging import (
    ROWS,
    cms_fingerprint,
    delivered,
    described,
    entry,
    forged,
    packaged,
    refused,
    tar_of,
    with_size,
)
from material import NOW, a_decrypter
from outside import ENCRYPT, openssl, write_pem
from world import DAY, HEADER, World, a_row, a_world, agreement_json, pin, plain_text_in

from renkei.exchange.errors import Misused, Refused
from renkei.exchange.manifest import sha256
from renkei.exchange.rows import RowChecker, SetAside
from renkei.exchange.schemas import NOTIFICATIONS_TABLE


def test_what_the_forger_of_these_tests_makes_is_else_in_order(world: World):
    assert world.isa.inbox.take(forged(world, packaged()), NOW).receipt
    assert world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).receipt.receipt.state == "accepted"


def test_a_recipient_that_is_not_us(world: World):
    stranger = a_decrypter("stranger", world.ca)
    digest = cms_fingerprint(stranger)

    assert refused(world, forged(world, packaged(), recipient=stranger)) == "recipient_not_us"
    world2 = a_world(
        world.directory / "again" if (world.directory / "again").mkdir() is None else world.directory
    )
    assert refused(world2, forged(world2, packaged(), recipient=stranger, recipient_sha256=digest)) == (
        "recipient_not_us"
    )


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda data: data[:-7] + bytes([data[-7] ^ 1]) + data[-6:], "tag_wrong"),
        (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], "tag_wrong"),
        (lambda data: data[:-30], "sealed_unreadable"),
        (lambda data: data + b"\0\0", "sealed_unreadable"),
        (lambda data: b"not a CMS file", "sealed_unreadable"),
    ],
)
def test_a_sealed_file_that_does_not_open(world: World, damage: Callable[[bytes], bytes], code: str):
    assert refused(world, forged(world, packaged(), damage=damage)) == code


@pytest.mark.parametrize(
    ("family", "options", "code"),
    [
        ("p256", ["-aes-128-gcm", "-keyopt", "ecdh_kdf_md:sha256"], "sealed_weak"),
        ("p256", ["-aes-256-gcm", "-keyopt", "ecdh_kdf_md:sha1"], "sealed_weak"),
        ("p256", ["-aes-256-cbc", "-keyopt", "ecdh_kdf_md:sha256"], "sealed_unreadable"),
        ("rsa", ["-aes-256-gcm"], "sealed_weak"),
        ("rsa", ["-aes-256-gcm", "-keyopt", "rsa_padding_mode:oaep"], "sealed_weak"),
    ],
    ids=["AES-128", "SHA-1 in the key agreement", "CBC", "PKCS#1 v1.5", "OAEP with SHA-1"],
)
def test_a_seal_weaker_than_agreed(tmp_path: Path, family: str, options: list[str], code: str):
    world = a_world(tmp_path, family)
    write_pem(tmp_path, "r", world.isa.decrypter)
    (tmp_path / "content").write_bytes(packaged())
    openssl(
        *ENCRYPT,
        options[0],
        "-recip",
        tmp_path / "r.crt",
        *options[1:],
        "-in",
        tmp_path / "content",
        "-out",
        tmp_path / "weak",
    )
    sealed = (tmp_path / "weak").read_bytes()

    assert refused(world, forged(world, b"", damage=lambda data: sealed)) == code


LINK = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        *(
            (tar_of((entry("notifications.csv", kind, "/etc/passwd"), b"")), "entry_forbidden")
            for kind in LINK
        ),
        (tar_of((entry("/notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("../notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("a/../notifications.csv"), ROWS)), "entry_forbidden"),
        (tar_of((entry("n" * 150), ROWS), form=tarfile.GNU_FORMAT), "entry_forbidden"),
        (tar_of((entry("n" * 150), ROWS), form=tarfile.PAX_FORMAT), "entry_forbidden"),
        (tar_of((entry("notifications.csv"), ROWS)), "package_missing"),
        (tar_of(), "package_missing"),
        (tar_of((entry("notifications.csv"), ROWS))[:700], "archive_broken"),
        (
            tar_of(
                (entry("notifications.csv"), ROWS),
                (entry("datapackage.json"), described()),
                (entry("x"), b""),
            ),
            "too_many_files",
        ),
        (with_size(b"00000000999"), "archive_broken"),
        (with_size("0000000000٣".encode()), "archive_broken"),
        (b"no tar" * 1000, "archive_broken"),
        (b"", "archive_broken"),
    ],
)
def test_an_archive_that_holds_what_does_not_belong(world: World, archive: bytes, code: str):
    assert refused(world, forged(world, gzip.compress(archive))) == code


@pytest.mark.parametrize(
    "packed", [b"", b"no gzip", packaged()[:-5], packaged() + b"x", packaged() + gzip.compress(b"more")]
)
def test_a_gzip_stream_that_is_broken_or_followed_by_more(world: World, packed: bytes):
    assert refused(world, forged(world, packed)) == "archive_broken"


@pytest.mark.parametrize(
    ("csv", "description", "code"),
    [
        (ROWS, b"{}", "package_schema"),
        (ROWS, b"[" * 50_000, "package_schema"),
        (ROWS, described(schema={}), "package_schema"),
        (ROWS, described(name="persons"), "package_schema"),
        (ROWS, described(rows=2), "package_count"),
        (ROWS, described(bytes=1), "package_hash"),
        (ROWS, described(hash="sha256:" + "0" * 64), "package_hash"),
        (HEADER.encode(), None, "package_count"),
        (ROWS.replace(b"sex", b"my_number"), None, "package_schema"),
        (ROWS + b"\xff\xff\n", None, "row_unreadable"),
        (ROWS[:-1], None, "row_unreadable"),
        (ROWS + a_row(2)[:-1].encode() + b",extra\n", None, "row_unreadable"),
        (ROWS + b"x" * 100_000, None, "row_unreadable"),
        (ROWS + b"x\n", None, "row_unreadable"),
        (ROWS + b"\n", None, "row_unreadable"),
        (ROWS + b"," * 100_000 + b"\n", None, "row_unreadable"),
        (ROWS + a_row(2, name='A "B" C').encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name='"A" B').encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name='"A').encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name="A\rB").encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name="A\0B").encode(), None, "row_unreadable"),
        (ROWS + a_row(2, name="A\nB").encode(), None, "row_unreadable"),
        (b"x" * 100_000, None, "package_schema"),
        (b'"' + b"x" * 300_000, None, "package_schema"),
    ],
)
def test_a_data_package_that_does_not_keep_its_word(
    world: World, csv: bytes, description: bytes | None, code: str
):
    assert refused(world, forged(world, packaged(csv, description))) == code


#: Text that does not compress well.
MANY = "".join(chr(0x4E00 + number * number % 20_011) for number in range(300_000))
BAD = [
    ({"birth_date": "1990-13-01"}, "unreadable:birth_date"),
    ({"name": ""}, "missing:name"),
    ({"name": "あ" * 121}, "unreadable:name"),
    ({"sex": "3"}, "unreadable:sex"),
    ({"sex": "3", "name": "", "postal_code": "1"}, "missing:name;unreadable:postal_code;unreadable:sex"),
    ({"name": "A\tB"}, "unreadable:name"),
    ({"name": '"A\rB"'}, "unreadable:name"),
    ({"name": '"A\nB"'}, "unreadable:name"),
    ({"name": '"A\r\nB, ""C"""'}, "unreadable:name"),
    ({"name": '"A\0B"'}, "unreadable:name"),
    ({"name": "A" * 131_073}, "unreadable:name"),
    ({"name": '"' + 'A""' * 131_073 + '"'}, "unreadable:name"),
    ({"address": MANY}, "unreadable:address"),
    ({"status_of_residence": "permanent"}, "forbidden:employment_start;forbidden:establishment_name"),
    (
        {"status_of_residence": "permanent", "sex": "3"},
        "forbidden:employment_start;forbidden:establishment_name;unreadable:sex",
    ),
]


@pytest.mark.parametrize(("values", "reasons"), BAD)
def test_a_bad_row_is_set_aside_and_its_neighbours_are_taken(
    world: World, values: dict[str, str], reasons: str
):
    rows = [a_row(1), a_row(2, **values), a_row(3)]
    opened = delivered(world, rows)

    assert (opened.data / "notifications.csv").read_bytes() == (HEADER + rows[0] + rows[2]).encode()
    assert opened.receipt.receipt.state == "accepted"
    assert opened.receipt.receipt.rows_taken == 2
    assert opened.receipt.receipt.rows_rejected == {reasons.split(";")[0]: 1}
    named = (opened.data / "set_aside.csv").read_text("utf-8").splitlines()[1:]
    assert named == [f"notifications,3,N000000002,{reasons}"]


@pytest.mark.parametrize(("values", "reasons"), BAD)
def test_the_same_row_is_never_sealed(world: World, values: dict[str, str], reasons: str):
    over = [reason for reason in reasons.split(";") if reason.startswith("forbidden:")]
    with pytest.raises(Refused) as refusal:
        world.send([a_row(1), a_row(2, **values)])

    assert refusal.value.code == ("over_provided" if over else "row_unreadable")
    assert f"notifications.csv:3 {(over or [reasons])[0].split(':')[1].split(';')[0]}" in str(refusal.value)
    assert "ABC" not in str(refusal.value)


@pytest.mark.parametrize(
    "spelled",
    [
        lambda row: '"' + row[:-1].replace(",", '","') + '"\n',
        lambda row: row[:-1] + "\r\n",
        lambda row: row.replace("試験 太郎", '"試験, ""太郎"""'),
    ],
)
def test_a_row_that_is_spelled_otherwise_is_taken(world: World, spelled: Callable[[str], str]):
    opened = delivered(world, [a_row(1), spelled(a_row(2))])

    assert opened.receipt.receipt.rows_taken == 2
    assert not (opened.data / "set_aside.csv").exists()


def test_an_identifier_that_does_not_fit_is_not_repeated(world: World):
    opened = delivered(world, [a_row(1, notification_id="N" * 33), a_row(2)])

    assert (opened.data / "set_aside.csv").read_text("utf-8").splitlines()[1:] == [
        "notifications,2,,unreadable:notification_id"
    ]


def test_a_delivery_of_bad_rows_alone_is_accepted_with_none(world: World):
    opened = delivered(world, [a_row(1, sex="3")] * 3)

    assert (opened.data / "notifications.csv").read_text("utf-8") == HEADER
    assert opened.receipt.receipt.rows_taken == 0
    assert opened.receipt.receipt.rows_rejected == {"unreadable:sex": 3}


def test_what_is_kept_without_rows_still_describes_itself(world: World):
    opened = delivered(world, [a_row(1), a_row(2, sex="3")])
    resource = json.loads((opened.data / "datapackage.json").read_bytes())["resources"][0]
    kept = (opened.data / "notifications.csv").read_bytes()

    assert (resource["rows"], resource["bytes"], resource["hash"]) == (1, len(kept), f"sha256:{sha256(kept)}")


def test_an_item_that_was_set_aside_is_nowhere_on_the_disk(world: World):
    delivered(world, [a_row(1), a_row(2, status_of_residence="permanent", establishment_name="番号外")])

    assert plain_text_in(world.isa.home, "番号外") == []


@pytest.mark.parametrize("size", [1, 7, 4096, 10**9])
def test_blocks_of_any_size_give_the_same_rows(size: int):
    rows = [a_row(1), a_row(2, name='"A\nB"'), a_row(3, address="あ" * 70_000), a_row(4, sex="3"), a_row(5)]
    data = (HEADER + "".join(rows)).encode()
    found: list[SetAside] = []
    checker = RowChecker(NOTIFICATIONS_TABLE, found.append)
    taken = b"".join(checker.feed(data[place : place + size]) for place in range(0, len(data), size))
    checker.finish()

    assert taken.decode() == HEADER + rows[0] + rows[4]
    assert [(row.line, row.joined) for row in found] == [
        (3, "unreadable:name"),
        (4, "unreadable:address"),
        (5, "unreadable:sex"),
    ]
    assert checker.sha256 == sha256(data)


def bomb(size: int) -> bytes:
    """Zeros after a tar header, compressed twice."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as packed:
        packed.write(tar_of((entry("notifications.csv"), ROWS))[:512])
        for _ in range(size // 2**20):
            packed.write(bytes(2**20))
    return target.getvalue()


@pytest.mark.slow
def test_a_bomb_stops_within_a_second_in_bounded_memory(world: World):
    files = forged(world, bomb(512 * 2**20))
    world.isa.inbox.take(files, NOW)
    tracemalloc.start()
    started = time.process_time()  # wall-clock time would depend on the load of the machine
    refusal = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW).refusal
    taken, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert refusal.code in ("ratio", "row_unreadable")
    assert (taken < 1, peak < 16 * 2**20) == (True, True)


@pytest.mark.slow
def test_rows_that_swell_are_stopped_by_the_ratio(world: World):
    rows = HEADER.encode() + a_row(1, address="あ" * 300, establishment_address="あ" * 300).encode() * 20_000

    assert refused(world, forged(world, packaged(rows))) == "ratio"


def test_more_than_the_agreed_size_is_stopped_on_both_sides(world: World):
    found = agreement_json(world.pins())
    found["limits"] = found["limits"] | {"unpacked_bytes": 4096}
    rows = [a_row(number) for number in range(50)]
    files = forged(world, packaged((HEADER + "".join(rows)).encode()))
    world.agree(found)

    assert refused(world, files) == "too_large"
    with pytest.raises(Refused) as refusal:
        world.send(rows)
    assert refusal.value.code == "too_large"


# --- keys that roll over --------------------------------------------------------------------------


def test_an_earlier_decryption_key_opens_until_its_time_is_over(world: World):
    made = world.send()
    old, new = world.isa.decrypter, a_decrypter("isa decryption 2", world.ca)
    pins = [*world.pins(), pin("isa", "decryption", new.certificate)]
    world.agree(agreement_json(pins))
    world.isa.inbox.take(made.files, NOW)

    assert world.isa.inbox.open("annex1", 1, [new, old], NOW).receipt.receipt.state == "accepted"


def test_an_earlier_decryption_key_is_of_no_use_after_its_time(world: World):
    made = world.send()
    old, new = world.isa.decrypter, a_decrypter("isa decryption 2", world.ca)
    pins = [row for row in world.pins() if row["use"] != "decryption"]
    pins += [
        pin("isa", "decryption", new.certificate),
        pin("isa", "decryption", old.certificate, ends=NOW - DAY),
    ]
    world.agree(agreement_json(pins))
    world.isa.inbox.take(made.files, NOW)

    assert world.isa.inbox.open("annex1", 1, [new, old], NOW).refusal.code == "recipient_not_us"


def test_a_key_that_is_merely_not_at_hand_refuses_nothing(world: World):
    made = world.send()
    world.isa.inbox.take(made.files, NOW)
    with pytest.raises(Misused):
        world.isa.inbox.open("annex1", 1, [], NOW)
    assert world.deliver(made).receipt.receipt.state == "accepted"
