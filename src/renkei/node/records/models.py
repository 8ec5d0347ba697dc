"""The tables of the datasets, and what is known of how their rows came and went.

A table of a dataset has exactly its columns, by name, as canonical text (a test compares them); columns of
our own stand below. MHLW fills `Notification`, `Establishment`, `Selection`, `SelectedNotification` and
`SentNotification`; ISA fills `ReceivedNotification`, `Person`, `Card` and `Permission`; the rest is of both.
"""

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

# MERGED renkei.node.records.models: Columns of the datasets in the database: canonical text, NULL where blank (docs/node.md).

_LONGEST_IDENTIFIER: Final = 32

if TYPE_CHECKING:
    _Characters = models.CharField[str, str]
else:
    _Characters = models.CharField


class Identifier(_Characters):
    """A dataset's identifier as primary key.

    On PostgreSQL without the second index that Django gives to text keys for LIKE, which nobody asks here:
    it would double what a load of millions pays for its key.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": _LONGEST_IDENTIFIER, "primary_key": True} | options))

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Spell the type so that Django does not take it for one to index twice; it is the same type."""
        return f"character varying({self.max_length})"


def text() -> "models.TextField[str | None, str | None]":
    """Make any other column. The door has checked kind and length (`renkei.matching.validation`)."""
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
    """The items that a residence record has, latest or as linked to a card."""

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
    """MHLW: a notification of the ministry's own, with everything that it holds, 永住者's ⑩–⑰ included.

    What leaves goes through `matching.release`. Notifications outside the agreement are not kept here.
    """

    class Meta:
        indexes = (models.Index("card_number", name="notified_naming_a_card"),)


class Establishment(models.Model):
    """MHLW: an employer's place that notifies, and the corporate number that it belongs to."""

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
    """MHLW: that what goes into a day's 別紙1 was chosen; `sequence` once it is sealed, which ends it."""

    day = models.DateField(primary_key=True)
    sequence = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)


class SelectedNotification(NotificationRow):
    """MHLW: a row of 別紙1 between its choice and its sealing; as released: nothing else can leave."""

    action = models.CharField(max_length=6)


class SentNotification(NotificationRow):
    """MHLW: a row of 別紙1 as it was sent last, which is what ISA holds of the notification.

    `refused`: ISA did not take that delivery, and the row goes again.
    """

    sequence = models.PositiveBigIntegerField()
    refused = models.BooleanField(db_default=False)


class ReceivedNotification(NotificationRow):
    """ISA: a notification as the delivery `sequence` brought it; a tombstone has ⑦, ⑱ and ⑲ alone."""

    sequence = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("card_number", name="received_naming_a_card"),)


class Person(Residence):
    """ISA: a person's latest record. `card_number` is the latest one.

    `name_key` is ours: what the name and its likes have in common (`keys.name_key`).
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
        # With what `near` asks of the cards of very many people, who lie strewn over the table.
        indexes = (
            models.Index(
                fields=("person_id",), include=("card_number", "stay_expires_on"), name="cards_of_a_person"
            ),
        )


class Permission(models.Model):
    """ISA: a landing or change of status. `due_on` is ours: the day after which a notification is missed.

    It is filled wherever `permitted_on` is, in scope of 3(1)イ or not, and follows the policy
    (`intake.refresh_due`).
    """

    permission_id = Identifier()
    person_id = text()
    ground = text()
    permitted_on = text()
    status_of_residence = text()
    previous_status = text()
    work_designated = text()
    contract_confirmed = text()
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
    """One file or delivery taken in: which bytes, when, by whom, and what became of its rows.

    `counts` add up: read = rejected + left out (by reason) + gone + new + changed + same; `removed` and
    `kept` count rows of before. `source` is a file name, or the delivery's service and its `sequence`; the
    bytes of a delivery's plain file are known by no hash: that of a short one could be guessed.
    """

    class Mode(models.TextChoices):
        """What the rows stand for: everything there is, what changed, or what the counterpart sent."""

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

    class Meta:
        ordering = ("-id",)


class Reject(models.Model):
    """A row that was set aside: where it stands in its file (the header being 1), and all its reasons."""

    taken = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    line = models.PositiveBigIntegerField()
    identifier = text()
    reasons = models.TextField()

    class Meta:
        indexes = (models.Index("identifier", name="rejects_of_an_identifier"),)


class ReturnedRow(models.Model):
    """A row of ours that the counterpart could not take, as its receipt names it: where, whose, and why.

    `service` and `sequence` are our delivery, `returned_in` theirs that told it.
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

    class Meta:
        ordering = ("service", "sequence", "line")
        indexes = (models.Index("service", "sequence", condition=Q(settled_at=None), name="rows_returned"),)


class ChangedKey(models.Model):
    """A number, person or notification whose rows changed since they were last looked at (`touched.take`)."""

    class Kind(models.TextChoices):
        """What the key is of. ISA matches by cards and persons, MHLW sends by notifications."""

        CARD = "card"
        PERSON = "person"
        NOTIFICATION = "notification"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.TextField()


class RowCount(models.Model):
    """How many rows a table has, once somebody asked (`counted`)."""

    table = models.CharField(max_length=64, primary_key=True)
    rows = models.BigIntegerField()


class Hold(models.Model):
    """A legal hold: what it covers is not erased until it is lifted.

    `identifier` is a notification's or, at ISA, a person's, which covers cards, permissions and the
    notifications naming any of the cards. `reference` names the document that ordered it.
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
    """What was erased at once, and its certificate: canonical JSON, whose SHA-256 stands in the trail too."""

    erased_at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    rows = models.PositiveBigIntegerField()
    certificate = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("-id",)
