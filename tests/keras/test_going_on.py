"""One process trains several runs, and each gives the same result as in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from core.files.home import supervisor_state
from core.jobs import processes
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.settings import REPOSITORY
from tests.keras.training_bench import NUMBERS, same_run

pytestmark = pytest.mark.keras

RUNS = {
    "r-plain": (NUMBERS, Pattern.INTEGRATED_EXTRACTOR),
    "r-fine": (replace(NUMBERS, head_epochs=2, depth=1, fine_tuning_rate=0.01), Pattern.FINE_TUNING),
    "r-hidden": (replace(NUMBERS, hidden_units=5, seed=4), Pattern.INTEGRATED_EXTRACTOR),
    "r-again": (replace(NUMBERS, epochs=5), Pattern.INTEGRATED_EXTRACTOR),
}

IN_TURN = """
import sys
from pathlib import Path
import pytest
from core.files.home import registry_file, run_folder
from core.jobs import protocol, reuse
from core.registry import Registry
from core.settings import Settings
from core.training import __main__ as trainer
from core.training.stopping import Stop
from tests.keras.training_bench import use_networks

settings = Settings(home=Path(sys.argv[1]))
registry = Registry.open(registry_file(settings))
with pytest.MonkeyPatch.context() as patch:
    trainer.prepare_environment()
    use_networks(patch)
    for module in (protocol, reuse):
        patch.setattr(module, "code_version", lambda: "this")  # the sources may be edited meanwhile
    patch.setattr(reuse, "IDLE_SECONDS", 0.0)
    run = registry.claim("cpu", "a test")
    run_folder(settings, run.id).path.mkdir(parents=True, exist_ok=True)
    raise SystemExit(trainer.train_in_turn(run.id, run.attempt, settings=settings, registry=registry, stop=Stop()))
"""


@pytest.fixture
def in_turn(bench):
    """All runs, trained by one process."""
    for run_id, (numbers, pattern) in RUNS.items():
        bench.add(run_id, numbers, pattern=pattern)
    process = processes.identity_of(os.getpid())
    data = {"process": process.to_dict(), "started_at": 0.0, "version": "this", "slots": []}
    supervisor_state(bench.settings).write_text(json.dumps(data))
    ended = subprocess.run(
        [sys.executable, "-c", IN_TURN, str(bench.settings.home)], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return bench


def test_runs_of_one_process_are_the_runs_of_processes_of_their_own(in_turn):
    bench = in_turn
    assert [bench.registry.run(run_id).status for run_id in RUNS] == [Status.FINISHED] * len(RUNS)
    started_by = [bench.registry.process(run_id, 1) for run_id in RUNS]
    assert started_by[0] is None and len({process["pid"] for process in started_by[1:]}) == 1
    for run_id, (numbers, pattern) in reversed(RUNS.items()):
        bench.train(f"{run_id}-alone", numbers, pattern=pattern)
        same_run(bench, run_id, f"{run_id}-alone")
    logs = {run_id: (bench.folder(run_id) / "log.txt").read_text() for run_id in list(RUNS)[1:]}
    assert all(log.count("epoch 1:") == 1 for log in logs.values())

    first, *others = (bench.registry.cost(run_id) for run_id in RUNS)
    # the fastest, because other load may delay any of them
    assert min(cost.stages["Loading"] for cost in others) < first.stages["Loading"] / 5
    for cost in others:
        assert cost.alone_wall_seconds > cost.wall_seconds + first.stages["Loading"] / 2
