"""Sealing and opening Annex 1, side by side with the bare limit, gzip, openssl and gpg, in one run.

    uv run python benchmarks/seal.py [--sizes 10,200,1000] [--out benchmarks/seal.md]

Every figure is of a process of its own: wall time, processor time and peak resident memory as the kernel
counted them. The bare limit reads, hashes (SHA-256), encrypts (AES-256-GCM) and writes in our chunk size, of
the compressed bytes, since those are what is encrypted. Files lie in a temporary directory.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "exchange"))

MEGA = 1_000_000
NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def measured(command: list[str], **options) -> tuple[float, float, float]:
    """Run a command; return wall seconds, processor seconds and peak memory in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        raise SystemExit(f"{command[:4]} failed: {process.stderr.read().decode()[-400:]}")
    process.stderr.close()
    process.returncode = 0
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def make_csv(path: Path, size: int) -> None:
    """Write notifications until the file is that large; made up, and the same every time."""
    import random

    from renkei.exchange.contents import SERVICES

    drawn = random.Random(1)
    names = ("NGUYEN VAN", "TRAN THI", "LI WEI", "MARIA SANTOS", "KIM", "佐藤マリア")
    written = 0
    with path.open("wb") as file:
        written += file.write((",".join(SERVICES["annex1"][0].names) + "\n").encode())
        number = 0
        while written < size:
            lines = []
            for _ in range(5000):
                number += 1
                permanent = drawn.random() < 0.2
                status = (
                    "permanent"
                    if permanent
                    else drawn.choice(("engineer_humanities", "student", "highly_skilled_1_a"))
                )
                work = (
                    ",,,,,,,,"
                    if permanent
                    else f"{drawn.randrange(10**11):011d},株式会社{drawn.randrange(9999)}商事,"
                    f"{drawn.randrange(10**7):07d},大阪府大阪市北区{drawn.randrange(9)}丁目,"
                    f"03-{drawn.randrange(9999):04d}-{drawn.randrange(9999):04d},39,30-99,"
                    f"2025-04-0{drawn.randrange(1, 9)},"
                )
                lines.append(
                    f"N{number:09d},{drawn.choice(names)} {drawn.randrange(99999)},{status},"
                    f"2027-0{drawn.randrange(1, 9)}-1{drawn.randrange(9)},"
                    f"19{drawn.randrange(60, 99)}-0{drawn.randrange(1, 9)}-1{drawn.randrange(9)},"
                    f"{drawn.randrange(1, 3)},{drawn.choice(('VNM', 'CHN', 'PHL'))},"
                    f"AB{drawn.randrange(10**8):08d}CD,{drawn.randrange(10**7):07d},"
                    f"東京都千代田区霞が関{drawn.randrange(9)}丁目{drawn.randrange(99)}番,true,{work},"
                    f"2025-04-0{drawn.randrange(1, 9)},,\n"
                )
            written += file.write("".join(lines).encode())


def bare(source: Path, target: Path) -> None:
    """Do only what cannot be left out."""
    import hashlib

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    gcm = Cipher(algorithms.AES256(os.urandom(32)), modes.GCM(os.urandom(12))).encryptor()
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as read, target.open("wb", buffering=0) as write:
        while block := read.read(256 * 1024):
            sealed = gcm.update(block)
            digest.update(sealed)
            write.write(sealed)
        write.write(gcm.finalize())
        os.fsync(write.fileno())


def seal(work: Path, source: Path) -> None:
    """Make a delivery as the command does, without its terminal."""
    from renkei.exchange.outbox import Order

    world = _world(work)
    order = Order(
        service="annex1",
        purpose="residence",
        kind="data",
        business_day=date(2026, 4, 1),
        sources={"notifications": source},
        trail_head="0" * 64,
    )
    world.mhlw.outbox.make(order, world.mhlw.signer, world.isa.decrypter.certificate, NOW)


def take(work: Path) -> None:
    """Take a delivery in: steps 1 to 4, a durable copy and the receipt."""
    world = _world(work)
    world.isa.inbox.take(next(world.mhlw.outbox.deliveries("annex1")), NOW + timedelta(minutes=1))


def unseal(work: Path) -> None:
    """Open a delivery: steps 5 to 8."""
    world = _world(work)
    opened = world.isa.inbox.open("annex1", 1, [world.isa.decrypter], NOW + timedelta(minutes=1))
    if opened.refusal:
        raise opened.refusal


def _world(work: Path):
    """Both parties, their keys unpickled: making or decrypting keys is no part of what is measured."""
    import json

    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from material import Authority
    from world import Agency, World

    from renkei.exchange import agreement_file
    from renkei.exchange.keys import FileDecrypter, FileSigner
    from renkei.exchange.terms import Terms

    found = json.loads((work / "keys.json").read_text())

    def pair(kind, name):
        key = serialization.load_der_private_key(bytes.fromhex(found[name][0]), None)
        return kind(key, x509.load_der_x509_certificate(bytes.fromhex(found[name][1])))

    data = (work / "agreement.json").read_bytes()
    agreement = agreement_file.read(data)
    ca = pair(Authority, "ca")
    sides = {}
    for party in ("mhlw", "isa"):
        sides[party] = Agency(
            party, pair(FileSigner, f"{party} s"), pair(FileDecrypter, f"{party} d"), work / party
        )
        sides[party].terms = Terms(party, (agreement,), (ca.certificate,))
    return World(work, ca, sides["mhlw"], sides["isa"], agreement, data)


def prepare(work: Path) -> None:
    """Make the keys and the agreement of one run."""
    import json

    from cryptography.hazmat.primitives import serialization as form
    from world import a_world

    world = a_world(work)
    pairs = {"ca": world.ca}
    for side in (world.mhlw, world.isa):
        pairs |= {f"{side.party} s": side.signer, f"{side.party} d": side.decrypter}
    der, plain = form.Encoding.DER, form.NoEncryption()
    found = {
        name: [
            each.key.private_bytes(der, form.PrivateFormat.PKCS8, plain).hex(),
            each.certificate.public_bytes(der).hex(),
        ]
        for name, each in pairs.items()
    }
    (work / "keys.json").write_text(json.dumps(found))
    (work / "agreement.json").write_bytes(world.agreement_bytes)
    key = world.isa.decrypter
    (work / "recipient.pem").write_bytes(key.certificate.public_bytes(form.Encoding.PEM))
    (work / "recipient.key").write_bytes(
        key.key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain)
    )


def rows_of(work: Path, size: int) -> list[tuple[str, float, float, float]]:
    """Measure everything for one size."""
    work.mkdir()
    source = work / "notifications.csv"
    us = [sys.executable, __file__, "--part"]
    # in children, so that this process stays small: a child's peak is never less than its parent's size
    subprocess.run([*us, "csv", str(source), str(size * MEGA)], check=True)
    subprocess.run([*us, "prepare", str(work)], check=True)
    zipped = work / "zipped.gz"
    rows = [
        (
            "bare limit: read, SHA-256, AES-256-GCM, write",
            *measured([*us, "bare", str(source), str(work / "b")]),
        ),
        ("gzip -1", *measured(["sh", "-c", f"gzip -1 -c {source} > {zipped}"])),
        ("bare limit of the compressed bytes", *measured([*us, "bare", str(zipped), str(work / "b")])),
        ("gzip -d", *measured(["sh", "-c", f"gzip -dc {zipped} > {work / 'b'}"])),
        ("**renkei: seal**", *measured([*us, "seal", str(work), str(source)])),
        ("**renkei: take in (steps 1–4)**", *measured([*us, "take", str(work)])),
        ("**renkei: open (steps 5–8)**", *measured([*us, "unseal", str(work)])),
    ]
    shutil.rmtree(work / "isa")
    enveloped = work / "openssl.cms"
    encrypt = f"gzip -1 -c {source} | openssl cms -encrypt -binary -stream -aes-256-gcm -outform DER"
    command = f"{encrypt} -recip {work / 'recipient.pem'} -keyopt ecdh_kdf_md:sha256 -out {enveloped}"
    rows.append(("gzip -1, openssl cms -encrypt", *measured(["sh", "-c", command])))
    command = f"openssl cms -decrypt -binary -inform DER -in {enveloped} -inkey {work / 'recipient.key'}"
    command += f" -recip {work / 'recipient.pem'} | gzip -dc > {work / 'b'}"
    rows.append(("openssl cms -decrypt, gzip -d", *measured(["sh", "-c", command])))
    if shutil.which("gpg"):
        options = (
            "--batch --quiet --homedir " + str(work / "gpg") + " --passphrase x --pinentry-mode loopback"
        )
        (work / "gpg").mkdir(mode=0o700)
        command = f"gpg {options} --compress-algo zlib -z 1 --cipher-algo AES256 -o {work / 'g'} -c {source}"
        rows.append(("gpg -c, zlib level 1", *measured(["sh", "-c", command])))
        rows.append(("gpg -d", *measured(["sh", "-c", f"gpg {options} -o {work / 'h'} -d {work / 'g'}"])))
    shutil.rmtree(work)
    return rows


def report(sizes: list[int]) -> str:
    """Measure and write the page."""
    lines = ["# Sealing and opening: measured", ""]
    lines.append(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, ")
    lines[-1] += f"Python {platform.python_version()}, {subprocess.getoutput('openssl version')}."
    lines += ["", "Command: `uv run python benchmarks/seal.py`. Wall time; CPU is user and system.", ""]
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as place:
        for size in sizes:
            rows = rows_of(Path(place) / str(size), size)
            walls = {name: wall for name, wall, _, _ in rows}
            allowed = walls["gzip -1"] + walls["bare limit of the compressed bytes"]
            lines += [f"## {size} MB of notifications", "", "| | seconds | CPU s | peak MiB | of the limit |"]
            lines.append("|---|---:|---:|---:|---:|")
            for name, wall, used, peak in rows:
                ratio = f"{wall / allowed:.2f}" if name.startswith("**") else ""
                lines.append(f"| {name} | {wall:.2f} | {used:.2f} | {peak:.0f} | {ratio} |")
            lines.append("")
            print("\n".join(lines[-len(rows) - 5 :]), flush=True)
    lines.append(
        "The limit is gzip level 1 plus the bare limit of the compressed bytes; the target is 1.5 of it."
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10,200,1000")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--part", nargs="+")
    given = parser.parse_args()
    if given.part:
        name, *paths = given.part
        if name == "csv":
            make_csv(Path(paths[0]), int(paths[1]))
        else:
            parts = {"bare": bare, "prepare": prepare, "seal": seal, "take": take, "unseal": unseal}
            parts[name](*map(Path, paths))
        return
    page = report([int(size) for size in given.sizes.split(",")])
    if given.out:
        given.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
