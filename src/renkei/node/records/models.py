"""What a node holds of the agreement's datasets: a column each, as canonical text, blank as NULL.

Each row knows the import or delivery that changed it last (`changed_in`); what has to be matched again is
noted in `Touched`.
"""

from typing import Any, Final

from django.db import models
from django.db.models import F, Q

from renkei.agreement.datasets import CARDS, NOTIFICATIONS, PERMISSIONS, PERSONS, Dataset
from renkei.node.records.establishments import ESTABLISHMENTS


def _columns(dataset: Dataset) -> dict[str, Any]:
    """Make a field of each column, the identifier the key."""
    return {
        column.name: models.TextField(primary_key=True)
        if column == dataset.identifier
        else models.TextField(null=True)
        for column in dataset.columns
    }


class Notification(models.Model):
    """MHLW: a notification of the ministry's own extract.

    `left_out` says why it is outside the agreement, blank where it is not. `told_in` is the change that the
    last 別紙1 with it carried, 0 before; `told_card_number` the number it went with, which a deletion names.
    """

    vars().update(_columns(NOTIFICATIONS))
    left_out = models.CharField(max_length=20, blank=True)
    changed_in = models.PositiveBigIntegerField()
    told_in = models.PositiveBigIntegerField(db_default=0)
    told_card_number = models.TextField(null=True)

    class Meta:
        indexes = (
            models.Index(
                "changed_in", condition=Q(changed_in__gt=F("told_in")), name="notifications_to_tell"
            ),
        )


class Selected(models.Model):
    """MHLW: what a day's 別紙1 carries, and as of which change, from its selection until it is sealed."""

    day = models.CharField(max_length=10)  # as text, like the columns it stands beside
    notification_id = models.TextField()
    changed_in = models.PositiveBigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint("day", "notification_id", name="selected_once_a_day"),)


class Establishment(models.Model):
    """MHLW: an establishment (`ESTABLISHMENTS`)."""

    vars().update(_columns(ESTABLISHMENTS))
    changed_in = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("corporate_number", name="establishments_of_corporation"),)


class ReceivedNotification(models.Model):
    """ISA: a notification as it was received last; deleted ones stay as tombstones (⑲)."""

    vars().update(_columns(NOTIFICATIONS))
    changed_in = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("card_number", name="received_by_card"),)


class Person(models.Model):
    """ISA: a person's latest record."""

    vars().update(_columns(PERSONS))
    changed_in = models.PositiveBigIntegerField()


class Card(models.Model):
    """ISA: a residence card, one row for each ever issued."""

    vars().update(_columns(CARDS))
    changed_in = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("person_id", name="cards_of_person"),)


class Permission(models.Model):
    """ISA: a permission of 3(1)イ. `due_on`: the notification is awaited until then; NULL without a date."""

    vars().update(_columns(PERMISSIONS))
    due_on = models.DateField(null=True, db_index=True)
    changed_in = models.PositiveBigIntegerField()

    class Meta:
        indexes = (models.Index("person_id", name="permissions_of_person"),)


class Import(models.Model):
    """One extract, or one delivery, that was taken in. Its number is what `changed_in` names."""

    dataset = models.CharField(max_length=20)
    mode = models.CharField(max_length=10)
    source = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField()
    rows = models.PositiveBigIntegerField(default=0)
    taken = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    removed = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-id",)


class Reject(models.Model):
    """A row that was set aside, with all its reasons; never its values."""

    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects")
    line = models.PositiveBigIntegerField()
    identifier = models.TextField(null=True)
    reasons = models.TextField()


class Touched(models.Model):
    """ISA: what has to be matched again: a card number, a person, or (`kind` all) everything."""

    kind = models.CharField(max_length=6)
    key = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint("kind", "key", name="touched_once"),)


TABLES: Final[dict[str, dict[str, tuple[Dataset, type[models.Model]]]]] = {
    "mhlw": {
        "establishments": (ESTABLISHMENTS, Establishment),
        "notifications": (NOTIFICATIONS, Notification),
    },
    "isa": {
        "persons": (PERSONS, Person),
        "cards": (CARDS, Card),
        "permissions": (PERMISSIONS, Permission),
    },
}
"""What each party takes in of its own, in the order in which one refers to another."""
