"""The directory where extracts land: each file is taken in or refused by its name's word, and moved away."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, cast

from django.conf import settings
from django.db import transaction

from renkei.agreement.errors import RenkeiError
from renkei.matching.reading import Encoding, RefusedFile
from renkei.node.audit.trail import record
from renkei.node.audit.verbs import Verb
from renkei.node.errors import NotOurs, TooMuchGone
from renkei.node.records.intake import take_in
from renkei.node.records.models import Import
from renkei.node.records.tables import TABLES

DONE: Final = "done"
REFUSED: Final = "refused"
REFUSAL: Final = ".refusal.txt"

_NAME: Final = re.compile(
    r"(?P<dataset>[a-z_]+)\.(?P<mode>full|delta)\.(?P<label>.+?)(?P<confirmed>\.confirmed)?(?P<cp932>\.cp932)?"
    r"\.(?:csv|parquet)"
)
# A name under which a file is still being written; it is left alone until it has its own.
_UNFINISHED: Final = re.compile(r"\..*|.*\.(?:part|tmp)")


def take_inbox(now: datetime) -> list[Import]:
    """Take in everything that landed in DIR/extracts; returns what was taken, in that order.

    Files are named `<dataset>.full.<label>.csv` or `.parquet`, or `<dataset>.delta.…`; `.cp932.csv` says the
    encoding, `.confirmed` before it that a full extract may remove much. They are taken by dataset (persons
    before cards), then by label: a date makes a good one. Each goes to done/, or to refused/ with a note
    saying why in both languages. What a run that was cut short left is the next one's.
    """
    place = settings.NODE.extracts
    if not place.is_dir():
        return []
    files = [path for path in place.iterdir() if path.is_file() and not _UNFINISHED.fullmatch(path.name)]
    return [made for path in sorted(files, key=_order) if (made := _take(path, now))]


def _order(path: Path) -> tuple[int, str, bool, str]:
    ours = list(TABLES[settings.NODE.party])
    named = _NAME.fullmatch(path.name)
    if named is None or named["dataset"] not in ours:
        return len(ours), "", False, path.name
    return ours.index(named["dataset"]), named["label"], named["mode"] == "delta", path.name


def _take(path: Path, now: datetime) -> Import | None:
    try:
        named = _NAME.fullmatch(path.name)
        if named is None:
            raise NotOurs(
                f"{path.name}: the name does not say what it is. Call it DATASET.full.LABEL.csv or "
                "DATASET.delta.LABEL.csv (or .parquet).",
                f"{path.name}: 名前から内容が分かりません。データ名.full.任意.csv または "
                "データ名.delta.任意.csv(.parquetも可)としてください。",
            )
        encoding: Encoding = "cp932" if named["cp932"] else "utf-8"
        mode = cast(Literal["full", "delta"], named["mode"])
        confirmed = named["confirmed"] is not None
        made = take_in(path, named["dataset"], mode, now=now, encoding=encoding, confirmed=confirmed)
    except (RefusedFile, NotOurs, TooMuchGone) as fault:
        _refuse(path, fault, now)
        return None
    _move(path, path.parent / DONE, now)
    return made


def _refuse(path: Path, fault: RenkeiError, now: datetime) -> None:
    moved = _move(path, path.parent / REFUSED, now)
    moved.with_name(moved.name + REFUSAL).write_text(f"{fault.ja}\n\n{fault}\n", encoding="utf-8")
    with transaction.atomic():
        record(None, Verb.FILE_REFUSED, path.name, fault=type(fault).__name__)


def _move(path: Path, directory: Path, now: datetime) -> Path:
    # The moment keeps two files of one name apart, and tells retention how old they are.
    directory.mkdir(exist_ok=True)
    moved = path.rename(directory / f"{now:%Y%m%dT%H%M%S%f}-{path.name}")
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return moved
