"""The URLs of the console. The carrier has its own port and application."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("renkei.node.console.urls"))]
if settings.NODE.oidc.client_id:
    # Sign-in through the agency's directory: `directory/authenticate/`, returning to `directory/callback/`.
    urlpatterns.append(path("directory/", include("mozilla_django_oidc.urls")))
