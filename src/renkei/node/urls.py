"""Where the console's pages are. The carrier has a port and an application of its own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("renkei.node.console.urls"))]
