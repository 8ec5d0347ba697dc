"""Accounts of officers, their assigned duties, and the purposes they stated."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from renkei.node.accounts.duties import Duty


class Officer(AbstractUser):
    """An officer of the agency. `display_name` is what colleagues and readers of the trail see.

    `directory_subject` identifies the account in the agency's directory (OIDC `sub`). `failed_entries` counts
    wrong passwords in a row; at the limit a local account is locked until `locked_until`.
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
    """A duty of an officer, in one office (Hello Work office code) or, if blank, in all."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="assignments")
    duty = models.CharField(max_length=20, choices=Duty.choices)
    office = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("officer", "duty", "office"), name="an_assignment_once"),
        )


class Declaration(models.Model):
    """A purpose of clause 7 that an officer stated for one case or document; it expires."""

    officer = models.ForeignKey(Officer, on_delete=models.CASCADE, related_name="declarations")
    purpose = models.CharField(max_length=40)
    subject = models.CharField(max_length=200, db_index=True)
    declared_at = models.DateTimeField()
    expires_at = models.DateTimeField()
