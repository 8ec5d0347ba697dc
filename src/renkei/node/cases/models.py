"""MHLW's cases: each mismatch and suspected omission, the officer who checks it, and the outcome."""

import json

from django.conf import settings
from django.db import models
from django.db.models import Q

from renkei.node.cases.workflow import Outcome, State


class Kind(models.TextChoices):
    """What a case is about: a row of 別紙2 or of 別紙3."""

    DISCREPANCY = "discrepancy", "不一致"
    SUSPECTED_OMISSION = "suspected_omission", "未届の疑い"


_CLOSED = Q(state=State.CLOSED)
_OPEN = ~_CLOSED


class Case(models.Model):
    """One finding that ISA reported and MHLW checks.

    `number` is the case number (R8-1124-0031: era year, month and day, running number). `row` is the annex's
    row as JSON of canonical text, without the day of matching. It is empty once ISA has withdrawn the
    finding, because it then has no purpose (申合せ7). Read it only through `queries.open_case`. `items` are
    the columns that differ (別紙2) or the reason (別紙3). `office` is the Hello Work office, blank in the
    unassigned tray. `reported_in` is the number of ISA's last delivery about the finding; `sent_in` is the
    number of our delivery that carried the notification before that. `card_number` is copied from the row
    for the search, and removed with it. `version` counts changes (optimistic locking).
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    row = models.TextField()
    items = models.TextField(blank=True, db_default="")
    identity_caution = models.BooleanField(db_default=False)
    matched_on = models.DateField(null=True, blank=True)
    office = models.CharField(max_length=8, blank=True, db_default="")
    establishment_number = models.TextField(null=True)
    corporate_number = models.TextField(null=True)
    card_number = models.TextField(blank=True, db_default="")
    state = models.CharField(max_length=20, choices=State.choices)
    outcome = models.CharField(max_length=30, choices=Outcome.choices, blank=True, db_default="")
    opened_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    reported_in = models.PositiveBigIntegerField()
    sent_in = models.PositiveBigIntegerField(db_default=0)
    version = models.PositiveIntegerField(db_default=1)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint("kind", "identifier", name="a_case_for_each_finding"),)
        # Lists of open cases are ordered by deadline, lists of closed cases by number. Each index starts with
        # the columns that the list filters by. Trends count new cases by day and item from the index alone.
        indexes = (
            models.Index("due_on", "id", condition=_OPEN, name="open_cases"),
            models.Index("kind", "due_on", "id", condition=_OPEN, name="open_cases_of_a_kind"),
            models.Index("office", "due_on", "id", condition=_OPEN, name="open_cases_of_an_office"),
            models.Index(
                "kind", "assigned_to", "due_on", "id", condition=_OPEN, name="open_cases_of_an_officer"
            ),
            models.Index("kind", "state", "due_on", "id", condition=_OPEN, name="open_cases_in_a_state"),
            models.Index(
                "kind", "due_on", "id", condition=_OPEN & Q(identity_caution=True), name="open_cautions"
            ),
            models.Index("kind", "id", condition=_CLOSED, name="closed_cases_of_a_kind"),
            models.Index("office", "id", condition=_CLOSED, name="closed_cases_of_an_office"),
            models.Index("kind", "opened_on", "items", name="cases_as_they_came"),
            models.Index("establishment_number", "id", name="cases_of_an_establishment"),
            models.Index("card_number", condition=~Q(card_number=""), name="cases_naming_a_card"),
            models.Index("identifier", name="cases_by_identifier"),
        )

    def __str__(self) -> str:
        """Return the case number, as officers and the trail use it."""
        return self.number

    @property
    def values(self) -> dict[str, str | None]:
        """The annex's row by column; empty once it was withdrawn."""
        found: dict[str, str | None] = json.loads(self.row) if self.row else {}
        return found


class Event(models.Model):
    """One event in a case's history: the name of the move or change, and a `note` about it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    what = models.CharField(max_length=20)
    outcome = models.CharField(max_length=30, choices=Outcome.choices, blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ("-id",)


class Attachment(models.Model):
    """A document of a case, kept in the database so that backup and erasure include it."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("id",)


class SavedList(models.Model):
    """The filters of a list that an officer saved by a name, as the query string of its address."""

    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_lists"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint("officer", "kind", "name", name="a_saved_list_once"),)


class LetterTemplate(models.Model):
    """An office's own wording of a letter. Blank office: for all offices. Without a row Renkei's is used."""

    office = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=20)
    text = models.TextField()
    version = models.PositiveIntegerField(db_default=1)

    class Meta:
        constraints = (models.UniqueConstraint("office", "name", name="a_wording_for_each_office"),)
