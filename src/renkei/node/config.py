"""One node's configuration: `renkei.toml` in its directory, read once and checked key by key."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from renkei.agreement.decisions import DEFAULT_POLICY, Policy, load_policy
from renkei.agreement.parties import PARTIES
from renkei.node.errors import Unconfigured

FILE: Final = "renkei.toml"

Environment = Literal["production", "verification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The console's address for officers' browsers, behind the agency's reverse proxy."""

    listen: str = "127.0.0.1:8000"
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    support: str = ""
    workers: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """The addresses of the exchange, ours and the counterpart's (TLS 1.3, both certificates pinned)."""

    listen: str = "127.0.0.1:9443"
    counterpart: str = "https://127.0.0.1:9444"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The address of the monitoring port; blank for none."""

    listen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The token (PKCS#11) that holds signing or decryption keys; blank if they are in files.

    `module` is the vendor's library, `label` the token's, `signing` and `decryption` those of its key pairs.
    """

    module: str = ""
    label: str = ""
    signing: tuple[str, ...] = ()
    decryption: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """The agency's own directory of officers (OpenID Connect); blank if accounts are local."""

    client_id: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    user_endpoint: str = ""
    jwks_endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The retention of each class of data, in days after it was last needed; to be confirmed (8(2))."""

    notifications: int = 3 * 365
    register: int = 3 * 365
    closed_cases: int = 5 * 365
    deliveries: int = 5 * 365
    extracts: int = 30  # files in extracts/done and extracts/refused, whose rows are in the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The contents of the configuration file. Secrets come from the environment and are never in it."""

    directory: Path
    party: str
    environment: Environment = "verification"
    database: str = "sqlite:///node.db"
    policy: str = ""
    log_level: str = "INFO"
    # How long an extract without a control file must not have changed before it is imported.
    extracts_settle_seconds: int = 60
    console: Console = field(default_factory=Console)
    carrier: Carrier = field(default_factory=Carrier)
    metrics: Metrics = field(default_factory=Metrics)
    token: Token = field(default_factory=Token)
    oidc: Oidc = field(default_factory=Oidc)
    retention: Retention = field(default_factory=Retention)

    @property
    def exchange(self) -> Path:
        """The exchange directory: keys, agreement file, outbox, inbox."""
        return self.directory / "exchange"

    @property
    def extracts(self) -> Path:
        """The directory for this party's own extracts."""
        return self.directory / "extracts"

    @property
    def restored(self) -> Path:
        """The mark of a restore, which exists until the numbers are compared (`deliveries.restore_check`)."""
        return self.exchange / "restored.json"

    def decided(self) -> Policy:
        """Return the decisions of clause 8(2) in force here. Raises PolicyError."""
        return load_policy(self.directory / self.policy) if self.policy else DEFAULT_POLICY

    @property
    def counterpart(self) -> str:
        """The code of the other party."""
        return next(code for code in PARTIES if code != self.party)


def load(directory: Path) -> Config:
    """Read a node's configuration. Raises Unconfigured, which names the error and what to do."""
    if directory.name == FILE:  # the path of the file stands for its directory
        directory = directory.parent
    path = directory / FILE
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise Unconfigured(
            f"{directory} holds no {FILE}. Make a node with `renkei init --party isa|mhlw DIR`.",
            f"{directory}に{FILE}がありません。`renkei init --party isa|mhlw DIR`で作成してください。",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise _wrong(FILE, str(fault)) from None
    database = os.environ.get("RENKEI_DATABASE_URL")
    read: Config = _read(
        Config, found | ({"database": database} if database else {}), "", directory=directory
    )
    return read


def unset() -> Config:
    """Return the configuration without a node, for checks of the code and for tests."""
    database = os.environ.get("RENKEI_DATABASE_URL", "sqlite://:memory:")
    return Config(directory=Path(os.devnull), party="isa", database=database)


def _read(cls: type[Any], found: Mapping[str, Any], within: str, **given: Any) -> Any:
    known = {each.name: each for each in fields(cls) if each.name not in given}
    for key, value in found.items():
        name = f"{within}{key}"
        if key not in known:
            raise _wrong(name, f"unknown; known are {', '.join(known)}")
        kind = known[key].default_factory or type(known[key].default)
        if isinstance(kind, type) and hasattr(kind, "__dataclass_fields__"):
            if not isinstance(value, dict):
                raise _wrong(name, "a table is expected")
            given[key] = _read(kind, value, f"{name}.")
        else:
            given[key] = _value(name, value, known[key].default)
    if cls is Config:
        _check_choice("party", given.get("party"), tuple(PARTIES))
        _check_choice("environment", given.get("environment", "verification"), ("production", "verification"))
    return cls(**given)


def _value(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise _wrong(name, "a list of texts is expected")
    wanted = int if isinstance(default, int) else str
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise _wrong(name, "a whole number is expected" if wanted is int else "a text is expected")
    return value


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise _wrong(name, f"must be one of {', '.join(choices)}")


def _wrong(name: str, why: str) -> Unconfigured:
    return Unconfigured(
        f"{FILE}: {name}: {why}. Correct the file and run again.",
        f"{FILE}: {name}: {why}。ファイルを直して、もう一度実行してください。",
    )
