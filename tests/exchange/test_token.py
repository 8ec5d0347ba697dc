"""Keys in a PKCS#11 token replace keys in files; the library needs nothing else."""

from cryptography import x509
from hsm import TokenDecrypter, TokenSigner, a_token
from material import NOW, YEAR, Authority
from world import World, agreement_json, plain_text_in

from renkei.exchange.evidence import verify


def certified(ca: Authority, common: str, public: object, usage: str) -> x509.Certificate:
    class Held:
        """A key of which the authority gets only the public half."""

        def public_key(self) -> object:
            return public

    return ca.issue(common, Held(), usage=usage)


def test_a_day_with_the_receivers_keys_in_a_token(world: World):
    token = a_token(world.directory / "hsm")
    signing, decryption = token.make("01", "--usage-sign"), token.make("02", "--usage-derive")
    signer = TokenSigner(token, certified(world.ca, "isa token", signing, "digital_signature"))
    decrypter = TokenDecrypter(token, certified(world.ca, "isa token", decryption, "key_agreement"))
    world.isa.signer, world.isa.decrypter = signer, decrypter
    world.agree(agreement_json(world.pins(starts=NOW - YEAR)))

    made = world.send()
    for answer in (world.isa.inbox.take(made.files, NOW).receipt, world.deliver(made).receipt):
        world.mhlw.outbox.keep_receipt(answer.data, answer.signature, NOW)

    assert world.mhlw.outbox.is_closed("annex1", 1)
    assert [path.name for path in plain_text_in(world.isa.home)] == ["notifications.csv"]
    assert [found.fault for found in verify(world.isa.home / "inbox", world.isa.terms)] == [None]
