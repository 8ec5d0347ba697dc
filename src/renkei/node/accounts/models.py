"""Accounts of officers, what they are entrusted with, and the purposes they stated."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from renkei.node.accounts.duties import Duty


class Officer(AbstractUser):
    """A person of the agency. `display_name` is what colleagues and the trail's reader see.

    `directory_subject` is who the agency's directory says it is (OIDC `sub`). `failed_entries` counts wrong
    passwords in a row, up to what locks a local account until `locked_until`.
    """

    display_name = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=2, default="ja")
    last_access = models.DateTimeField(null=True, blank=True)
    directory_subject = models.CharField(max_length=255, null=True, blank=True, unique=True)
    failed_entries = models.PositiveSmallIntegerField(db_default=0)
    locked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.get_username()


class Assignment(models.Model):
    """A duty of an officer, in one office (Hello Work office code) or, blank, in all."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="assignments")
    duty = models.CharField(max_length=20, choices=Duty.choices)
    office = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("officer", "duty", "office"), name="an_assignment_once"),
        )


class Declaration(models.Model):
    """A purpose of clause 7 that an officer stated for one case or document; it lapses."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="declarations")
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, db_index=True)
    declared_at = models.DateTimeField()
    expires_at = models.DateTimeField()
