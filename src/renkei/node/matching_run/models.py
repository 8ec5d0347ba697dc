"""ISA: the outcome of every notification, the findings, and what was reported of them to the counterpart."""

import json

from django.db import models
from django.db.models import F, Q

from renkei.node.records.models import Identifier


class Kind(models.TextChoices):
    """What a finding is about: a row of 別紙2 or of 別紙3."""

    DISCREPANCY = "discrepancy", "不一致"
    SUSPECTED_OMISSION = "suspected_omission", "未届の疑い"


class Run(models.Model):
    """One matching run: its day, its rules, and the counts after it.

    After the run, `outcomes` counts the notifications by outcome, `items` the mismatched ones by the items
    that differ (columns joined by `;`) and `active` the active findings by kind. `looked_at` and `changed`
    count what the run did. `rules` is a digest of policy and version. `reason` is why an answer may be sent
    although its suspected omissions seem implausible.
    """

    day = models.DateField(unique=True)
    rules = models.CharField(max_length=64)
    full_rematch = models.BooleanField()
    outcomes = models.JSONField(default=dict)
    items = models.JSONField(default=dict)
    active = models.JSONField(default=dict)
    looked_at = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    reason = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ("-day",)


class Outcome(models.Model):
    """The last outcome of one received notification: the columns of matches.csv, as text.

    `card_number` is the number that it was matched by. By this number the outcome is found even if the
    notification has been erased since, or names another number now.
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
            # The lists of `queries` have few rows of millions.
            models.Index("card_number", condition=Q(shared_number="true"), name="shared_numbers"),
            models.Index("notification_id", condition=Q(identity_conflict="true"), name="identity_conflicts"),
            models.Index("notification_id", condition=Q(outcome="held"), name="held_notifications"),
        )


class Finding(models.Model):
    """A row of 別紙2 or 別紙3: its current state, and what was last reported to the counterpart.

    `row` is the annex's row as JSON of canonical text, blank as null; it is empty once the finding is no
    longer active, since withdrawn data has no purpose any more (申合せ7). `digest` covers the row and is
    empty when the finding is not active. `reported_digest` is the digest last selected for an answer that was
    not refused, empty where the counterpart has nothing. A finding is to be reported or withdrawn where the
    two differ. `status` is the outcome, or ground and reason, which a withdrawal repeats; `reported_sequence`
    is the last delivery with this finding.
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
        """The annex's row by column; empty where the finding is no longer active."""
        found: dict[str, str | None] = json.loads(self.row) if self.row else {}
        return found


class AnswerDay(models.Model):
    """A day whose answer is selected. `sequence` is the delivery once it is sealed, the final state."""

    day = models.DateField(primary_key=True)
    sequence = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)


class Answer(models.Model):
    """One row of a day's answer, from its selection until the answer is accepted or refused.

    `row` is emptied once the answer is sealed, in delivery `sequence`. `reported_digest` and
    `reported_status` are the finding's values from before the selection: what the counterpart has if this
    answer is refused.
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
        # Finding first: only a few days are stored at a time, so reading one day needs no index of its own.
        constraints = (models.UniqueConstraint("kind", "identifier", "day", name="an_answer_once_a_day"),)
