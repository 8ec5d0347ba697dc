"""The trail's tables. Rows are written by `renkei.node.audit.trail` alone, and by nothing ever changed."""

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
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)


class CounterpartHead(models.Model):
    """What the counterpart's manifests and receipts said of its trail, as kept here against rewriting."""

    delivery = models.CharField(max_length=100, unique=True)
    head = models.CharField(max_length=64)
    seen_at = models.DateTimeField()
