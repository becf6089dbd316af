"""Machines as JSON."""

import json

from core.jobs.machine import GpuFacts, MachineFacts
from core.output.machines import machines_json
from core.workbench.machines import MachinesOverview, MachineState, SlotState
from tests.factories import make_run

GPU = GpuFacts(name="GPU-0", title="A100", memory_bytes=80)


def test_every_key():
    machine = MachineState(
        name="n1",
        facts=MachineFacts(cpus=2, gpus=(GPU,)),
        seen_at=5.0,
        slots=(SlotState(name="n1/gpu0", title="n1 A100 0", run=make_run(1, id="r-1")),),
    )
    content = json.loads(json.dumps(machines_json(MachinesOverview(launcher="ray:http://h:1", machines=(machine,)))))
    assert content["supervisor"] is None and content["elsewhere"] == []
    [listed] = content["machines"]
    assert listed["can_train"] and listed["facts"]["gpus"] == [{"name": "GPU-0", "title": "A100", "memory_bytes": 80}]
    assert listed["slots"] == [{"name": "n1/gpu0", "title": "n1 A100 0", "run": "r-1"}]


def test_a_machine_that_has_said_nothing():
    [listed] = machines_json(MachinesOverview(launcher="x", machines=(MachineState(name="n"),)))["machines"]
    assert listed["facts"] is None and not listed["can_train"]
