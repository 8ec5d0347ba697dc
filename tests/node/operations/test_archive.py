"""The archive of a backup: what is not whole, unchanged and ours is refused before anything is written."""

import io
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from node.operations.keys import BackupKey, make
from renkei.node.errors import BackupRefused, RestoreRefused
from renkei.node.operations import archive
from renkei.node.operations.archive import Entry, Manifest
from renkei.node.operations.restore import read_key

CONTENT = {"node/renkei.toml": b'party = "isa"\n', "database/0001": bytes(300_000) + b"end"}


def about() -> Manifest:
    return Manifest(
        party="isa",
        made_at="2026-11-23T00:00:00+00:00",
        engine="sqlite",
        engine_version="3",
        last_sent={},
        trail_head="0" * 64,
    )


def entries(content: dict[str, bytes] = CONTENT):
    return (Entry(name, len(data), [data[:1000], data[1000:]]) for name, data in content.items())


@pytest.fixture
def sealed(tmp_path: Path, backup_key: BackupKey) -> Path:
    archive.write(tmp_path / "sealed", entries(), about(), backup_key.read().certificate)
    return tmp_path / "sealed"


def unpacked(path: Path, keys: list, manifest: Manifest) -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    @contextmanager
    def keep(name: str):
        file = io.BytesIO()
        yield file
        found[name] = file.getvalue()

    archive.unpack(path, keys, manifest, keep)
    return found


def test_what_was_put_in_comes_out(sealed, backup_key):
    keys = [backup_key.read()]

    assert unpacked(sealed, keys, archive.verify(sealed, keys)) == CONTENT
    assert b"renkei.toml" not in sealed.read_bytes()


def test_openssl_and_tar_open_it_without_us(sealed, backup_key, tmp_path):
    plain = tmp_path / "plain.tar.gz"
    command = ["openssl", "cms", "-decrypt", "-inform", "DER", "-binary"]
    files = ["-in", sealed, "-out", plain, "-inkey", backup_key.private, "-recip", backup_key.certificate]
    subprocess.run([*command, *files, "-passin", "pass:a passphrase for tests"], check=True)

    with tarfile.open(plain) as opened:
        assert opened.getnames() == [*CONTENT, archive.MANIFEST]


@pytest.mark.parametrize("place", [0, 40, 300, 900, -200, -40, -1])
def test_a_changed_byte_is_refused(place: int, sealed: Path, backup_key):
    data = bytearray(sealed.read_bytes())
    data[place] ^= 1
    sealed.write_bytes(data)

    with pytest.raises(RestoreRefused):
        archive.verify(sealed, [backup_key.read()])


@pytest.mark.parametrize("left", [0, 1, 500, -1, -20])
def test_a_cut_archive_is_refused(left: int, sealed: Path, backup_key):
    sealed.write_bytes(sealed.read_bytes()[:left])

    with pytest.raises(RestoreRefused):
        archive.verify(sealed, [backup_key.read()])


def test_another_key_does_not_open_it(sealed, tmp_path):
    (tmp_path / "other").mkdir()

    with pytest.raises(RestoreRefused, match="another key"):
        archive.verify(sealed, [make(tmp_path / "other").read()])


def test_what_changed_between_verifying_and_unpacking_is_refused(tmp_path):
    plain = tmp_path / "plain"
    archive.write(plain, entries(), about(), None)
    manifest = archive.verify(plain, [])
    plain.unlink()
    archive.write(plain, entries(CONTENT | {"database/0001": b"other"}), about(), None)

    with pytest.raises(RestoreRefused):
        unpacked(plain, [], manifest)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../up", "node/../../up", "node", "elsewhere/x", "database/../x", "", "node/./x/.."],
)
def test_a_name_that_leads_out_is_refused(name: str, tmp_path):
    path = tmp_path / "forged"
    with tarfile.open(path, "w:gz") as forged:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        forged.addfile(entry, io.BytesIO(b"x"))

    with pytest.raises(RestoreRefused):
        archive.verify(path, [])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_plain_files_are_taken(kind: bytes, tmp_path):
    path = tmp_path / "forged"
    with tarfile.open(path, "w:gz") as forged:
        entry = tarfile.TarInfo("node/link")
        entry.type, entry.linkname = kind, "/etc/passwd"
        forged.addfile(entry)

    with pytest.raises(RestoreRefused):
        archive.verify(path, [])


def test_an_archive_of_another_format_is_refused(tmp_path):
    archive.write(tmp_path / "old", entries(), replace(about(), format="renkei-backup/9"), None)

    with pytest.raises(RestoreRefused):
        archive.verify(tmp_path / "old", [])


def test_a_file_that_changes_while_it_is_read_leaves_no_archive(tmp_path):
    with pytest.raises(BackupRefused, match="changed"):
        archive.write(tmp_path / "broken", [Entry("node/x", 5, [b"four"])], about(), None)

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(sealed):
    before = sealed.read_bytes()

    with pytest.raises(BackupRefused, match="already exists"):
        archive.write(sealed, entries(), about(), None)
    assert sealed.read_bytes() == before


def test_a_wrong_passphrase_or_certificate_is_refused(backup_key, tmp_path):
    (tmp_path / "other").mkdir()
    other = make(tmp_path / "other")

    with pytest.raises(RestoreRefused):
        read_key(backup_key.private, backup_key.certificate, b"wrong")
    with pytest.raises(RestoreRefused):
        read_key(backup_key.private, other.certificate, b"a passphrase for tests")
