"""What runs and what waits as JSON."""

import json

from core.cli.queue import queue_text
from core.output.queue import queue_json
from core.runs.values import Status


def test_running_and_waiting_runs_are_told_in_the_order_of_their_start(bench, filled):
    found = json.loads(json.dumps(queue_json(bench)))
    assert [row["run"] for row in found["running"]] == [run.id for run in filled.with_status(Status.RUNNING)]
    assert [row["run"] for row in found["waiting"]] == [run.id for run in bench.registry.queue()] != []
    assert found["supervisor"] == {"running": False, "elsewhere": "", "slots": [], "started_at": None}
    assert found["paused"] == ""


def test_a_queue_that_waits_for_space_says_so(bench, filled, monkeypatch):
    monkeypatch.setattr("core.jobs.protocol.low_space", lambda settings: "Waiting runs do not start: no space.")
    found = queue_json(bench)
    assert found["paused"] == "Waiting runs do not start: no space."
    assert queue_text(found).endswith("\nWaiting runs do not start: no space.")
    assert queue_text(found | {"waiting": []}).count("Waiting runs do not start") == 0
