"""Small hostile worlds: a register and notifications in which every rule and every flaw soon occurs.

    world(seed)                  the same world for the same seed
    world(seed, contested=True)  also what READINGS.md finds open
    write(world, directory)      notifications.csv and the register's three files, as the command reads them

Values first (canonical, in few words so that they collide), then ways to write them, then rows spoilt.
"""

import csv
import datetime
import random
from dataclasses import dataclass
from pathlib import Path

from . import flaws, shapes, values
from .reading import Row
from .tables import IDENTIFIER, IDENTITY, INPUTS, ITEMS, WITHHELD, columns

AS_OF = (
    *("2026-03-31", "2026-04-30", "2026-05-01", "2024-02-29", "2024-03-01", "2021-04-30", "2021-05-01"),
    *("2021-05-31", "2021-06-01", "2026-12-31", "2027-01-01", "2027-01-31", "2027-02-28", "2027-03-01"),
    *("2026-05-31", "2026-06-01", "2026-06-03", "2026-06-04", "2025-05-31", "2025-06-01", "2026-07-01"),
)
MALFORMED = ("A123", "AB1234567CD", "ab-123", "不明", "ABCD12345678", "AB12345678C", "なし", "申請中", "A1")
UNKNOWN = ("ZZ00000000ZZ", "ZZ00000001ZZ")
CORPORATE = (  # the last with a wrong check digit
    "6000012070001",
    "7000012050002",
    "8000012010038",
    "8000012010039",
)
RECORD = (
    *("name", "kanji_name", "status_of_residence", "stay_expires_on", "birth_date", "sex", "nationality"),
    *("postal_code", "address", "extra_activity_permission"),
)


@dataclass(frozen=True)
class World:
    """Four tables of raw rows, the day of the run, and the policy to run with (often empty: the defaults)."""

    notifications: list[Row]
    persons: list[Row]
    cards: list[Row]
    permissions: list[Row]
    as_of: str
    policy: dict[str, object]
    changes: bool = False
    """The notifications are a day's changes, not all that stand."""

    def table(self, dataset: str) -> list[Row]:
        tables = (self.notifications, self.persons, self.cards, self.permissions)
        return dict(zip(INPUTS, tables, strict=True))[dataset]


def world(seed: int, contested: bool = False) -> World:
    return _Maker(random.Random(seed), contested).world()


def write(world: World, directory: Path, labels: bool = False) -> None:
    """The four CSV files, with column names as headers or, where `labels`, the Japanese labels."""
    for dataset in INPUTS:
        with (directory / f"{dataset}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([column.label if labels else column.name for column in columns(dataset)])
            names = [column.name for column in columns(dataset)]
            writer.writerows([row[name] for name in names] for row in world.table(dataset))


class _Maker:
    """The draws of one world, in order."""

    def __init__(self, rng: random.Random, contested: bool) -> None:
        self.rng = rng
        self.contested = contested
        self.flaw_rate = rng.choice((0.03, 0.15, 0.4))
        self.spoil_rate = rng.choice((0.0, 0.03, 0.12))
        self.organisations = rng.choice((1, 2, 3, 4, len(flaws.ORGANISATIONS)))
        self.as_of = rng.choice(AS_OF)
        self.persons: list[Row] = []
        self.cards: list[Row] = []
        self.permissions: list[Row] = []
        self.notifications: list[Row] = []

    def world(self) -> World:
        rng = self.rng
        for number in range(rng.choice((0, 1, 2, 5, 10, 10, 10, 20))):
            self._person(f"P{number:02}")
        for person in self.persons:
            for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
                self._permission(person)
        for number in range(rng.choice((0, 1, 5, 20, 40, 60, 60))):
            self._notification(f"N{number:02}")
        return World(
            notifications=self._written("notifications", self.notifications),
            persons=self._written("persons", self.persons),
            cards=self._written("cards", self.cards),
            permissions=self._written("permissions", self.permissions),
            as_of=self.as_of,
            policy=self._policy(),
            changes=rng.random() < 0.15,
        )

    def _policy(self) -> dict[str, object]:
        rng = self.rng
        policy: dict[str, object] = {}
        if rng.random() < 0.3:
            policy["compared_items"] = list(ITEMS)
        if rng.random() < 0.1:
            policy["compared_items"] = [item for item in ITEMS if rng.random() < 0.6] or ["name"]
        if rng.random() < 0.15:
            policy["disclosed_items"] = [item for item in ITEMS if rng.random() < 0.6] or ["name"]
        if rng.random() < 0.3:
            policy["grace_days"] = rng.choice((0, 1, 3, 31))
        if rng.random() < 0.2:
            months = {
                status: rng.choice((0, 2, 3, 4, 12)) for status in flaws.PERMITTED if rng.random() < 0.3
            }
            policy["due_months"] = {"default": rng.choice((0, 1, 1, 2, 14)), **months}
        if rng.random() < 0.3:
            policy["credited_by"] = "contract_organisation"
        for decision in ("blank_start_credits", "explain_omissions", "report_continuing"):
            if rng.random() < 0.15:
                policy[decision] = False
        if rng.random() < 0.15:
            policy["in_scope_from"] = rng.choice(("2021-03-23", "2024-01-01", self.as_of))
        if rng.random() < 0.15:
            policy["identity_items"] = [item for item in IDENTITY if rng.random() < 0.5]
        if rng.random() < 0.15:
            policy["identity_conflict_at"] = rng.choice((1, 2, 3, 4))
        if rng.random() < 0.1:
            # Nothing that tells of identity, and now and then nothing at all.
            policy["compared_items"] = [item for item in ITEMS if item not in IDENTITY and rng.random() < 0.5]
        return policy

    # The register ---------------------------------------------------------------------------------

    def _person(self, identifier: str) -> None:
        rng = self.rng
        latest = self._record()
        numbers = [self._card_number() for _ in range(rng.choice((0, 1, 1, 2, 3, 4)))]
        last = numbers[-1] if numbers and rng.random() < 0.9 else self._card_number()
        self.persons.append({"person_id": identifier, "card_number": last, **latest})
        for place, number in enumerate(numbers):
            self.cards.append(
                {
                    "card_number": number,
                    "person_id": identifier,
                    "issued_on": f"{2018 + 2 * place}-0{rng.randrange(1, 10)}-15",
                    **(latest if number == last and rng.random() < 0.8 else self._changed(latest)),
                }
            )

    def _record(self) -> Row:
        rng = self.rng
        name, kanji_name = rng.choice(flaws.PEOPLE)
        birth_date = rng.choice(flaws.DATES)
        if rng.random() < 0.1:
            birth_date = rng.choice((f"{birth_date[:4]}-00-00", f"{birth_date[:7]}-00"))
        return {
            "name": name,
            "kanji_name": kanji_name,
            "status_of_residence": rng.choice(flaws.STATUSES),
            "stay_expires_on": rng.choice(("", "2026-10-21", "2027-03-31", "2028-02-29", "2027-01-12")),
            "birth_date": birth_date,
            "sex": rng.choice("1212120"),
            "nationality": flaws.nationality(rng, ""),
            "postal_code": rng.choice(("", "1000001", "5300005")),
            "address": rng.choice(("", *self._addresses())),
            "extra_activity_permission": rng.choice(("true", "false", "")),
        }

    def _changed(self, record: Row) -> Row:
        """An earlier state of the record: some items were otherwise."""
        rng = self.rng
        earlier = dict(record)
        for item in ITEMS:
            if rng.random() < 0.2:
                other = self._record()
                earlier[item] = other[item]
                if item == "name":
                    earlier["kanji_name"] = other["kanji_name"]
        return earlier

    def _card_number(self) -> str:
        rng = self.rng
        return f"{rng.choice(('AB', 'CD'))}{rng.randrange(200):08}{rng.choice(('EF', 'GH'))}"

    def _permission(self, person: Row) -> None:
        rng = self.rng
        ground = rng.choice(("coe", "change", "change"))
        permitted_on = self._permitted_on()
        with_dispatch = rng.random() < 0.4
        cards = [card for card in self.cards if card["person_id"] == person["person_id"]]
        if cards and permitted_on and rng.random() < 0.4:
            rng.choice(cards)["issued_on"] = self._near(permitted_on, (-1, 0, 1, 40))
        self.permissions.append(
            {
                "permission_id": f"Q{len(self.permissions):02}",
                "person_id": person["person_id"],
                "ground": ground,
                "permitted_on": permitted_on,
                "status_of_residence": rng.choice(
                    (person["status_of_residence"], rng.choice(flaws.STATUSES), *flaws.PERMITTED)
                ),
                "previous_status": rng.choice(flaws.PREVIOUS),
                "work_designated": rng.choice(("", "true", "true", "true", "false")),
                "contract_confirmed": rng.choice(("true",) * 7 + ("false",)),
                "contract_starts_on": self._contract_starts_on(permitted_on),
                "organisation_corporate_number": rng.choice(("", *CORPORATE)),
                "organisation_name": rng.choice(("", *self._organisation())),
                "organisation_address": rng.choice(flaws.PLACES),
                "organisation_phone": rng.choice(("", "", *flaws.PHONES)),
                "organisation_representative": rng.choice(("", "代表 太郎")),
                "dispatch_name": rng.choice(flaws.DISPATCHED) if with_dispatch else "",
                "dispatch_address": self._now_and_then(flaws.PLACES),
                "dispatch_phone": self._now_and_then(flaws.PHONES),
            }
        )

    def _organisation(self) -> tuple[str, ...]:
        """The spellings of one organisation. Most worlds have few, so that they meet."""
        return self.rng.choice(flaws.ORGANISATIONS[: self.organisations])

    def _now_and_then(self, texts: tuple[str, ...]) -> str:
        return self.rng.choice(texts) if self.rng.random() < 0.2 else ""

    def _near(self, day: str, later: tuple[int, ...]) -> str:
        return _day(datetime.date.fromisoformat(day), self.rng.choice(later))

    def _contract_starts_on(self, permitted_on: str) -> str:
        if self.rng.random() < 0.7:
            return ""
        return self._near(permitted_on or self.as_of, (-200, -10, 0, 10, 31, 62, 100))

    def _permitted_on(self) -> str:
        """Around the days that decide: a due date on the day of the run, the start of the agreement."""
        rng = self.rng
        as_of = datetime.date.fromisoformat(self.as_of)
        first = as_of.replace(day=1)
        months = (-1, -32, -28, -29, -30, -31, -59, -61, -62, -63, -93, -120, -121, -122, -123, -124, -153)
        years = [f"{as_of.year}-{day}" for day in ("01-01", "01-20", "03-15", "04-01", "04-30", "05-01")]
        around = [
            *("2021-03-21", "2021-03-22", "2021-03-23"),
            *(_day(first, later) for later in months),
            *(_day(as_of, later) for later in (0, 10, -300)),
            *years,
            f"{as_of.year - 1}-12-31",
        ]
        if rng.random() < 0.05:
            return ""
        return rng.choice((rng.choice(around), _day(as_of, -300), _day(first, -125)))

    # The notifications ----------------------------------------------------------------------------

    def _notification(self, identifier: str) -> None:
        rng = self.rng
        card = self._card()
        if card and self.notifications and rng.random() < 0.15:  # the number of an earlier one
            number = rng.choice(self.notifications)["card_number"]
            card = next((other for other in self.cards if other["card_number"] == number), card)
        record = dict(card) if card and rng.random() < 0.9 else self._record()
        if card and rng.random() < 0.15:  # as the latest, or as another card of the same person
            theirs = [
                other for other in (*self.persons, *self.cards) if other["person_id"] == card["person_id"]
            ]
            record = dict(rng.choice(theirs))
        reported = {item: record[item] for item in (*ITEMS, "postal_code")}
        if record["kanji_name"] and rng.random() < 0.2:
            reported["name"] = record["kanji_name"]
        for item in ITEMS:
            if rng.random() < self.flaw_rate:
                reported[item] = self._flawed(item, record)
        self.notifications.append(
            {
                "notification_id": identifier,
                **reported,
                "card_number": self._reported_number(card),
                **self._employment(card),
                "updated_on": rng.choice(("", "2026-04-02")),
                "deleted_on": "",
            }
        )
        self._maybe_delete(self.notifications[-1])
        self._maybe_withhold(self.notifications[-1])

    def _card(self) -> Row | None:
        """Any card, more often one of somebody with a permission."""
        rng = self.rng
        permitted = {permission["person_id"] for permission in self.permissions}
        theirs = [card for card in self.cards if card["person_id"] in permitted]
        return rng.choice(theirs if theirs and rng.random() < 0.7 else self.cards) if self.cards else None

    def _flawed(self, item: str, record: Row) -> str:
        rng = self.rng
        if item == "name":
            return flaws.name(rng, record["name"], record["kanji_name"])
        if rng.random() < 0.1 and item in ("stay_expires_on", "address", "extra_activity_permission"):
            return ""
        if item == "address":
            return rng.choice(("", *self._addresses()))
        value = flaws.item(rng, item, record[item])
        return value if not value or _is_readable("notifications", item, value) else record[item]

    def _reported_number(self, card: Row | None) -> str:
        rng = self.rng
        draw = rng.random()
        if draw < 0.05:
            return rng.choice(MALFORMED)
        if draw < 0.06:
            return ""
        if draw < 0.10 or not card:
            return rng.choice(UNKNOWN)
        return self._card_number() if draw < 0.13 else card["card_number"]

    def _employment(self, card: Row | None) -> Row:
        rng = self.rng
        theirs = [
            permission
            for permission in self.permissions
            if card and permission["person_id"] == card["person_id"] and permission["permitted_on"]
        ]
        start, end, registered_on = "", "", "2026-04-01"
        permission = rng.choice(theirs) if theirs else None
        if permission:
            day = permission["permitted_on"]
            if rng.random() < 0.7:
                start = self._near(day, (-400, -60, -33, -32, -31, -30, -1, -1, 0, 1, 30))
            if rng.random() < 0.35:
                end = self._near(day, (-20, -1, 0, 1, 200))
            if rng.random() < 0.7:
                registered_on = self._near(day, (-30, -1, 0, 1, 60))
        elif rng.random() < 0.5:
            start = rng.choice(("2019-04-01", "2021-03-22", "2026-04-01"))
            end = rng.choice(("", "", "2027-03-31"))
        return {
            "establishment_number": rng.choice(("", "13011234567", "27010000011")),
            "establishment_name": self._establishment_name(permission),
            "establishment_postal_code": rng.choice(("", "1000001")),
            "establishment_address": rng.choice(("", *flaws.PLACES)),
            "establishment_phone": rng.choice(("", *flaws.PHONES)),
            "industry": rng.choice(("", "E", "E09")),
            "establishment_size": rng.choice(("", "30-99")),
            "employment_start": start,
            "employment_end": end,
            "registered_on": registered_on,
        }

    def _establishment_name(self, permission: Row | None) -> str:
        """The organisation of the permission in some spelling, its 派遣先, another one, or nothing."""
        rng = self.rng
        if permission and rng.random() < 0.4:
            name = permission["organisation_name"]
            return rng.choice(next((names for names in flaws.ORGANISATIONS if name in names), ("",)))
        return rng.choice(("", "", rng.choice(flaws.DISPATCHED), *self._organisation()))

    def _maybe_delete(self, notification: Row) -> None:
        rng = self.rng
        if rng.random() >= 0.1:
            return
        notification["deleted_on"] = "2026-04-03"
        if rng.random() < 0.6:  # as the ministry sends it; else with everything left in
            kept = ("notification_id", "card_number", "registered_on", "updated_on", "deleted_on")
            for name in notification:
                if name not in kept:
                    notification[name] = ""

    def _maybe_withhold(self, notification: Row) -> None:
        if notification["status_of_residence"] == "permanent" and self.rng.random() < 0.75:
            for name in WITHHELD:
                notification[name] = ""

    def _addresses(self) -> tuple[str, ...]:
        return flaws.ADDRESSES + (flaws.CONTESTED_ADDRESSES if self.contested else ())

    # As the files have it -------------------------------------------------------------------------

    def _written(self, dataset: str, rows: list[Row]) -> list[Row]:
        rng = self.rng
        written = [
            {
                column.name: shapes.write(rng, column, row[column.name], self.contested)
                for column in columns(dataset)
            }
            for row in rows
        ]
        for row in written:
            while rng.random() < self.spoil_rate:
                self._spoil(dataset, row)
        for row in list(written):
            if rng.random() < self.spoil_rate:
                self._duplicate(dataset, row, written)
        if rng.random() < 0.7:
            rng.shuffle(written)
        return written

    def _spoil(self, dataset: str, row: Row) -> None:
        """Blank, unreadable, too long or just short enough; or pointing at nobody."""
        rng = self.rng
        column = rng.choice(columns(dataset))
        flaw = rng.choice(("blank", "unreadable", "unreadable", "longest", "nobody"))
        if flaw == "blank":
            row[column.name] = rng.choice(("", " ", "　"))
        elif flaw == "unreadable" and column.name != IDENTIFIER[dataset]:
            row[column.name] = shapes.unreadable(rng, column)
        elif flaw == "unreadable":
            row[column.name] = self._unreadable_identifier(dataset, column.name)
        elif flaw == "longest" and column.most and column.name != "person_id":
            row[column.name] = shapes.longest(rng, column)
        elif flaw == "nobody" and "person_id" in row and dataset != "persons":
            row["person_id"] = "P99"

    def _unreadable_identifier(self, dataset: str, name: str) -> str:
        """Each one different: whether two unreadable identifiers can be the same is contested."""
        text = shapes.unreadable(self.rng, shapes.column(dataset, name))
        return text if self.contested else f"{text}{self.rng.randrange(10**6)}"

    def _duplicate(self, dataset: str, row: Row, written: list[Row]) -> None:
        """The same identifier once more, with the rest as it was or as in another row."""
        rng = self.rng
        name = IDENTIFIER[dataset]
        if not self.contested and not (row[name].strip() and _is_readable(dataset, name, row[name])):
            return
        other = dict(rng.choice(written))
        other[name] = row[name]
        if dataset == "cards" or rng.random() < 0.5:
            other[name] = f" {row[name]} "
        written.insert(rng.randrange(len(written) + 1), other)


def _is_readable(dataset: str, name: str, text: str) -> bool:
    try:
        values.read(shapes.column(dataset, name), text.strip())
    except values.UnreadableError:
        return False
    return True


def _day(day: datetime.date, later: int) -> str:
    return (day + datetime.timedelta(days=later)).isoformat()
