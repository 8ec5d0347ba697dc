"""Correction requests: those that MHLW sends, and those that ISA receives and decides."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from renkei.node.cases.models import Case
from renkei.node.matching_run.models import Kind


class CorrectionRequest(models.Model):
    """MHLW: the items that an officer considers wrong in the register. It names items only, no values.

    `day` is the day whose delivery carries the request, `sequence` that delivery once it is sealed. `over`:
    the finding that it is about was withdrawn, or reported again.
    """

    class Decision(models.TextChoices):
        """The decision on a request, or its cancellation."""

        ACCEPTED = "accepted", "応じた"
        REJECTED = "rejected", "応じなかった"
        TAKEN_BACK = "taken_back", "取り消した"

    request_id = models.CharField(max_length=32, unique=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="correction_requests")
    items = models.TextField()
    reason = models.CharField(max_length=300)
    requested_on = models.DateField()
    day = models.DateField(null=True, blank=True, db_index=True)
    sequence = models.PositiveBigIntegerField(null=True, blank=True)
    decision = models.CharField(max_length=12, choices=Decision.choices, blank=True, db_default="")
    decided_on = models.DateField(null=True, blank=True)
    answer = models.TextField(blank=True, db_default="")
    over = models.BooleanField(db_default=False)

    class Meta:
        ordering = ("id",)


class CorrectionDay(models.Model):
    """A day whose correction requests are selected. `sequence` is the delivery once they are sealed."""

    day = models.DateField(primary_key=True)
    sequence = models.PositiveBigIntegerField(null=True)


class ReceivedRequest(models.Model):
    """ISA: MHLW's request to correct the register, where a finding says that the notification is wrong.

    `kind` and `identifier` name the finding, `items` the columns (joined by `;`) that MHLW considers wrong.
    `sequence` is the delivery with the request, `answer_day` the day whose answer carries the decision and
    `answer_sequence` that delivery once it is sealed.
    """

    class State(models.TextChoices):
        """The state of a request."""

        WAITING = "waiting", "未処理"
        ACCEPTED = "accepted", "応じた"
        REJECTED = "rejected", "応じなかった"

    request_id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    identifier = models.TextField()
    items = models.TextField()
    reason = models.CharField(max_length=300)
    requested_on = models.DateField()
    sequence = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    decision_reason = models.CharField(max_length=20, blank=True, default="")
    decided_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer_day = models.DateField(null=True, blank=True, db_index=True)
    answer_sequence = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("requested_on", "request_id")
        indexes = (
            models.Index("requested_on", "request_id", condition=Q(state="waiting"), name="requests_waiting"),
            models.Index("kind", "identifier", name="requests_about"),
        )

    def __str__(self) -> str:
        """Return the number by which officers and the trail refer to the request."""
        return self.request_id

    @property
    def item_names(self) -> list[str]:
        """The columns that the request names, in the order given."""
        return self.items.split(";")
