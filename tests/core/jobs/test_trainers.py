"""How a trainer is started: its command and its environment."""

import sys

from core.jobs.slots import CPU
from core.jobs.trainers import trainer_command, trainer_environment


def test_the_cpu_slot_hides_every_gpu_from_the_trainer(settings, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    environment = trainer_environment(CPU, settings)
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert environment["GRAFT_HOME"] == str(settings.home)
    assert environment["PYTHONUNBUFFERED"] == "1"


def test_the_trainer_is_core_training_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("GRAFT_TRAINER", raising=False)
    assert trainer_command("r-1", 2) == [sys.executable, "-m", "core.training", "r-1", "--attempt", "2"]
    monkeypatch.setenv("GRAFT_TRAINER", "nice 'my trainer.py'")
    assert trainer_command("r-1", 2) == ["nice", "my trainer.py", "r-1", "--attempt", "2"]
