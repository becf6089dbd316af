"""What Prometheus is shown, as prometheus_client reads it."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core import jobs
from core.api.traffic import Traffic
from core.backups.schedule import note_failure, run_scheduled
from core.files.home import features_folder
from core.jobs.gpu_use import GpuUse
from core.people.acting import Person, Role, acting_as
from core.runs.values import Status
from core.settings import REPOSITORY
from core.text.prometheus import Metric
from core.workbench.monitoring import FIGURES_SECONDS, FOLDERS_SECONDS, Monitor, bytes_below
from tests.factories import make_dataset


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def monitor(bench, clock):
    return Monitor(bench.settings, bench.registry, clock=lambda: clock[0])


def read(monitor: Monitor, more: Sequence[Metric] = ()) -> dict[tuple[str, ...], float]:
    """Value by name and values of labels."""
    families = text_string_to_metric_families(monitor.text(more))
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def everything() -> Sequence[Metric]:
    """What a process that has answered a request shows of itself."""
    traffic = Traffic()
    traffic.answered("pages", 200, 0.1)
    return traffic.metrics()


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    one = GpuUse(name="GPU-1", title="NVIDIA H200", used_bytes=10**9, total_bytes=141 * 10**9, busy=0.25)
    monkeypatch.setattr("core.workbench.monitoring.gpu_use", lambda: (one,))


def measured(monitor: Monitor) -> None:
    monitor.text()
    monitor._measuring.join(10)


def test_a_filled_home(bench, filled, monitor):
    found = read(monitor)
    runs = bench.registry.runs()
    waiting = sum(run.status is Status.SCHEDULED for run in runs)
    assert found["graft_runs", "FINISHED"] == sum(run.status is Status.FINISHED for run in runs)
    assert found["graft_queue_length",] == waiting and found["graft_queue_oldest_wait_seconds",] > 0
    assert found["graft_attempts", "INTERRUPTED"] == 0 and found["graft_attempts", "FINISHED"] > 0
    assert found["graft_store_items", "datasets"] == 1
    assert found["graft_store_bytes", "registry"] == bench.registry.size
    assert found["graft_web_resident_bytes",] > 10**7 and found["graft_web_models_bytes",] >= 0
    patterns = {name[1] for name in found if name[0] == "graft_finished_runs"}
    assert patterns and all(found["graft_finished_runs_seconds", name] > 0 for name in patterns)


def test_without_a_supervisor_there_are_no_slots_and_with_one_of_this_home_there_are(
    bench, filled, monitor, monkeypatch
):
    found = read(monitor)
    assert found["graft_supervisor_up",] == 0 and ("graft_slots", "free") not in found
    status = jobs.SupervisorStatus(running=True, slots=("A", "B", "C"))
    monkeypatch.setattr(jobs, "supervisor_status", lambda settings: status)
    found = read(monitor)
    assert found["graft_supervisor_up",] == 1
    assert (found["graft_slots", "busy"], found["graft_slots", "free"]) == (1, 2)


def test_a_supervisor_elsewhere_is_up_by_its_lease(bench, monitor, clock):
    assert read(monitor)["graft_supervisor_up",] == 0
    bench.registry.take("supervisor", "another machine", 40)
    clock[0] += FIGURES_SECONDS
    found = read(monitor)
    assert found["graft_supervisor_up",] == 1 and found["graft_leases", "supervisor"] == 1
    assert 30 < found["graft_lease_least_remaining_seconds", "supervisor"] <= 41


def test_the_registry_is_read_at_most_every_few_seconds(bench, filled, monitor, clock, monkeypatch):
    calls = []
    figures = bench.registry.registry_figures
    monkeypatch.setattr(bench.registry, "registry_figures", lambda: calls.append(1) or figures())
    for _ in range(3):
        monitor.text()
    assert len(calls) == 1
    clock[0] += FIGURES_SECONDS
    monitor.text()
    assert len(calls) == 2


def test_folders_are_measured_in_the_background_and_seldom(bench, monitor, clock):
    folder = features_folder(bench.settings)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a").write_bytes(b"x" * 1000)
    os.link(folder / "a", folder / "b")
    assert bytes_below(folder) == 1000 and bytes_below(folder / "nothing") == 0
    measured(monitor)
    assert read(monitor)["graft_store_bytes", "features"] == 1000
    (folder / "c").write_bytes(b"x" * 500)
    measured(monitor)
    assert read(monitor)["graft_store_bytes", "features"] == 1000, "the last measurement is shown"
    clock[0] += FOLDERS_SECONDS
    measured(monitor)
    assert read(monitor)["graft_store_bytes", "features"] == 1500


def test_labels_are_few(bench, filled, monitor):
    bench.registry.take("run/r-1", "a"), bench.registry.take("run/r-2", "a")
    kinds = [name for name in read(monitor) if name[0] == "graft_leases"]
    assert kinds == [("graft_leases", "run")]


@pytest.fixture
def saved(bench, filled, tmp_path) -> Monitor:
    """Of a home that has everything that there are figures of: a scheduled backup too."""
    settings = replace(bench.settings, backup=tmp_path / "backups")
    assert run_scheduled(settings, bench.registry)
    return Monitor(settings, bench.registry)


def test_the_documentation_names_the_figures_that_there_are(bench, saved, monkeypatch):
    bench.registry.take("supervisor", "a")
    monkeypatch.setattr(jobs, "supervisor_status", lambda settings: jobs.SupervisorStatus(running=True, slots=("A",)))
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.add_dataset(replace(make_dataset(), id="d-own", name="own"), ())
    monkeypatch.setattr(saved, "_settings", replace(saved._settings, user_limit_bytes=1))
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    parts = r"_(bucket|sum|count|total)$"
    assert {re.sub(parts, "", name) for name in re.findall(r"graft_[a-z_]+", text)} == {
        re.sub(parts, "", name) for name, *_ in read(saved, everything())
    }


def test_gpus_and_sign_ins(bench, monitor):
    found = read(monitor)
    assert found["graft_gpu_memory_bytes", "GPU-1", "NVIDIA H200", "used"] == 10**9
    assert found["graft_gpu_memory_bytes", "GPU-1", "NVIDIA H200", "total"] == 141 * 10**9
    assert found["graft_gpu_busy_ratio", "GPU-1", "NVIDIA H200"] == 0.25
    assert found["graft_sign_ins_total", "failed"] == found["graft_sign_ins_total", "succeeded"] == 0
    bench.registry.sign_in_failed("ada", "192.0.2.7", "wrong password")
    monitor = Monitor(bench.settings, bench.registry)
    assert read(monitor)["graft_sign_ins_total", "failed"] == 1


def test_the_dashboard_asks_for_figures_and_labels_that_there_are(bench, saved, monkeypatch):
    """Every panel of deploy/grafana-dashboard.json; a name that is not exported would be an empty panel."""
    bench.registry.take("supervisor", "a")
    monkeypatch.setattr(jobs, "supervisor_status", lambda settings: jobs.SupervisorStatus(running=True, slots=("A",)))
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(saved.text(everything())):
        for sample in family.samples:
            labels.setdefault(sample.name, {"instance", "job"}).update(sample.labels)
    dashboard = json.loads((REPOSITORY / "deploy" / "grafana-dashboard.json").read_text())
    shown = set()
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            names = set(re.findall(r"graft_[a-z_]+", target["expr"]))
            assert names and names <= set(labels), panel["title"]
            asked = re.findall(r"(\w+)=~?\"", target["expr"]) + re.findall(r"{{(\w+)}}", target["legendFormat"])
            asked += [label.strip() for by in re.findall(r"by \(([^)]+)\)", target["expr"]) for label in by.split(",")]
            assert all(set(asked) <= labels[name] for name in names), panel["title"]
            shown |= names
    assert set(labels) == shown, "every figure has a panel"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_a_paused_queue_and_the_free_space_are_shown(bench, monitor, monkeypatch):
    assert read(monitor)["graft_queue_paused",] == 0
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(total=10**12, free=10**9))
    found = read(monitor)
    assert (found["graft_queue_paused",], found["graft_disk_free_bytes",]) == (1, 10**9)


def test_the_age_of_the_newest_scheduled_backup(bench, filled, monitor, tmp_path):
    assert ("graft_backup_failing",) not in read(monitor)
    settings = replace(bench.settings, backup=tmp_path / "backups")
    monitor = Monitor(settings, bench.registry)
    assert read(monitor)["graft_backup_failing",] == 0 and ("graft_backup_age_seconds",) not in read(monitor)
    run_scheduled(settings, bench.registry)
    assert 0 <= read(monitor)["graft_backup_age_seconds",] < 3600 and read(monitor)["graft_backup_failing",] == 0
    note_failure(settings, bench.registry, "The disk is full.")
    assert read(monitor)["graft_backup_failing",] == 1 and ("graft_backup_age_seconds",) in read(monitor)


def test_what_each_account_stores_is_shown_where_there_is_a_quota(bench, clock):
    with acting_as(Person(name="anna", role=Role.TRAINER)):
        bench.registry.add_dataset(replace(make_dataset(), id="d-own", name="own", size_bytes=2_000_000), ())
    assert not [name for name in read(Monitor(bench.settings, bench.registry)) if name[0].startswith("graft_owner")]
    found = read(Monitor(replace(bench.settings, user_limit_bytes=10**9), bench.registry))
    assert (found["graft_owner_bytes", "anna"], found["graft_owner_limit_bytes",]) == (2_000_000, 10**9)
