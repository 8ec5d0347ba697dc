"""The duties an officer may have. What each allows is defined in `permissions.Act` only."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Duty(TextChoices):
    """A duty, given to an officer for all offices or for one."""

    OPERATE = "operate", _("運用")
    HANDLE_CASES = "handle_cases", _("事案")
    AUDIT = "audit", _("監査")
    ADMINISTER = "administer", _("管理")
