"""ISA's findings: what every notification came to, what stands, and what the counterpart was told of it."""

import json

from django.db import models
from django.db.models import F, Q


class Kind(models.TextChoices):
    """What a finding is about: a row of 別紙2 or of 別紙3."""

    DISCREPANCY = "discrepancy", "不一致"
    SUSPECTED_OMISSION = "suspected_omission", "未届の疑い"


class Run(models.Model):
    """One matching: for which day, by which rules, and what stood after it.

    `outcomes` counts the notifications by outcome and `standing` the findings by kind, after the run;
    `looked_at` and `changed` what the run did: counts alone. `rules` digests policy and version.
    """

    day = models.DateField(unique=True)
    rules = models.CharField(max_length=64)
    whole = models.BooleanField()
    outcomes = models.JSONField(default=dict)
    standing = models.JSONField(default=dict)
    looked_at = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-day",)


class Outcome(models.Model):
    """What matching said last of one received notification: the columns of matches.csv, as text."""

    notification_id = models.TextField(primary_key=True)
    outcome = models.TextField()
    person_id = models.TextField(null=True)
    mismatched_items = models.TextField(null=True)
    differences = models.TextField(null=True)
    card_superseded = models.TextField(null=True)
    identity_conflict = models.TextField(null=True)
    shared_number = models.TextField(null=True)

    class Meta:
        indexes = (
            # The trays hold few rows of millions.
            models.Index("notification_id", condition=Q(shared_number="true"), name="shared_numbers"),
            models.Index("notification_id", condition=Q(identity_conflict="true"), name="identity_conflicts"),
        )


class Finding(models.Model):
    """A row of 別紙2 or 別紙3: as it stands, and what the counterpart was told last.

    `row` is the annex's row as JSON of canonical text, blank as null, and empty once it no longer stands:
    what is withdrawn has no purpose any more (申合せ7). `digest` covers the row, and is empty when nothing
    stands; `told` is the digest that went last, empty where the counterpart knows of nothing. What is to be
    sent is where the two differ. `word` is the outcome, or ground and reason, that a withdrawal repeats.
    """

    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    person_id = models.TextField(null=True)
    standing = models.BooleanField()
    since = models.DateField()
    word = models.TextField()
    row = models.TextField()
    digest = models.CharField(max_length=64)
    told = models.CharField(max_length=64, db_default="")
    told_word = models.TextField(db_default="")
    told_sequence = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint("kind", "identifier", name="a_finding_once"),)
        indexes = (
            models.Index("person_id", name="findings_of_person"),
            models.Index("kind", condition=~Q(digest=F("told")), name="findings_to_tell"),
        )

    @property
    def values(self) -> dict[str, str | None]:
        """The annex's row by column; nothing of one that no longer stands."""
        found: dict[str, str | None] = json.loads(self.row) if self.row else {}
        return found


class Answer(models.Model):
    """One row of a day's answer, from its selection until it is sealed; then it is told and gone."""

    day = models.CharField(max_length=10)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    action = models.CharField(max_length=8)
    word = models.TextField()
    row = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = (models.UniqueConstraint("day", "kind", "identifier", name="an_answer_once_a_day"),)
