"""Running days: each step once, in order; a waiting step delays no other, a stopped one loses nothing."""

from datetime import UTC, date, datetime

import pytest

from renkei.node.audit.models import Entry
from renkei.node.cycle.models import Day, Step
from renkei.node.cycle.runner import Runner
from renkei.node.cycle.steps import Awaits, DayStep

pytestmark = pytest.mark.django_db

WEDNESDAY, THURSDAY, FRIDAY, MONDAY = (date(2026, 4, day) for day in (1, 2, 3, 6))
NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)


class Work:
    """Three steps that record their work; `waits` and `breaks` name those that cannot end."""

    def __init__(self):
        self.did: list[str] = []
        self.waits: set[str] = set()
        self.breaks: set[str] = set()

    def step(self, name: str, *, atomic: bool = True) -> DayStep:
        def work(context):
            key = f"{context.day.day} {name}"
            if key in self.waits:
                return Awaits("receipt")
            if key in self.breaks:
                raise RuntimeError("EXAMPLE TARO AB00000001CD")
            self.did.append(key)
            return {"rows": 1}

        return DayStep(name, name, name, work, atomic)

    def run(self, today: date, closed=()) -> list[Step]:
        table = (self.step("take_in", atomic=False), self.step("send"), self.step("close"))
        return Runner(table, NOW).run(today, closed)


@pytest.fixture
def work() -> Work:
    return Work()


def test_a_day_goes_through_its_steps_in_order(work):
    work.run(WEDNESDAY)

    assert work.did == ["1 take_in", "1 send", "1 close"]
    assert Day.objects.get().closed_at == NOW
    assert [entry.subject for entry in Entry.objects.all()] == [
        "2026-04-01 take_in",
        "2026-04-01 send",
        "2026-04-01 close",
    ]


def test_running_again_does_nothing_twice(work):
    work.run(WEDNESDAY)

    assert work.run(WEDNESDAY) == []
    assert len(work.did) == 3


def test_days_missed_are_caught_up_in_order_and_the_weekend_is_none(work):
    work.run(THURSDAY)
    work.run(MONDAY)

    assert [done for done in work.did if "close" in done] == ["2 close", "3 close", "6 close"]


def test_a_day_that_the_agreement_closes_is_no_business_day(work):
    work.run(THURSDAY)
    work.run(MONDAY, closed={FRIDAY})

    assert [str(day) for day in Day.objects.all()] == ["2026-04-02", "2026-04-06"]


def test_a_step_that_waits_lets_the_next_day_come_as_far_and_no_further(work):
    work.waits = {"1 close"}
    work.run(WEDNESDAY)
    work.run(THURSDAY)

    assert work.did == ["1 take_in", "1 send", "2 take_in", "2 send"]
    assert Step.objects.get(day__business_day=WEDNESDAY, name="close").awaited == "receipt"

    work.waits = set()
    work.run(THURSDAY)

    assert work.did[-2:] == ["1 close", "2 close"]


def test_a_fault_stops_the_step_and_nothing_of_its_text_is_kept(work, caplog):
    work.breaks = {"1 send"}
    work.run(WEDNESDAY)
    step = Step.objects.get(name="send")

    assert (step.state, step.trouble) == (Step.State.STOPPED, "RuntimeError")
    assert "EXAMPLE" not in caplog.text + str(list(Entry.objects.values()))

    work.breaks = set()
    work.run(WEDNESDAY)

    assert work.did == ["1 take_in", "1 send", "1 close"]


def test_a_step_in_another_workers_hands_holds_the_day(work):
    work.waits = {"1 take_in"}
    work.run(WEDNESDAY)
    Step.objects.filter(name="take_in").update(
        state=Step.State.RUNNING, worker="elsewhere:1:1", leased_until=datetime(2100, 1, 1, tzinfo=UTC)
    )
    work.waits = set()

    assert work.run(WEDNESDAY) == []
    assert work.did == []
