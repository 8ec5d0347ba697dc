"""Make the golden deliveries: `uv run python tests/exchange/golden.py DIRECTORY`.

There are two, one for each key family, with the certificates, the agreement file and the keys that open them.
The keys have no other use; they are stored as the DER of PKCS#8, in hexadecimal.
"""

import json
import shutil
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization as form
from material import Authority
from world import Agency, World, a_row, a_world, copied

from renkei.exchange import agreement_file
from renkei.exchange.keys import FileDecrypter, FileSigner
from renkei.exchange.trust import Terms

GOLDEN = Path(__file__).parent / "golden"
FAMILIES = ("p256", "rsa")
ROWS = [a_row(1, address='"東京都千代田区霞が関1-1-1, ""合同庁舎"""'), a_row(2, name="NGUYEN VAN A")]


def write(directory: Path) -> None:
    """Make them again; every byte differs each time, because keys and nonces are random."""
    for family in FAMILIES:
        place = directory / family
        work = place / "work"
        shutil.rmtree(place, ignore_errors=True)
        work.mkdir(parents=True)
        world = a_world(work, family)
        copied(world.send(ROWS).files, place)
        pairs = {"ca": world.ca}
        for side in (world.mhlw, world.isa):
            pairs |= {f"{side.party}-signing": side.signer, f"{side.party}-decryption": side.decrypter}
        keys = {}
        for name, pair in pairs.items():
            der = form.Encoding.DER
            keys[name] = pair.key.private_bytes(der, form.PrivateFormat.PKCS8, form.NoEncryption()).hex()
            (place / f"{name}.crt").write_bytes(pair.certificate.public_bytes(form.Encoding.PEM))
        (place / "keys.json").write_text(json.dumps(keys, indent=2) + "\n")
        (place / "agreement.file.json").write_bytes(world.agreement_bytes)
        shutil.rmtree(work)


def read(family: str, homes: Path) -> World:
    """Return the two agencies of the golden deliveries, with empty homes."""
    place = GOLDEN / family
    keys = json.loads((place / "keys.json").read_text())

    def pair(name: str) -> tuple:
        key = form.load_der_private_key(bytes.fromhex(keys[name]), None)
        return key, x509.load_pem_x509_certificate((place / f"{name}.crt").read_bytes())

    sides = {}
    for party in ("mhlw", "isa"):
        home = homes / party
        home.mkdir()
        signer = FileSigner(*pair(f"{party}-signing"))
        sides[party] = Agency(party, signer, FileDecrypter(*pair(f"{party}-decryption")), home)
    data = (place / "agreement.file.json").read_bytes()
    agreement = agreement_file.read(data)
    ca = Authority(*pair("ca"))
    for side in sides.values():
        side.terms = Terms(side.party, (agreement,), (ca.certificate,))
    return World(homes, ca, sides["mhlw"], sides["isa"], agreement, data)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN)
