"""Incidents, ours and the counterpart's, with their statements, notices and legal reports."""

from django.conf import settings
from django.db import models


class Kind(models.TextChoices):
    """What happened, or may have happened."""

    LEAK = "leak", "漏えい等"
    OUTAGE = "outage", "障害"


class Condition(models.TextChoices):
    """The conditions for reporting a leak to the 個人情報保護委員会 (規則43条); any one is enough."""

    SPECIAL_CARE = "special_care", "要配慮個人情報"
    PROPERTY = "property", "財産的被害のおそれ"
    MALICIOUS = "malicious", "不正の目的のおそれ"
    MANY = "many", "100人を超える本人"


class Item(models.TextChoices):
    """The items of the report to the 個人情報保護委員会, in its order."""

    OVERVIEW = "overview", "概要"
    DATA = "data", "対象となる情報の項目"
    PERSONS = "persons", "本人の数"
    CAUSE = "cause", "原因"
    SECONDARY = "secondary", "二次被害又はそのおそれ"
    RESPONSE = "response", "本人への対応"
    PUBLICATION = "publication", "公表の実施状況"
    PREVENTION = "prevention", "再発防止のための措置"
    OTHER = "other", "その他参考となる事項"


class Incident(models.Model):
    """One incident of clause 6. `origin` is the party that found it.

    `number` is given by the origin (I-2026-015). `known_at` is when it became known here; the deadlines start
    then. `conditions` is null until somebody has judged them. `deliveries` names the deliveries concerned as
    the notice does (mhlw-isa-annex1 12-15). `rows` is the upper bound of persons concerned, `at_least` the
    number that the records can tell apart, `persons` the number that somebody counted, or that the
    counterpart reported. `seen_at`: when somebody here took up the counterpart's notice.
    """

    origin = models.CharField(max_length=4)
    number = models.CharField(max_length=32)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    suspected = models.BooleanField()
    found_at = models.DateTimeField()
    known_at = models.DateTimeField()
    conditions = models.JSONField(null=True)
    deliveries = models.TextField(blank=True)
    rows = models.PositiveBigIntegerField(null=True)
    at_least = models.PositiveBigIntegerField(null=True)
    persons = models.PositiveBigIntegerField(null=True)
    contact = models.TextField()
    seen_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-known_at", "-id")
        constraints = (models.UniqueConstraint("origin", "number", name="an_incident_once"),)

    @property
    def ours(self) -> bool:
        """Whether this party found it."""
        return bool(self.origin == settings.NODE.party)

    def __str__(self) -> str:
        """Return the name for commands, alarms and the trail; the counterpart's begin with its code."""
        return self.number if self.ours else f"{self.origin}:{self.number}"


class Statement(models.Model):
    """A statement about an item at one time. The last of each item is valid; none is removed."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="statements")
    item = models.CharField(max_length=12, choices=Item.choices)
    text = models.TextField()
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=150)

    class Meta:
        ordering = ("id",)


class Notice(models.Model):
    """One notice to the counterpart; `sequence` is set as soon as its delivery is sealed.

    `day` is the business day of that delivery. It is stored so that a node that was killed in between asks
    for the same delivery again.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notices")
    position = models.PositiveIntegerField()
    day = models.DateField()
    wanted_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint("incident", "position", name="a_notice_once"),)


class Report(models.Model):
    """A legal duty that was done: which (`deadlines.CLOCKS`), when, and who recorded it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="reports")
    clock = models.CharField(max_length=20)
    done_at = models.DateTimeField()
    noted_by = models.CharField(max_length=150)

    class Meta:
        constraints = (models.UniqueConstraint("incident", "clock", name="a_report_once"),)
