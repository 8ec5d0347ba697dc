"""MHLW's cases: each discrepancy and suspected omission, who looks into it, and what came of it."""

import json
from typing import Any

from django.conf import settings
from django.db import models

from renkei.node.cases.moves import Outcome, State


class Kind(models.TextChoices):
    """What a case is about: a row of 別紙2 or of 別紙3."""

    DISCREPANCY = "discrepancy", "不一致"
    SUSPECTED_OMISSION = "suspected_omission", "未届の疑い"


class Case(models.Model):
    """One finding of ISA's as MHLW looks into it.

    `number` is what officers call it (R8-1124-0031: era year, month and day, running). `row` is the annex's
    row as JSON, empty once ISA withdrew it. `office` is the Hello Work office responsible (first four digits
    of the establishment number), blank where none was found: the unassigned tray. `version` counts changes,
    so that whoever saves over another's is told. `told_in` is ISA's delivery that spoke of it last.
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    row = models.TextField()
    word = models.TextField(db_default="")
    identity_caution = models.BooleanField(db_default=False)
    office = models.CharField(max_length=8, blank=True, db_default="")
    establishment_number = models.TextField(null=True)
    corporate_number = models.TextField(null=True)
    state = models.CharField(max_length=20, choices=State.choices)
    outcome = models.CharField(max_length=30, choices=Outcome.choices, blank=True, db_default="")
    opened_on = models.DateField()
    due_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    told_in = models.PositiveBigIntegerField()
    version = models.PositiveIntegerField(db_default=1)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint("kind", "identifier", name="a_case_for_each_finding"),)
        indexes = (
            models.Index("office", "state", "due_on", "id", name="cases_of_an_office"),
            models.Index("kind", "state", "due_on", "id", name="cases_by_state"),
            models.Index("establishment_number", name="cases_of_an_establishment"),
            models.Index("assigned_to", "state", "due_on", name="cases_of_an_officer"),
        )

    def __str__(self) -> str:
        """Name the case as officers and the trail do."""
        return self.number

    @property
    def values(self) -> dict[str, Any]:
        """The annex's row by column; nothing once it was withdrawn."""
        found: dict[str, Any] = json.loads(self.row) if self.row else {}
        return found


class Event(models.Model):
    """One thing that happened to a case; `note` is what an officer wrote."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    what = models.CharField(max_length=20)
    note = models.TextField(blank=True, db_default="")

    class Meta:
        ordering = ("-id",)
