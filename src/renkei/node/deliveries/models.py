"""Every delivery, in both directions, and its state. Its contents are sealed files in inbox and outbox."""

from django.conf import settings
from django.db import models


class Delivery(models.Model):
    """One delivery. Outgoing: planned, sealed, sent, accepted, refused. Incoming: received, opened, refused.

    The `sequence` of a planned delivery is the number that it will get. `counts` are numbers of rows by name.
    `about` distinguishes the deliveries of one service on one day: the number of an incident, or blank for
    the daily delivery. `revision` counts how often it was made: it is made again after each refusal.
    """

    class Direction(models.TextChoices):
        """The direction of a delivery."""

        OUT = "out", "送信"
        IN = "in", "受信"

    class State(models.TextChoices):
        """The state of a delivery."""

        PLANNED = "planned", "準備中"
        SEALED = "sealed", "封緘済"
        SENT = "sent", "送信済"
        ACCEPTED = "accepted", "受理"
        RECEIVED = "received", "受信済"
        OPENED = "opened", "取込済"
        REFUSED = "refused", "不受理"

    direction = models.CharField(max_length=3, choices=Direction.choices)
    service = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    business_day = models.DateField(db_index=True)
    about = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField(default=1)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices)
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    sealed_size = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    by_medium = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=60, blank=True)  # code or class of the last fault

    class Meta:
        ordering = ("-business_day", "-id")
        constraints = (
            models.UniqueConstraint("direction", "service", "sequence", name="a_number_once"),
            models.UniqueConstraint(
                "direction",
                "service",
                "business_day",
                "about",
                "revision",
                condition=models.Q(direction="out"),  # what comes in is the counterpart's to number
                name="a_day_once",
            ),
        )

    def __str__(self) -> str:
        """Return the name used by alarms and the trail."""
        return f"{self.service} {self.sequence} ({self.business_day.isoformat()})"


class Handover(models.Model):
    """A request to send a delivery by medium (申合せ5 ただし書): one officer asks, another confirms.

    `reason` is one of `renkei.exchange.media.REASONS`; the names are those on the cover sheet.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="handovers")
    reason = models.CharField(max_length=20)
    agreed_by = models.CharField(max_length=60)
    handed_over_by = models.CharField(max_length=60)
    taken_over_by = models.CharField(max_length=60)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
