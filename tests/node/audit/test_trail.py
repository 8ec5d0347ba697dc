"""The trail: written in the transaction of the act, in one chain."""

import pytest
from django.db import transaction

from renkei.node.audit.models import Entry
from renkei.node.audit.trail import FIRST_PREVIOUS, head, record, seal_of
from renkei.node.audit.verbs import Verb


@pytest.mark.django_db
def test_each_entry_seals_the_one_before_it():
    with transaction.atomic():
        first = record(None, Verb.NODE_MADE)
        second = record(None, Verb.FILE_IMPORTED, "notifications.csv", rows=3)

    assert (first.previous_sha256, second.previous_sha256) == (FIRST_PREVIOUS, first.sha256)
    assert [seal_of(entry) for entry in Entry.objects.all()] == [first.sha256, second.sha256]
    assert head() == second.sha256


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written():
    with pytest.raises(transaction.TransactionManagementError):
        record(None, Verb.NODE_MADE)

    assert head() == FIRST_PREVIOUS
