"""System checks of a node's configuration: errors and warnings, one row each, with an id.

`renkei serve` and `renkei cycle run` refuse to start on an error; `renkei doctor` shows errors and warnings.
docs/operations.md has the same rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from renkei.agreement.errors import RenkeiError
from renkei.exchange.home import Home
from renkei.node.errors import Unconfigured

TAG: Final = "renkei"
_LEAST_SECRET: Final = 32  # characters, of RENKEI_SECRET_KEY


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. `wrong` yields each place that is wrong. With an E error the node does not start."""

    id: str
    wrong: Callable[[], Iterator[str]]
    ja: str
    en: str
    hint_ja: str
    hint_en: str

    def messages(self) -> list[checks.CheckMessage]:
        """Run the check, and return one message for each place that is wrong."""
        kind: type[checks.Error] | type[checks.Warning] = checks.Error if ".E" in self.id else checks.Warning
        return [
            kind(
                f"{self.ja}{_tail(where)} / {self.en}{_tail(where)}",
                hint=f"{self.hint_ja} / {self.hint_en}",
                obj=Said(self, where),
                id=self.id,
            )
            for where in self.wrong()
        ]


@dataclass(frozen=True, slots=True)
class Said:
    """The rule of a message, and the place that is wrong."""

    rule: Rule
    where: str

    def __str__(self) -> str:
        """Return the place, as Django prints it."""
        return self.where or "renkei.toml"


def register_all() -> None:
    """Register every rule with Django."""
    for rule in RULES:

        def look(app_configs: Any, rule: Rule = rule, **others: Any) -> list[checks.CheckMessage]:
            return rule.messages()

        checks.register(look, TAG)


def refuse_errors() -> None:
    """Raise `Unconfigured` if there are errors; it names all of them and what to do."""
    said = [message.obj for message in checks.run_checks(tags=[TAG]) if message.is_serious()]
    if said:
        raise Unconfigured(
            " ".join(
                f"[{each.rule.id}] {each.rule.en}{_tail(each.where)} {each.rule.hint_en}" for each in said
            ),
            "".join(
                f"【{each.rule.id}】{each.rule.ja}{_tail(each.where)}{each.rule.hint_ja}" for each in said
            ),
        )


def _tail(where: str) -> str:
    return f" ({where})" if where else ""


# --- the checks ---------------------------------------------------------------------------------------------


def _production() -> bool:
    return bool(settings.NODE.environment == "production")


def _secret_key() -> Iterator[str]:
    try:
        short = len(settings.SECRET_KEY) < _LEAST_SECRET
    except ImproperlyConfigured:  # Django raises this for a blank key
        short = True
    if _production() and short:
        yield ""


def _hosts() -> Iterator[str]:
    if _production() and (not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS):
        yield "console.hosts"


def _open_to_others() -> Iterator[str]:
    keys = settings.NODE.exchange / "keys"
    if keys.is_dir():
        private = (path for path in keys.glob("*/*/key.pem"))
        for path in (keys, *sorted(private)):
            if path.stat().st_mode & 0o077:
                yield str(path.relative_to(settings.NODE.directory))


def _oidc_incomplete() -> Iterator[str]:
    oidc = settings.NODE.oidc
    if oidc.client_id:
        for name in _ENDPOINTS:
            if not getattr(oidc, name):
                yield f"oidc.{name}"
        if not settings.OIDC_RP_CLIENT_SECRET:
            yield "RENKEI_OIDC_CLIENT_SECRET"


def _oidc_plain() -> Iterator[str]:
    for name in _ENDPOINTS:
        address = getattr(settings.NODE.oidc, name)
        if _production() and address and urlsplit(address).scheme != "https":
            yield f"oidc.{name}"


def _time_zone() -> Iterator[str]:
    if settings.TIME_ZONE != "Asia/Tokyo" or not settings.USE_TZ:
        yield "settings.TIME_ZONE"


def _other_party() -> Iterator[str]:
    path = settings.NODE.exchange / "party"
    if path.exists() and Home(settings.NODE.exchange).party != settings.NODE.party:
        yield "exchange/party"


def _agreement() -> Iterator[str]:
    if any((settings.NODE.exchange / "agreement").glob("[0-9]*")):
        try:
            agreement = Home(settings.NODE.exchange).agreements()[-1]
        except (RenkeiError, OSError):
            yield "exchange/agreement"
        else:
            if settings.NODE.party not in agreement.parties:
                yield f"exchange/agreement/{agreement.version:04d}"


def _policy() -> Iterator[str]:
    try:
        settings.NODE.decided()
    except (RenkeiError, OSError):
        yield "policy"


def _carrier_plain() -> Iterator[str]:
    if urlsplit(settings.NODE.carrier.counterpart).scheme != "https":
        yield "carrier.counterpart"


def _token_incomplete() -> Iterator[str]:
    """Yield the missing settings of a token that is only partly set."""
    token = settings.NODE.token
    said = {
        "token.module": token.module,
        "token.label": token.label,
        "token.signing, token.decryption": token.signing or token.decryption,
        "RENKEI_TOKEN_PIN": settings.TOKEN_PIN,
    }
    if any(said.values()):
        yield from (name for name, value in said.items() if not value)


def _sqlite() -> Iterator[str]:
    if _production() and settings.NODE.database.startswith("sqlite"):
        yield "database"


def _no_passphrase() -> Iterator[str]:
    if not settings.KEY_PASSPHRASE:
        yield ""


def _no_agreement() -> Iterator[str]:
    if not any((settings.NODE.exchange / "agreement").glob("[0-9]*")):
        yield "exchange/agreement"


def _directory_open() -> Iterator[str]:
    directory: Path = settings.NODE.directory
    if directory.is_dir() and directory.stat().st_mode & 0o077:
        yield str(directory)


def _console_exposed() -> Iterator[str]:
    host, _, _ = settings.NODE.console.listen.rpartition(":")
    if _production() and host not in ("127.0.0.1", "[::1]", "localhost"):
        yield "console.listen"


_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "user_endpoint", "jwks_endpoint")

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "renkei.E001",
        _secret_key,
        "本番環境でRENKEI_SECRET_KEYがないか、短すぎます。",
        "RENKEI_SECRET_KEY is missing or too short in production.",
        "`openssl rand -hex 32`で作り、サービスの環境に設定してください。",
        "Make one with `openssl rand -hex 32` and set it in the service's environment.",
    ),
    Rule(
        "renkei.E002",
        _hosts,
        "本番環境で画面のホスト名が限定されていません。",
        "The console's host names are not limited in production.",
        "console.hostsに職員が使う名前だけを書いてください。",
        "Name in console.hosts what officers' browsers ask for, and nothing else.",
    ),
    Rule(
        "renkei.E003",
        _open_to_others,
        "鍵が他の利用者から読める状態です。",
        "Keys can be read by other users.",
        "`chmod -R go= DIR/exchange/keys`を実行してください。",
        "Run `chmod -R go= DIR/exchange/keys`.",
    ),
    Rule(
        "renkei.E004",
        _oidc_incomplete,
        "OIDCの設定が足りません。",
        "The settings for OIDC are incomplete.",
        "その項目を補うか、oidc.client_idを空にしてください。",
        "Fill it in, or leave oidc.client_id blank.",
    ),
    Rule(
        "renkei.E005",
        _oidc_plain,
        "本番環境でOIDCの宛先がhttpsではありません。",
        "An endpoint of OIDC is not https in production.",
        "https://で始まる宛先を書いてください。",
        "Write an address that begins with https://.",
    ),
    Rule(
        "renkei.E006",
        _time_zone,
        "時間帯がAsia/Tokyoではありません。",
        "The time zone is not Asia/Tokyo.",
        "業務日は日本時間で数えます。設定を戻してください。",
        "Business days are counted in Japan's time. Put the setting back.",
    ),
    Rule(
        "renkei.E007",
        _other_party,
        "renkei.tomlのpartyとexchange/の当事者が違います。",
        "The party of renkei.toml is not that of exchange/.",
        "どちらのノードかを確かめ、正しいexchange/を置いてください。",
        "See whose node it is, and put the right exchange/ there.",
    ),
    Rule(
        "renkei.E008",
        _agreement,
        "取決めファイルが壊れているか、双方の署名がそろっていないか、当方が当事者ではありません。",
        "The agreement file is broken, not signed by both, or does not name this party.",
        "`renkei agreement verify`で確かめ、控えから戻してください。",
        "See with `renkei agreement verify`, and put it back from a backup.",
    ),
    Rule(
        "renkei.E009",
        _policy,
        "決定事項のファイルを読めません。",
        "The file of decisions cannot be read.",
        "renkei.tomlのpolicyと、そのファイルを直してください。",
        "Correct `policy` in renkei.toml, or the file that it names.",
    ),
    Rule(
        "renkei.E010",
        _carrier_plain,
        "相手方の宛先がhttpsではありません。",
        "The counterpart's address is not https.",
        "carrier.counterpartをhttps://ホスト:ポートの形で書いてください。",
        "Write carrier.counterpart as https://HOST:PORT.",
    ),
    Rule(
        "renkei.E011",
        _token_incomplete,
        "トークン(PKCS#11)の設定が足りません。",
        "The settings for the token (PKCS#11) are incomplete.",
        "その項目を補うか、[token]を空にし、RENKEI_TOKEN_PINを外してください。",
        "Fill it in, or leave [token] blank and RENKEI_TOKEN_PIN out.",
    ),
    Rule(
        "renkei.W001",
        _sqlite,
        "本番環境でSQLiteを使っています。",
        "SQLite is used in production.",
        "PostgreSQL 15以上を用意し、databaseに書いてください。",
        "Prepare PostgreSQL 15 or later and name it in `database`.",
    ),
    Rule(
        "renkei.W002",
        _no_passphrase,
        "RENKEI_KEY_PASSPHRASEがないため、封緘も開封も受信もできません。",
        "Without RENKEI_KEY_PASSPHRASE nothing can be sealed, opened or received.",
        "サービスの環境に設定してください。",
        "Set it in the service's environment.",
    ),
    Rule(
        "renkei.W003",
        _no_agreement,
        "取決めファイルがまだ取り込まれていません。",
        "No agreement file was adopted yet.",
        "`renkei agreement verify FILE --home DIR/exchange`で発効させてください。",
        "Put one into force with `renkei agreement verify FILE --home DIR/exchange`.",
    ),
    Rule(
        "renkei.W004",
        _directory_open,
        "ノードのディレクトリを他の利用者が開けます。",
        "Other users can open the node's directory.",
        "`chmod go= DIR`を実行してください。",
        "Run `chmod go= DIR`.",
    ),
    Rule(
        "renkei.W005",
        _console_exposed,
        "画面がこの機械の外に直接開いています。TLSはリバースプロキシが受け持ちます。",
        "The console listens beyond this machine, though TLS is the reverse proxy's part.",
        "console.listenを127.0.0.1:ポートにしてください。",
        "Set console.listen to 127.0.0.1:PORT.",
    ),
)
