"""Seal and open Annex 1, compared with the lower limit, gzip, openssl and gpg, in one run.

    uv run python benchmarks/seal.py [--sizes 10,200,1000] [--rounds N]

Every figure is of one separate process from start to end, so all of them include the start of the program.
The limit consists of two such processes: `gzip -1` and the bare limit, which reads the compressed bytes,
encrypts (AES-256-GCM), hashes (SHA-256) and writes them in our chunk size. Renkei is measured twice: as a
library with unlocked keys, compared with the limit; and as the command of an officer, which also unlocks
the keys (scrypt, slow by design).
"""

import argparse
import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

FULL_SIZES = "10,200,1000"
FULL_ROUNDS = 3
MEGA = 1_000_000
CHUNK = 128 * 1024
MOST_RATIO = 1.5
MOST_MEMORY = 64 * 2**20
SECRET = "only for measuring"
SERVICE = "annex1"


# --- one part of a run, each in a separate process that loads only what it needs ----------------------------


def make_csv(path: Path, size: int) -> None:
    """Write notifications until the file has that size; made up, and the same every time."""
    from renkei.exchange.schemas import NOTIFICATIONS_TABLE

    drawn = random.Random(1)
    names = ("NGUYEN VAN", "TRAN THI", "LI WEI", "MARIA SANTOS", "KIM", "佐藤マリア")
    written = 0
    with path.open("wb") as file:
        written += file.write((",".join(NOTIFICATIONS_TABLE.names) + "\n").encode())
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
    """Do only the unavoidable work."""
    import hashlib

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    gcm = Cipher(algorithms.AES256(os.urandom(32)), modes.GCM(os.urandom(12))).encryptor()
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as read, target.open("wb", buffering=0) as write:
        while block := read.read(CHUNK):
            sealed = gcm.update(block)
            digest.update(sealed)
            write.write(sealed)
        write.write(gcm.finalize())
        os.fsync(write.fileno())


def seal(work: Path) -> None:
    """Make a delivery."""
    from renkei.exchange.home import NO_TRAIL, Home
    from renkei.exchange.outbox import Order

    home, now = Home(work / "mhlw"), _now()
    order = Order(
        service=SERVICE,
        purpose="residence",
        kind="data",
        business_day=date(2026, 4, 1),
        sources={"notifications": work / "notifications.csv"},
        trail_head=NO_TRAIL,
    )
    home.outbox().make(order, _key(work, "mhlw", "signing"), home.recipient(now), now)


def take(work: Path) -> None:
    """Receive a delivery: steps 1 to 4, a durable copy and the receipt."""
    from renkei.exchange.files import only_delivery
    from renkei.exchange.home import Home

    inbox = Home(work / "isa").inbox(_key(work, "isa", "signing"))
    inbox.take(only_delivery(work / f"mhlw/outbox/{SERVICE}/00000001"), _now())


def unseal(work: Path) -> None:
    """Open a delivery: steps 5 to 8."""
    from renkei.exchange.home import Home

    inbox = Home(work / "isa").inbox(_key(work, "isa", "signing"))
    opened = inbox.open(SERVICE, 1, [_key(work, "isa", "decryption")], _now())
    if opened.refusal:
        raise opened.refusal


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _key(work: Path, party: str, use: str):
    """Return a key of a home that was unlocked before."""
    from cryptography.hazmat.primitives import serialization

    from renkei.exchange.home import Home
    from renkei.exchange.keys import FileDecrypter, FileSigner

    key = serialization.load_der_private_key((work / f"{party}-{use}.der").read_bytes(), None)
    (entry,) = Home(work / party).keys.own(use)
    return (FileSigner if use == "signing" else FileDecrypter)(key, entry.certificate)


def prepare(work: Path) -> None:
    """Set up two parties: keys, certificates, the agreement in force, and unlocked copies of the keys."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "exchange"))
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as form
    from material import authority
    from world import agreement_json, pin

    from renkei.exchange import agreement_file
    from renkei.exchange.home import Home

    day = timedelta(days=1)
    window = {"starts": _now() - day, "ends": _now() + 30 * day}
    (work / "secret").write_text(SECRET + "\n")
    (work / "secret").chmod(0o600)
    ca, pins, certificates, homes = authority(), [], [], {}
    for party in ("mhlw", "isa"):
        homes[party] = Home(work / party)
        homes[party].settle(party)
        for use, usage in (("signing", "digital_signature"), ("decryption", "key_agreement")):
            entry = homes[party].keys.make(use, "p256", SECRET.encode())
            asked = homes[party].keys.request(entry, party, "機関", SECRET.encode())
            issued = ca.issue(f"{party} {use}", x509.load_pem_x509_csr(asked), usage=usage, **window)
            pins.append(pin(party, use, issued, **window))
            certificates.append(issued)
            (work / f"{party}-{use}.pem").write_bytes(issued.public_bytes(form.Encoding.PEM))
            locked = (entry.directory / "key.pem").read_bytes()
            key = form.load_pem_private_key(locked, SECRET.encode())
            for ending, encoding in (("der", form.Encoding.DER), ("key", form.Encoding.PEM)):
                plain = key.private_bytes(encoding, form.PrivateFormat.PKCS8, form.NoEncryption())
                (work / f"{party}-{use}.{ending}").write_bytes(plain)
    data = agreement_file.write(agreement_json(pins))
    for home in homes.values():
        for issued in certificates:
            home.keys.import_certificate(issued.public_bytes(form.Encoding.DER))
    signed = {
        party: agreement_file.sign(
            data, party, home.signer(SECRET.encode(), _now(), agreement_file.read(data)), _now()
        )
        for party, home in homes.items()
    }
    for home in homes.values():
        home.adopt(data, signed)


PARTS = {"bare": bare, "seal": seal, "take": take, "unseal": unseal, "prepare": prepare}


# --- the run ------------------------------------------------------------------------------------------------


LIMIT = "the bare limit: read, AES-256-GCM, SHA-256, write"
SEAL, TAKE, OPEN = "renkei: seal", "renkei: take in (steps 1–4)", "renkei: open (steps 5–8)"
MAKE, IMPORT = "renkei delivery make", "renkei delivery import"
# Removed before each run: the delivery, but not the outbox or inbox, which are made only once.
FRESH = {
    SEAL: f"mhlw/outbox/{SERVICE}/00000001",
    MAKE: f"mhlw/outbox/{SERVICE}/00000001",
    TAKE: f"isa/inbox/{SERVICE}/00000001",
    IMPORT: f"isa/inbox/{SERVICE}/00000001",
}


def contestants(work: Path) -> dict[str, list[str]]:
    """Return the command behind each row, in the order in which they need each other's files."""
    us = [sys.executable, __file__, "--part"]
    command = [sys.executable, "-m", "renkei", "delivery"]
    key = ["--passphrase-file", str(work / "secret")]
    sent = work / f"mhlw/outbox/{SERVICE}/00000001"
    source, zipped, target = work / "notifications.csv", work / "zipped.gz", work / "target"
    enveloped, recipient = work / "openssl.cms", f"-recip {work / 'isa-decryption.pem'}"
    encrypt = f"openssl cms -encrypt -binary -stream -aes-256-gcm -outform DER {recipient}"
    encrypt += " -keyopt ecdh_kdf_md:sha256"
    decrypt = f"openssl cms -decrypt -binary -inform DER -inkey {work / 'isa-decryption.key'} {recipient}"
    made = ["--service", SERVICE, "--day", "2026-04-01"]
    found = {
        "gzip -1": f"gzip -1 -c {source} > {zipped}",
        LIMIT: [*us, "bare", str(zipped), str(target)],
        "the same of the plain bytes": [*us, "bare", str(source), str(target)],
        "gzip -d": f"gzip -dc {zipped} > {target}",
        SEAL: [*us, "seal", str(work)],
        TAKE: [*us, "take", str(work)],
        OPEN: [*us, "unseal", str(work)],
        MAKE: [*command, "make", str(source), "--home", str(work / "mhlw"), *key, *made],
        IMPORT: [*command, "import", str(sent), "--home", str(work / "isa"), *key],
        "renkei delivery open": [*command, "open", "--home", str(work / "isa"), *key, *made[:2]],
        "gzip -1, openssl cms -encrypt": f"gzip -1 -c {source} | {encrypt} -out {enveloped}",
        "openssl cms -decrypt, gzip -d": f"{decrypt} -in {enveloped} | gzip -dc > {target}",
    }
    if shutil.which("gpg"):
        gpg = f"gpg --batch --yes --quiet --homedir {work / 'gpg'} --passphrase x --pinentry-mode loopback"
        found["gpg -c, zlib level 1"] = (
            f"{gpg} --compress-algo zlib -z 1 --cipher-algo AES256 -o {work / 'gpg.out'} -c {source}"
        )
        found["gpg -d"] = f"{gpg} -o {target} -d {work / 'gpg.out'}"
    return {name: ["sh", "-c", how] if isinstance(how, str) else how for name, how in found.items()}


def measure(size: int, rounds: int) -> dict[str, list]:
    """Measure every contestant at one size, round by round."""
    from _measure import bounds, run

    runs: dict[str, list] = {}
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as place:
        work = Path(place)
        (work / "gpg").mkdir(mode=0o700)
        us = [sys.executable, __file__, "--part"]
        subprocess.run([*us, "csv", str(work / "notifications.csv"), str(size * MEGA)], check=True)
        subprocess.run([*us, "prepare", str(work)], check=True)
        for turn in range(rounds + 1):  # the first one is a warm-up: bytecode, page cache
            for name, command in contestants(work).items():
                if name in FRESH:
                    shutil.rmtree(work / FRESH[name], ignore_errors=True)
                ran = run(command, bounds(600, 8))
                if not ran.done:
                    raise SystemExit(f"{name}: {ran.end}")
                if turn:
                    runs.setdefault(name, []).append(ran)
            print(f"{size} MB, round {turn} of {rounds}", flush=True)
    return runs


def ratios(runs: dict[str, list], of: str = "wall") -> dict[str, float]:
    """Return the time of each of ours as a multiple of the limit's: the median over the rounds.

    The ratio of processor times varies less on a busy machine, but it does not show the use of two cores.
    """
    pairs = zip(runs["gzip -1"], runs[LIMIT], strict=True)
    limits = [getattr(gzip, of) + getattr(least, of) for gzip, least in pairs]
    return {
        name: statistics.median(
            getattr(ran, of) / limit for ran, limit in zip(runs[name], limits, strict=True)
        )
        for name in (SEAL, TAKE, OPEN)
    }


def section(size: int, runs: dict[str, list]) -> str:
    """Lay out one size."""
    from _measure import median
    from _results import table

    found = [ratios(runs), ratios(runs, "cpu")]
    rows = []
    for name, those in runs.items():
        middle = median(those)
        spread = f"{middle['fastest']:.2f}–{middle['slowest']:.2f}"
        peak = f"{middle['peak'] / 2**20:.0f} MiB"
        shares = [f"{each[name]:.2f}" if name in each else "" for each in found]
        rows.append((name, f"{middle['wall']:.2f} s", spread, f"{middle['cpu']:.2f} s", peak, *shares))
    header = ("", "wall, median", "fastest–slowest", "CPU", "peak memory", "of the limit", "of its CPU")
    return f"## {size} MB of notifications\n\n{table(header, rows)}"


def targets(measured: dict[int, dict[str, list]]) -> list:
    """Compare the figures with the targets."""
    from _results import Target

    kept = []
    for size, runs in measured.items():
        found = ratios(runs)
        for name in (SEAL, OPEN):
            promise = f"{size} MB, {name}: at most {MOST_RATIO} of the limit"
            kept.append(Target(promise, f"{found[name]:.2f}", found[name] <= MOST_RATIO))
    size, runs = max(measured.items())
    for name in runs:
        if name.startswith("renkei"):
            peak = max(ran.peak for ran in runs[name])
            promise = f"{size} MB, {name}: at most 64 MiB"
            kept.append(Target(promise, f"{peak / 2**20:.1f} MiB", peak <= MOST_MEMORY))
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=FULL_SIZES, help="megabytes of CSV, with commas between")
    parser.add_argument("--rounds", type=int, default=FULL_ROUNDS)
    parser.add_argument("--results", type=Path, metavar="DIR", help="keep the results there")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        name, *words = given.part
        gc.disable()  # as the command does while it loads
        if name == "csv":
            make_csv(Path(words[0]), int(words[1]))
        else:
            PARTS[name](*map(Path, words))
        return
    from _results import RESULTS, publish, targets_table

    measured = {int(size): measure(int(size), given.rounds) for size in given.sizes.split(",")}
    kept = targets(measured)
    full = (given.sizes, given.rounds) == (FULL_SIZES, FULL_ROUNDS)
    openssl = subprocess.run(
        ["openssl", "version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    publish(
        "seal",
        "Sealing and opening",
        [
            f"{given.rounds} rounds; every figure is of a whole process. The limit is `gzip -1` and the bare "
            f"limit of what it made, one after the other. {openssl}.",
            *(section(size, runs) for size, runs in measured.items()),
            "## Targets",
            targets_table(kept),
            "Besides sealing, the commands read their arguments and unlock keys, `open` two of them: scrypt "
            "takes 0.17 s for each, on purpose. gzip and openssl have no interpreter to start.",
        ],
        {
            "rounds": given.rounds,
            "runs": {
                str(size): {name: [ran.figures() for ran in those] for name, those in runs.items()}
                for size, runs in measured.items()
            },
            "targets": [{"promise": t.promise, "figure": t.figure, "verdict": t.word} for t in kept],
        },
        ("renkei", "cryptography", "isal"),
        given.results or (RESULTS if full else None),
    )


if __name__ == "__main__":
    main()
