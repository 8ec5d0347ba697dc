"""Where the console's pages are. The carrier has a port and an application of its own."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("renkei.node.console.urls"))]
if settings.NODE.oidc.client_id:
    # Entering by the agency's own directory: `directory/authenticate/`, and back by `directory/callback/`.
    urlpatterns.append(path("directory/", include("mozilla_django_oidc.urls")))
