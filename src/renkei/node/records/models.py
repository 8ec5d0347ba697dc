"""The tables of the datasets, and what is recorded of imports, rejected rows, holds and erasures.

A table of a dataset has exactly its columns, by name, as canonical text, NULL where blank (a test compares
them; docs/node.md); columns of our own come after them. MHLW fills `Notification`, `Establishment`,
`Selection`, `SelectedNotification` and `SentNotification`; ISA fills `ReceivedNotification`, `Person`, `Card`
and `Permission`; both fill the others.
"""

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

_LONGEST_IDENTIFIER: Final = 32

if TYPE_CHECKING:
    _Characters = models.CharField[str, str]
else:
    _Characters = models.CharField


class Identifier(_Characters):
    """A dataset's identifier as primary key.

    On PostgreSQL it has no second index for LIKE, which Django adds to text keys and which is not used here:
    it would double the cost of the key when millions of rows are loaded.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": _LONGEST_IDENTIFIER, "primary_key": True} | options))

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the same type under another name, for which Django creates no second index."""
        return f"character varying({self.max_length})"


def text() -> "models.TextField[str | None, str | None]":
    """Make any other column. `renkei.matching.validation` has checked kind and length at the import."""
    return models.TextField(null=True)


class NotificationRow(models.Model):
    """The columns of `notifications`."""

    notification_id = Identifier()
    name = text()
    status_of_residence = text()
    stay_expires_on = text()
    birth_date = text()
    sex = text()
    nationality = text()
    card_number = text()
    postal_code = text()
    address = text()
    extra_activity_permission = text()
    establishment_number = text()
    establishment_name = text()
    establishment_postal_code = text()
    establishment_address = text()
    establishment_phone = text()
    industry = text()
    establishment_size = text()
    employment_start = text()
    employment_end = text()
    registered_on = text()
    updated_on = text()
    deleted_on = text()

    class Meta:
        abstract = True


class Residence(models.Model):
    """The items of a residence record: a person's latest one, or the one linked to a card."""

    name = text()
    kanji_name = text()
    status_of_residence = text()
    stay_expires_on = text()
    birth_date = text()
    sex = text()
    nationality = text()
    postal_code = text()
    address = text()
    extra_activity_permission = text()

    class Meta:
        abstract = True


class Notification(NotificationRow):
    """MHLW: one of the ministry's own notifications with all its items, including ⑩–⑰ of 永住者.

    Rows are sent through `matching.release` only. Notifications outside the agreement are not kept here.
    """

    class Meta:
        indexes = (models.Index("card_number", name="notified_naming_a_card"),)


class Establishment(models.Model):
    """MHLW: an employer's establishment that notifies, and the corporate number that it belongs to."""

    establishment_number = Identifier(max_length=11)
    corporate_number = text()
    establishment_name = text()
    postal_code = text()
    address = text()
    phone = text()
    hello_work_office = text()
    labour_bureau = text()

    class Meta:
        indexes = (models.Index("corporate_number", name="establishments_of_corporation"),)


class Selection(models.Model):
    """MHLW: a day whose 別紙1 is selected. `sequence` is the delivery once it is sealed, the final state."""

    day = models.DateField(primary_key=True)
    sequence = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)


class SelectedNotification(NotificationRow):
    """MHLW: a row of 別紙1 between selection and sealing, as released: no other item can be sent."""

    action = models.CharField(max_length=6)


class SentNotification(NotificationRow):
    """MHLW: a row of 別紙1 as it was last sent, which is what ISA has of the notification.

    `refused`: ISA refused that delivery, and the row is sent again.
    """

    sequence = models.PositiveBigIntegerField()
    refused = models.BooleanField(db_default=False)


class ReceivedNotification(NotificationRow):
    """ISA: a notification as received in the delivery `sequence`; a tombstone has ⑦, ⑱ and ⑲ only."""

    sequence = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("card_number", name="received_naming_a_card"),)


class Person(Residence):
    """ISA: a person's latest record. `card_number` is the latest one.

    `name_key` is our own column: the name, folded (`blocking_keys.name_key`).
    """

    person_id = Identifier()
    card_number = text()
    name_key = text()

    class Meta:
        indexes = (
            models.Index("name_key", name="persons_by_name"),
            models.Index("birth_date", "nationality", name="persons_by_birth"),
        )


class Card(Residence):
    """ISA: a residence card and the record linked to it. The person may not have come yet."""

    card_number = Identifier(max_length=12)
    person_id = text()
    issued_on = text()

    class Meta:
        # Covers the columns that `node.candidates.blocking` reads of the cards of very many persons, whose
        # rows are scattered over the table.
        indexes = (
            models.Index(
                fields=("person_id",), include=("card_number", "stay_expires_on"), name="cards_of_a_person"
            ),
        )


class Permission(models.Model):
    """ISA: a landing or change of status.

    `due_on` is our own column: the day after which a notification is overdue. It is filled wherever
    `permitted_on` is, in scope of 3(1)イ or not, and follows the policy (`imports.refresh_due_dates`).
    """

    permission_id = Identifier()
    person_id = text()
    ground = text()
    permitted_on = text()
    status_of_residence = text()
    previous_status = text()
    work_designated = text()
    contract_confirmed = text()
    contract_starts_on = text()
    organisation_corporate_number = text()
    organisation_name = text()
    organisation_address = text()
    organisation_phone = text()
    organisation_representative = text()
    dispatch_name = text()
    dispatch_address = text()
    dispatch_phone = text()
    due_on = text()

    class Meta:
        indexes = (
            models.Index("person_id", name="permissions_of_a_person"),
            models.Index("due_on", name="permissions_by_due_date"),
        )


class Import(models.Model):
    """One imported file or delivery: which bytes, when, by whom, and what became of its rows.

    `counts` add up: read = rejected + left out (by reason) + gone + new + changed + same; `removed` and
    `kept` count rows stored before. `source` is a file name, or the delivery's service and its `sequence`. No
    hash of a delivery's plain file is kept: from the hash of a short file its content could be guessed.
    `reason` is why it was imported, or a delivery matched, although it seemed implausible.
    """

    class Mode(models.TextChoices):
        """What a file contains: everything there is, what changed, or what the counterpart sent."""

        FULL = "full", "全件"
        DELTA = "delta", "差分"
        DELIVERY = "delivery", "受信"

    dataset = models.CharField(max_length=20)
    mode = models.CharField(max_length=8, choices=Mode.choices)
    source = models.CharField(max_length=255)
    sequence = models.PositiveBigIntegerField(null=True, unique=True)
    sha256 = models.CharField(max_length=64, blank=True)
    taken_at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150)
    counts = models.JSONField(default=dict)
    reason = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ("-id",)


class WaitingExtract(models.Model):
    """A file in DIR/extracts that is implausible: it waits for a confirmation, and is not read again.

    `findings` are the counts (`Implausible.as_data`), held against the limits of the policy with the digest
    `policy`. Other bytes under the same name, or another policy, are another question.
    """

    name = models.CharField(max_length=255, unique=True)
    sha256 = models.CharField(max_length=64)
    policy = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    noticed_at = models.DateTimeField()


class Reject(models.Model):
    """A row that was rejected, or accepted without a value: its line in the file (the header is line 1), and
    all reasons.

    Of a rejected row of the register, `card_number` and `person_id` are what could be read of them, and
    `stands` says that no later file had the row again: a notification with that number is `held` (§4).
    """

    class Action(models.TextChoices):
        """What the reasons cost: the row, or only the value."""

        ROW = "row"
        VALUE = "value"

    taken = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    line = models.PositiveBigIntegerField()
    identifier = text()
    action = models.CharField(max_length=5, choices=Action.choices, default=Action.ROW, db_default="row")
    reasons = models.TextField()
    card_number = text()
    person_id = text()
    stands = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = (
            models.Index("identifier", name="rejects_of_an_identifier"),
            models.Index("card_number", condition=Q(stands=True), name="faults_of_the_register"),
        )


class ReturnedRow(models.Model):
    """A row of ours that the counterpart rejected, as it returned it: line, identifier and reasons.

    `service` and `sequence` are our delivery, `returned_in` the counterpart's delivery that returned the row.
    """

    service = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    dataset = models.CharField(max_length=32)
    line = models.PositiveBigIntegerField()
    identifier = text()
    reasons = models.TextField()
    returned_in = models.PositiveBigIntegerField()
    returned_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    @property
    def action(self) -> str:
        """What the reasons cost: a row that was taken without a value is not returned."""
        return Reject.Action.ROW.value

    class Meta:
        ordering = ("service", "sequence", "line")
        indexes = (models.Index("service", "sequence", condition=Q(settled_at=None), name="rows_returned"),)


class ChangedKey(models.Model):
    """A card number, person or notification whose rows changed since `changes.take_changed_keys` last ran."""

    class Kind(models.TextChoices):
        """What the key names. ISA matches by cards and persons, MHLW sends by notifications."""

        CARD = "card"
        PERSON = "person"
        NOTIFICATION = "notification"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.TextField()


class RowCount(models.Model):
    """How many rows a table has, once it was counted (`changes.row_count`)."""

    table = models.CharField(max_length=64, primary_key=True)
    rows = models.BigIntegerField()


class Hold(models.Model):
    """A legal hold: what it covers is not erased until it is lifted.

    `identifier` is a notification's or, at ISA, a person's; the latter covers the person's cards and
    permissions and the notifications that name any of the cards. `reference` names the document that ordered
    the hold.
    """

    class Covers(models.TextChoices):
        """How far a hold reaches."""

        EVERYTHING = "everything", "全部"
        NOTIFICATION = "notification", "届出"
        PERSON = "person", "本人"

    covers = models.CharField(max_length=12, choices=Covers.choices)
    identifier = models.CharField(max_length=32, blank=True)
    reference = models.CharField(max_length=200)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ("-id",)


class Erasure(models.Model):
    """One erasure and its certificate: canonical JSON, whose SHA-256 is also in the audit trail."""

    erased_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    rows = models.PositiveBigIntegerField()
    certificate = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("-id",)
