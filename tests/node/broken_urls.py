"""The node's pages, and one that breaks with a row's value in the text of its fault."""

from django.urls import path

from node import test_logs
from renkei.node.urls import urlpatterns as theirs

urlpatterns = [*theirs, path("broken/", test_logs.broken)]
