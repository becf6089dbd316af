"""What doctor says where several machines work together."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from core.backups.schedule import note_failure, run_scheduled
from core.jobs.machine import MachineFacts, facts_of_this_machine
from core.people.acting import Person, Role, acting_as
from core.workbench.health import Check, examine
from tests.factories import make_dataset
from tests.fake_slurm import FakeSlurm


@pytest.fixture
def checked(bench):
    """The checks by name; with other settings where they are given."""

    def checked(**changes) -> dict[str, Check]:
        return {check.name: check for check in examine(replace(bench.settings, **changes), bench.registry)}

    return checked


def test_one_machine_has_no_checks_of_a_cluster(checked, filled):
    found = checked()
    assert "Machines" not in found and "Artifacts" not in found
    assert found["Leases"].good and found["Leases"].found == "none lapsed"


def test_a_machine_that_cannot_read_the_artifacts_or_has_another_version_is_named(checked, bench):
    facts = facts_of_this_machine(bench.settings)
    bench.registry.note_node("gpu-1", asdict(facts))
    assert checked()["Machines"] == Check(name="Machines", good=True, found="1 machine can train")
    bench.registry.note_node("gpu-2", asdict(replace(facts, version="0" * 12)))
    bench.registry.note_node("gpu-3", asdict(MachineFacts(host="gpu-3", problem="It cannot read the artifacts.")))
    found = checked()["Machines"]
    assert not found.good and found.advice.endswith("check gpu-2")
    assert found.found.startswith("1 machine can train; gpu-2: It has another version of Graft (")
    assert found.found.endswith("gpu-3: It cannot read the artifacts.")


def test_runs_whose_lease_has_lapsed_are_named(checked, bench, filled):
    registry = bench.registry
    (run,) = [run for run in registry.runs() if run.status == "RUNNING"]
    registry.take(f"run/{run.id}", "gpu-1", 40)
    registry.take("run/r-unknown", "gpu-1", 0)
    assert checked()["Leases"].good
    registry.take(f"run/{run.id}", "gpu-1", -12)
    found = checked()["Leases"]
    assert not found.good and found.found == f"lapsed: {run.id} of gpu-1 (12 s ago)"
    assert "A supervisor starts the runs again" in found.advice
    registry.release(registry.lease(f"run/{run.id}") or registry.take(f"run/{run.id}", "gpu-1", 40))
    assert checked()["Leases"].found == f"lapsed: {run.id} of gpu-1"


def test_a_store_that_does_not_answer_is_one_sentence(checked, tmp_path):
    shared = tmp_path / "shared"
    found = checked(artifacts=f"file://{shared}")["Artifacts"]
    assert not found.good and "is not there. Mount it on this machine" in found.advice
    shared.mkdir()
    found = checked(artifacts=f"file://{shared}")["Artifacts"]
    assert found.good and found.found == f"file://{shared} answers"


def test_a_cluster_that_cannot_be_used_is_one_sentence(checked, tmp_path, monkeypatch):
    assert "Launcher" not in checked()
    monkeypatch.setenv("PATH", str(tmp_path))
    found = checked(launcher="slurm")["Launcher"]
    assert not found.good and found.found == "slurm cannot be used" and "needs Slurm's command sbatch" in found.advice
    slurm = FakeSlurm(tmp_path / "slurm")
    slurm.add_node("n1")
    for name, value in slurm.environ.items():
        monkeypatch.setenv(name, value)
    assert checked(launcher="slurm")["Launcher"] == Check(name="Launcher", good=True, found="slurm knows 1 machine")
    monkeypatch.setenv("GRAFT_SLURM_OPTIONS", "--partition=gpu")
    assert "Slurm has no partition 'gpu'" in checked(launcher="slurm")["Launcher"].advice


def test_a_registry_that_cannot_be_opened_is_one_sentence(bench):
    checks = {check.name: check for check in examine(bench.settings, None, "The registry db.lab cannot be reached.")}
    assert not checks["Registry"].good and checks["Registry"].advice == "The registry db.lab cannot be reached."
    assert "Leases" not in checks


def test_too_little_space_says_that_the_queue_waits(checked, monkeypatch):
    assert checked()["Free disk"].good
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(total=10**12, free=10**9))
    found = checked()["Free disk"]
    assert not found.good and found.found == "1.0 GB" and "Waiting runs do not start" in found.advice


def test_scheduled_backups_that_fail_or_are_too_old_are_told(checked, bench, filled, tmp_path):
    assert "Backup" not in checked()
    scheduled = {"backup": tmp_path / "backups", "backup_hours": 24}
    settings = replace(bench.settings, **scheduled)
    assert checked(**scheduled)["Backup"].good and "none yet" in checked(**scheduled)["Backup"].found
    assert run_scheduled(settings, bench.registry)
    found = checked(**scheduled)["Backup"]
    assert found.good and found.found.endswith(f" old, in {tmp_path / 'backups'}")
    assert "no supervisor has made one since" in checked(**scheduled | {"backup_hours": 1e-9})["Backup"].found
    note_failure(settings, bench.registry, "The disk is full.")
    found = checked(**scheduled)["Backup"]
    assert not found.good and "failed, and the newest one is" in found.found and "The disk is full." in found.found
    assert found.advice == f"Make one: python -m core backup {tmp_path / 'backups'} --models --datasets"


def test_who_has_used_up_the_quota_is_told(checked, bench):
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.add_dataset(replace(make_dataset(), id="d-own", name="own", size_bytes=2_000_000), ())
    assert "Quotas" not in checked()
    found = checked(user_limit_bytes=3_000_000)["Quotas"]
    assert (found.good, found.found) == (True, "each account may store 3.0 MB; anna has most: 2.0 MB")
    found = checked(user_limit_bytes=1_000_000)["Quotas"]
    assert (found.good, found.found) == (False, "each account may store 1.0 MB; used up by anna (2.0 MB)")
    assert "GRAFT_USER_GB" in found.advice


def test_what_is_evicted_is_told_with_its_limit(checked):
    found = checked()["Stores"]
    assert found.good
    assert found.found.endswith(
        "of 10 GB, engine files 0 bytes of 5.0 GB, checkpoints of finished runs 0 bytes without a limit"
    )
    assert checked(checkpoints_limit_bytes=10**9)["Stores"].found.endswith(
        "checkpoints of finished runs 0 bytes of 1.0 GB"
    )
