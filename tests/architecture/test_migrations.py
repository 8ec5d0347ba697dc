"""Migrations are append-only: a node's database of any version can always be brought to the next."""

import hashlib
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
NODE = ROOT / "src/renkei/node"
DIGESTS = Path(__file__).with_name("migrations.sha256")


def committed() -> dict[str, str]:
    """Read the digest of each migration that was ever committed, in the form of `sha256sum`."""
    lines = (line.split() for line in DIGESTS.read_text("utf-8").splitlines())
    return {path: digest for digest, path in lines}


def present() -> dict[str, str]:
    return {
        path.relative_to(NODE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(NODE.glob("*/migrations/[0-9]*.py"))
    }


def edited(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Name the migrations that are not as they were committed, or are gone."""
    return [path for path, digest in before.items() if now.get(path) != digest]


def test_no_migration_is_edited_or_removed():
    assert edited(committed(), present()) == [], "write a new migration; one that was committed stays"


def test_each_new_migration_is_put_on_the_list():
    missing = set(present()) - set(committed())

    assert not missing, (
        "cd src/renkei/node && sha256sum PATH >> ../../../tests/architecture/migrations.sha256"
    )


@pytest.mark.django_db
def test_the_migrations_make_what_the_models_say():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_edited_and_a_removed_migration_are_seen():
    assert edited(
        {"a/migrations/0001.py": "1", "b/migrations/0001.py": "2"}, {"a/migrations/0001.py": "3"}
    ) == [
        "a/migrations/0001.py",
        "b/migrations/0001.py",
    ]
