"""Two agencies that use only directories and the command line."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from world import a_file, a_row, agreement_json, pin, plain_text_in

from renkei.exchange import agreement_file
from renkei.exchange.keys import spoken

PEM = serialization.Encoding.PEM


def renkei(*arguments: object, home: Path | None = None, status: int = 0, lang: str = "en") -> str:
    """Run the command as a user would; return what it printed."""
    environment = {**os.environ, "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
    if home:
        environment |= {"RENKEI_HOME": str(home), "RENKEI_PASSPHRASE_FILE": str(home.parent / "secret")}
    program = "from renkei.cli import main; main()"
    words = [str(each) for each in arguments]
    ran = subprocess.run(
        [sys.executable, "-c", program, *words, "--lang", lang],
        env=environment,
        capture_output=True,
        text=True,
    )

    assert ran.returncode == status, ran.stderr
    return ran.stdout + ran.stderr


def issue(request: bytes, ca_key: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> bytes:
    """Issue a certificate for a signing request, as a certification authority does."""
    asked = x509.load_pem_x509_csr(request)
    assert asked.is_signature_valid
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(issuer)
        .public_key(asked.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=20))
    )
    for extension in asked.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(PEM)


@pytest.fixture
def homes(ready: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Both agencies ready to exchange, with no delivery made yet."""
    base = tmp_path / "agencies"
    shutil.copytree(ready["mhlw"].parent, base)
    return {party: base / party for party in ready}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both agencies' homes: keys made, certified and pinned, agreement signed by both."""
    base = tmp_path_factory.mktemp("agencies")
    (base / "secret").write_text("correct horse battery\n")
    (base / "secret").chmod(0o600)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    homes = {party: base / party for party in ("mhlw", "isa")}
    today = datetime.now(UTC)
    window = {"starts": today - timedelta(days=1), "ends": today + timedelta(days=300)}
    pins, certificates = [], []
    for party, home in homes.items():
        for use in ("signing", "decryption"):
            renkei("keys", "make", "--party", party, "--use", use, home=home)
            asked = renkei("keys", "request", "--use", use, "--organisation", "機関", home=home).strip()
            certificate = base / f"{party}-{use}.crt"
            certificate.write_bytes(issue(Path(asked).read_bytes(), ca_key, issuer))
            certificates.append(certificate)
            pins.append(pin(party, use, x509.load_pem_x509_certificate(certificate.read_bytes()), **window))
    file = base / "agreement.json"
    file.write_bytes(agreement_file.write(agreement_json(pins)))
    for home in homes.values():
        renkei("keys", "import", *certificates, home=home)
        renkei("agreement", "sign", file, home=home)
    for home in homes.values():
        assert "mhlw signing" in renkei("agreement", "verify", file, home=home)
    return homes


@pytest.mark.slow
def test_a_day_by_medium_from_keys_to_closed(homes: dict[str, Path], tmp_path: Path):
    mhlw, isa = homes["mhlw"], homes["isa"]
    source = a_file(tmp_path, [a_row(1), a_row(2)])
    medium, back = tmp_path / "medium", tmp_path / "back"

    renkei("delivery", "make", source, "--service", "annex1", "--day", "2026-04-01", home=mhlw)
    why = ["--reason", "network_failure", "--agreed-by", "入管 花子"]
    renkei("delivery", "export", "--service", "annex1", "--number", 1, "--to", medium, *why, home=mhlw)
    shown = json.loads(renkei("delivery", "show", medium / "mhlw-isa-annex1-00000001", "--json"))

    assert shown[0]["sequence"] == 1
    assert plain_text_in(medium) == []
    assert list(medium.rglob("*.pdf"))

    assert "received" in renkei("delivery", "import", medium, "--receipts-to", back, home=isa)
    assert "received" in renkei("delivery", "import", medium, "--receipts-to", back, home=isa)
    opened = renkei("delivery", "open", "--service", "annex1", "--receipts-to", back, home=isa)

    assert "2 rows" in opened
    assert Path(opened.split("→ ")[1].strip(), "notifications.csv").read_bytes() == source.read_bytes()

    received, accepted = (
        back / f"mhlw-isa-annex1-00000001.{state}.json" for state in ("received", "accepted")
    )

    assert "not closed" in renkei("receipt", "verify", received, home=mhlw)
    assert "(closed)" in renkei("receipt", "verify", accepted, home=mhlw)
    assert '"state": "accepted"' in renkei("receipt", "show", accepted)

    for home in homes.values():
        assert "accepted" in renkei("evidence", "verify", home)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "en", "ja"),
    [
        (["delivery", "show", "nowhere"], "[not_found] It was not found. (nowhere) Next:", "次の対応"),
        (["receipt", "show", "nowhere.json"], "[not_found]", "見つかりません"),
    ],
)
def test_a_refusal_says_code_sentence_and_next_action_in_both_languages(arguments, en, ja):
    assert en in renkei(*arguments, status=2)
    assert ja in renkei(*arguments, status=2, lang="ja")


HEAVY = ("django", "jinja2", "numpy", "pandas", "polars", "pyarrow", "reportlab", "rich")


@pytest.mark.parametrize(
    "command",
    ["delivery show nowhere", "evidence verify nowhere", "keys list --home nowhere", "receipt show nowhere"],
)
def test_the_commands_of_the_exchange_load_nothing_heavy(command: str):
    """The commands must start in a fraction of a second and process a gigabyte in 64 MiB of memory."""
    program = (
        "import sys; sys.argv = ['renkei', *sys.argv[1:]]\n"
        "from renkei.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    words = [sys.executable, "-c", program, *command.split()]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()

    assert "cryptography" in loaded
    assert set(loaded).isdisjoint(HEAVY)


@pytest.mark.slow
def test_fingerprints_are_listed_in_groups_and_an_end_that_is_near_is_told(homes: dict[str, Path]):
    listed = renkei("keys", "list", home=homes["mhlw"])
    rows = json.loads(renkei("keys", "list", "--json", home=homes["mhlw"]))

    assert "within 30 days" in listed
    assert all(
        " ".join([rows[0]["sha256"][:4].upper(), rows[0]["sha256"][4:8].upper()]) in listed for _ in rows
    )
    assert {row["use"] for row in rows} == {"signing", "decryption"}


@pytest.mark.slow
def test_private_keys_are_encrypted_and_openssl_reads_them(homes: dict[str, Path]):
    secret = homes["mhlw"].parent / "secret"
    for key in homes["mhlw"].rglob("key.pem"):
        assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED")
        assert key.stat().st_mode & 0o077 == 0
        read = ["openssl", "pkey", "-noout", "-in", key, "-passin"]
        assert subprocess.run([*read, f"file:{secret}"], check=False).returncode == 0
        assert subprocess.run([*read, "pass:wrong"], stderr=subprocess.DEVNULL, check=False).returncode != 0


@pytest.mark.slow
def test_a_rollover_makes_the_next_key_and_leaves_the_one_in_use(homes: dict[str, Path]):
    before = json.loads(renkei("keys", "list", "--json", home=homes["isa"]))
    renkei("keys", "rollover", "--use", "decryption", "--organisation", "機関", home=homes["isa"])
    after = json.loads(renkei("keys", "list", "--json", home=homes["isa"]))

    assert [row for row in after if row in before] == before
    assert {row["number"] for row in after if row["use"] == "decryption"} == {1, 2}


@pytest.mark.slow
def test_a_lost_number_is_declared_void_by_both_and_what_waited_goes_on(
    homes: dict[str, Path], tmp_path: Path
):
    mhlw, isa = homes["mhlw"], homes["isa"]
    service = ["--service", "annex2-3"]
    medium, table = tmp_path / "medium", tmp_path / "table"
    for _ in range(2):
        renkei("delivery", "make", *service, "--day", "2026-04-01", home=isa)
    why = ["--reason", "network_failure", "--agreed-by", "厚労 一郎"]
    renkei("delivery", "export", *service, "--number", 2, "--to", medium, *why, home=isa)

    assert "waiting for number 1" in renkei("delivery", "import", medium, home=mhlw)

    lost = [*service, "--number", 1, "--reason", "媒体の紛失", "--out", table]
    statement = renkei("delivery", "declare-void", *lost, home=isa).strip()

    waits = renkei("delivery", "sign-void", statement, home=isa)

    assert "waiting for the other side's signature" in waits
    assert "isa annex2-3 1: 媒体の紛失" in waits
    assert spoken(json.loads(Path(statement).read_bytes())["manifest_sha256"]) in waits
    assert "1: void" in renkei("delivery", "sign-void", statement, home=mhlw)
    assert "1: void" in renkei("delivery", "sign-void", statement, home=isa)
    assert "0 rows" in renkei("delivery", "open", *service, home=mhlw)
    for home in homes.values():
        assert "annex2-3 1: void" in renkei("evidence", "verify", home)

    again = renkei("delivery", "declare-void", *lost[:2], "--number", 9, *lost[4:], home=isa, status=2)

    assert "[not_found]" in again


@pytest.mark.slow
def test_a_delivery_of_another_policy_is_made_and_opened_by_it(homes: dict[str, Path], tmp_path: Path):
    mhlw, isa = homes["mhlw"], homes["isa"]
    policy, medium = tmp_path / "policy.toml", tmp_path / "medium"
    policy.write_text('disclosed_items = ["name", "sex"]\n', "utf-8")
    header = (
        "notification_id,outcome,matched_on,card_number,mismatched_items,linked_name,linked_sex,"
        "latest_name,latest_sex,identity_caution,differences,action"
    )
    source = tmp_path / "discrepancies.csv"
    source.write_text(f"{header}\nN1,mismatched,2026-04-01,AB12345678CD,,,,A,1,false,,report\n", "utf-8")
    of = ["--service", "annex2-3"]
    ours = ["delivery", "make", source, *of, "--day", "2026-04-01", "--purpose", "labour_market"]

    assert "discrepancies.csv: header" in renkei(*ours, home=isa, status=2)
    renkei(*ours, "--policy", policy, home=isa)
    why = ["--reason", "agreed", "--agreed-by", "試験 花子"]
    renkei("delivery", "export", *of, "--number", 1, "--to", medium, *why, home=isa)
    renkei("delivery", "import", medium, home=mhlw)

    assert "1 rows" in renkei("delivery", "open", *of, "--policy", policy, home=mhlw)
