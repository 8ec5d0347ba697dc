"""The tables of the cycle: business days, the state of their steps, and alarms."""

from django.db import models


class Day(models.Model):
    """One business day. It is closed when its last step is done."""

    business_day = models.DateField(unique=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("business_day",)

    def __str__(self) -> str:
        """Return the day as the trail names it."""
        return self.business_day.isoformat()


class Step(models.Model):
    """One step of one day: waiting, running in one worker, stopped by an error, or done."""

    class State(models.TextChoices):
        """The state of a step."""

        WAITING = "waiting", "待ち"
        RUNNING = "running", "処理中"
        STOPPED = "stopped", "停止"
        DONE = "done", "完了"

    day = models.ForeignKey(Day, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    worker = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)  # by name; numbers only
    awaited = models.CharField(max_length=40, blank=True)  # what a waiting step waits for
    trouble = models.CharField(max_length=80, blank=True)  # code or class of the error that stopped it

    class Meta:
        ordering = ("day", "position")
        constraints = (models.UniqueConstraint(fields=("day", "position"), name="a_step_once_a_day"),)

    def __str__(self) -> str:
        """Return the step as the trail names it."""
        return f"{self.day} {self.name}"


class Alarm(models.Model):
    """An event that an officer must act on: raised once, cleared when its cause is over."""

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, blank=True)
    raised_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-raised_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"),
                condition=models.Q(cleared_at__isnull=True),
                name="an_alarm_rings_once",
            ),
        )

    def __str__(self) -> str:
        """Return the alarm as the trail names it."""
        return f"{self.kind} {self.subject}"
