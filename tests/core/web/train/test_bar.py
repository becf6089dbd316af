"""What the bar of the page Train says of a plan."""

import pytest

from core.planning.decide import Decision, Plan
from core.planning.grid_plan import GridPlan
from core.recipes.recipe import Recipe
from core.web.train.bar import facts, launch_label


def plan(*decisions, seconds=240.0, disk_bytes=52_000_000):
    rows = tuple(
        Plan(dataset_id="d-1", recipe=Recipe(backbone=f"b{number}"), fingerprint="", decision=decision, because="")
        for number, decision in enumerate(decisions)
    )
    return GridPlan(
        rows=rows, slots=1, seconds=seconds, alone_seconds=seconds, start_seconds=0.0, shared_seconds={},
        disk_bytes=disk_bytes,
    )  # fmt: skip


def test_runs_time_and_disk():
    assert facts(plan(Decision.NEW, Decision.EXTENDED, Decision.REUSED)) == "**2 runs** · about 4 min · 52 MB of disk"


def test_on_a_phone_it_is_shorter():
    assert facts(plan(Decision.NEW), short=True) == "**1 run** · 4 min · 52 MB"


def test_refused_ones_are_counted():
    assert facts(plan(Decision.NEW, Decision.REFUSED)).endswith(":red[1 refused]")


@pytest.mark.parametrize(
    ("decisions", "label"),
    [
        ((Decision.NEW, Decision.RESUMED, Decision.REUSED), "Launch 2 runs"),
        ((Decision.REUSED, Decision.REUSED), "Show the runs"),
        ((Decision.REUSED,), "Show the run"),
        ((Decision.REFUSED,), "Launch"),
        ((), "Launch"),
    ],
)
def test_the_button_says_what_a_click_does(decisions, label):
    assert launch_label(plan(*decisions)) == label


def test_without_a_plan_there_is_nothing_to_launch():
    assert facts(None) == "Nothing is ticked" and launch_label(None) == "Launch"
    assert facts(plan(Decision.REUSED, seconds=0.0, disk_bytes=0)) == "**No new runs**"
