"""Received notifications whose card number is on no card, and the candidates of each."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from renkei.node.records.models import Identifier


class NotFound(models.Model):
    """A received notification whose number is on no card, as long as this is so, and the state of its review.

    `card_number` is the reported number; `name_key` to `affixes` are the blocking keys that a person new to
    the register is compared with (`records.blocking_keys`). `content` is a digest of what the candidates
    depend on, `identity` of what a decision rests on: number and 身分事項. `needs_search`: candidates are
    still to be searched for. `no_match_probability` is the probability that none of the candidates is meant,
    `best_probability` that of the first one; `left_out` says how many persons the search left out, and why
    (`reason:persons` joined by `;`, `renkei.matching.candidates.search.LEFT_OUT`). Of a confirmed
    notification, `person_id` and `confirmed_card` are the person and the card that it counts for.
    """

    class State(models.TextChoices):
        """What an officer decided on the candidates."""

        WAITING = "waiting", "未処理"
        CONFIRMED = "confirmed", "確認した"
        REJECTED = "rejected", "該当しない"

    notification_id = Identifier()
    card_number = models.TextField()
    name_key = models.TextField(null=True)
    birth_date = models.TextField(null=True)
    nationality = models.TextField(null=True)
    prefix6 = models.TextField(null=True)
    suffix6 = models.TextField(null=True)
    affixes = models.TextField(null=True)
    content = models.CharField(max_length=64)
    identity = models.CharField(max_length=64)
    needs_search = models.BooleanField(db_default=True)
    no_match_probability = models.FloatField(null=True)
    best_probability = models.FloatField(null=True)
    left_out = models.TextField(db_default="")
    state = models.CharField(max_length=10, choices=State.choices, db_default=State.WAITING)
    person_id = models.TextField(null=True)
    confirmed_card = models.TextField(null=True)
    decision_reason = models.CharField(max_length=20, db_default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = (
            models.Index("card_number", name="not_found_by_number"),
            models.Index("name_key", name="not_found_by_name"),
            models.Index("birth_date", "nationality", name="not_found_by_birth"),
            models.Index("prefix6", name="not_found_by_head"),
            models.Index("suffix6", name="not_found_by_tail"),
            models.Index("affixes", name="not_found_by_ends"),
            models.Index("person_id", condition=Q(state="confirmed"), name="confirmed_for_person"),
            models.Index("notification_id", condition=Q(needs_search=True), name="not_found_pending"),
            models.Index(fields=["state", "-best_probability", "notification_id"], name="not_found_by_best"),
        )

    def __str__(self) -> str:
        """Return the notification's identifier."""
        return self.notification_id


class Candidate(models.Model):
    """A person who may be meant by a notification that was not found; `rank` 1 is the most probable.

    `card_number` is the person's card that is most similar to the reported number; `evidence` gives the
    comparison levels and match weights as `item:level:weight`, joined by `;` (`renkei.matching.candidates`).
    """

    notification_id = models.TextField()
    rank = models.PositiveSmallIntegerField()
    person_id = models.TextField()
    card_number = models.TextField()
    probability = models.FloatField()
    evidence = models.TextField()

    class Meta:
        ordering = ("notification_id", "rank")
        constraints = (models.UniqueConstraint("notification_id", "rank", name="a_rank_once"),)
        indexes = (models.Index("person_id", name="candidates_of_person"),)
