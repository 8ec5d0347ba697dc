"""Entering and leaving: password and one-time code together, so that neither alone tells anything."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_otp import login as otp_login

from renkei.node.accounts.models import Officer
from renkei.node.console import keeping
from renkei.node.console.entering import EnterForm


class Enter(LoginView):
    """The page where an officer enters."""

    template_name = "console/enter.html"
    authentication_form = EnterForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Carry on what was typed before the session ended, through a mistaken code as well."""
        return super().get_context_data(**kwargs) | {"kept": self.request.POST.get("kept", "")}

    def form_valid(self, form: Any) -> HttpResponse:
        """Let the officer in and note when."""
        response = super().form_valid(form)
        otp_login(self.request, form.device)
        if luggage := self.request.POST.get("kept"):
            keeping.unpack(self.request, luggage)
        Officer.objects.filter(pk=form.get_user().pk).update(last_access=timezone.now())
        return response


class Leave(LogoutView):
    """Leaving, by a button alone."""

    next_page = "enter"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        return super().post(request, *args, **kwargs)
