"""What a machine is called and has, in words."""

import pytest

from core.jobs.machine import GpuFacts, MachineFacts
from core.web.machines.panel import ago_and_what, first_line, state_badge
from core.workbench.machines import MachinesOverview, MachineState, SlotState

FACTS = MachineFacts(cpus=8, memory_bytes=32 * 10**9, disk_free_bytes=10**11, release="0.8.0")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"facts": FACTS}, "Can train"),
        ({"facts": FACTS, "problem": "Its disk is full."}, "Gets no runs"),
        ({"facts": FACTS, "there": False}, "Not in the cluster"),
        ({"facts": FACTS, "there": None}, "Not known"),
        ({}, "Being asked"),
    ],
)
def test_whether_it_can_train(values, word):
    assert word in state_badge(MachineState(name="n1", **values))


def text(machine):
    """Without the escapes of Markdown."""
    return ago_and_what(machine).replace("\\", "")


def test_what_it_has():
    gpu = GpuFacts(name="GPU-0", title="A100", memory_bytes=80 * 10**9)
    machine = MachineState(name="n", facts=MachineFacts(gpus=(gpu, gpu), cpus=1, release="0.8.0"))
    assert text(machine) == "2 x A100 with 80 GB · 1 CPU · Graft 0.8.0"
    assert text(MachineState(name="n", facts=FACTS)) == ("8 CPUs · 32 GB of memory · 100 GB free on disk · Graft 0.8.0")
    assert ago_and_what(MachineState(name="n")) == ""


def test_when_it_said_so_is_a_time_with_the_exact_one_on_hover():
    seen = text(MachineState(name="n", facts=FACTS, seen_at=0.0))
    assert 'Graft 0.8.0 · seen <time datetime="1970-01-01T00:00:00Z" title="1 Jan 1970, 00:00 UTC">' in seen


def test_the_first_line_counts_machines_that_can_train():
    slots = (SlotState(name="n1/cpu", title="n1 CPU"),)
    machines = (MachineState(name="n1", facts=FACTS, slots=slots), MachineState(name="n2", facts=FACTS, there=False))
    overview = MachinesOverview(launcher="ray:http://h:1", machines=machines)
    assert first_line(overview) == "1 machine with 1 slot, 0 busy; 1 machine gets no runs."
    assert first_line(MachinesOverview(launcher="ray:http://h:1", machines=machines[:1])) == (
        "1 machine with 1 slot, 0 busy."
    )
