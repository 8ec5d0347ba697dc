"""The trail's tables. Only `renkei.node.audit.trail` writes entries and heads, and nothing ever changes them.

The database itself refuses to change or remove entries and the counterpart's heads (`audit.triggers`).
"""

from django.db import models


class Entry(models.Model):
    """One act. `sha256` covers the entry and `previous_sha256`, and so everything before it."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150, db_index=True)
    verb = models.CharField(max_length=40, db_index=True)
    subject = models.CharField(max_length=200, blank=True, db_index=True)
    purpose = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    previous_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("number",)


class CounterpartHead(models.Model):
    """The head of the counterpart's trail in one of its manifests or receipts, kept to detect rewriting."""

    delivery = models.CharField(max_length=100, unique=True)
    head = models.CharField(max_length=64)
    seen_at = models.DateTimeField()


class Verification(models.Model):
    """One verification of the whole trail, and its result: `broken_at` is the first entry that does not hold.

    `differing` names our deliveries and receipts whose head the trail no longer has; `compared` counts the
    heads that were checked, `confirmed` those that the counterpart has, as its receipts prove.
    `counterpart_back` names the counterpart's deliveries with a head that its trail had already left.
    """

    at = models.DateTimeField(db_index=True)
    entries = models.PositiveBigIntegerField()
    head = models.CharField(max_length=64)
    broken_at = models.PositiveBigIntegerField(null=True, blank=True)
    why = models.CharField(max_length=20, blank=True)
    compared = models.PositiveBigIntegerField(default=0)
    confirmed = models.PositiveBigIntegerField(default=0)
    differing = models.JSONField(default=list)
    counterpart_back = models.JSONField(default=list)

    class Meta:
        ordering = ("-id",)

    @property
    def whole(self) -> bool:
        """Whether no fault was found."""
        return self.broken_at is None and not self.differing and not self.counterpart_back
