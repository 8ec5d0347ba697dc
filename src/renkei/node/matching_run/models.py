"""ISA's findings: what every notification came to, what stands, and what the counterpart was told of it.

And what may have been meant by notifications that name no card: candidates, and what officers made of them.
"""

import json

from django.db import models
from django.db.models import F, Q

from renkei.node.records.models import Identifier


class Kind(models.TextChoices):
    """What a finding is about: a row of 別紙2 or of 別紙3."""

    DISCREPANCY = "discrepancy", "不一致"
    SUSPECTED_OMISSION = "suspected_omission", "未届の疑い"


class Run(models.Model):
    """One matching: for which day, by which rules, and what stood after it.

    `outcomes` counts the notifications by outcome, `items` the mismatched ones by what differs (columns
    joined by `;`) and `active` the findings by kind, after the run;
    `looked_at` and `changed` what the run did: counts alone. `rules` digests policy and version.
    """

    day = models.DateField(unique=True)
    rules = models.CharField(max_length=64)
    full_rematch = models.BooleanField()
    outcomes = models.JSONField(default=dict)
    items = models.JSONField(default=dict)
    active = models.JSONField(default=dict)
    looked_at = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("-day",)


class Outcome(models.Model):
    """What matching said last of one received notification: the columns of matches.csv, as text.

    `card_number` is the number it was matched by: whatever became of the notification since, erased or
    naming another number, leads back to here.
    """

    notification_id = Identifier()
    card_number = models.TextField(null=True)
    outcome = models.TextField()
    person_id = models.TextField(null=True)
    mismatched_items = models.TextField(null=True)
    differences = models.TextField(null=True)
    card_superseded = models.TextField(null=True)
    identity_conflict = models.TextField(null=True)
    shared_number = models.TextField(null=True)

    class Meta:
        indexes = (
            models.Index("card_number", name="outcomes_by_number"),
            # The trays hold few rows of millions.
            models.Index("card_number", condition=Q(shared_number="true"), name="shared_numbers"),
            models.Index("notification_id", condition=Q(identity_conflict="true"), name="identity_conflicts"),
        )


class Finding(models.Model):
    """A row of 別紙2 or 別紙3: as it stands, and what the counterpart was told last.

    `row` is the annex's row as JSON of canonical text, blank as null, and empty once it no longer stands:
    what is withdrawn has no purpose any more (申合せ7). `digest` covers the row, and is empty when nothing
    stands; `reported_digest` is the digest that was last selected for an answer that was not refused, empty where the
    counterpart knows of nothing. What is to be told is where the two differ. `status` is the outcome, or ground
    and reason, that a withdrawal repeats; `reported_sequence` the delivery that spoke of it last.
    """

    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    person_id = models.TextField(null=True)
    is_active = models.BooleanField()
    since = models.DateField()
    status = models.TextField()
    row = models.TextField()
    digest = models.CharField(max_length=64)
    reported_digest = models.CharField(max_length=64, db_default="")
    reported_status = models.TextField(db_default="")
    reported_sequence = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint("kind", "identifier", name="a_finding_once"),)
        indexes = (
            models.Index("person_id", name="findings_of_person"),
            models.Index("kind", condition=~Q(digest=F("reported_digest")), name="findings_to_tell"),
            models.Index("kind", condition=Q(digest="", reported_digest=""), name="findings_over"),
        )

    @property
    def values(self) -> dict[str, str | None]:
        """The annex's row by column; nothing of one that no longer stands."""
        found: dict[str, str | None] = json.loads(self.row) if self.row else {}
        return found


class AnswerDay(models.Model):
    """That a day's answer was selected, and what it carries; `sequence` once it is sealed, which ends it."""

    day = models.DateField(primary_key=True)
    sequence = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)


class Answer(models.Model):
    """One row of a day's answer, from its selection until it is accepted, or refused.

    `row` is gone once it is sealed, by delivery `sequence`. `reported_digest` and `reported_status` are the finding's from
    before: what the counterpart holds should this answer be refused.
    """

    day = models.CharField(max_length=10)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    action = models.CharField(max_length=8)
    status = models.TextField()
    row = models.TextField()
    reported_digest = models.CharField(max_length=64)
    reported_status = models.TextField()
    sequence = models.PositiveBigIntegerField(null=True)

    class Meta:
        # By finding first: of the few days that are out, one is read through as soon as looked up.
        constraints = (models.UniqueConstraint("kind", "identifier", "day", name="an_answer_once_a_day"),)
