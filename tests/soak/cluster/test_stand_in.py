"""The stand-in for a Ray cluster starts, stops and loses jobs as Ray does."""

import subprocess
import time
from dataclasses import dataclass, field

import pytest

from core.jobs.ray.client import JobRequest, JobStatus, RayClient
from tests.fake_ray import TOKEN
from tests.jobs_home import eventually
from tests.soak.cluster import stand_in
from tests.soak.cluster.stand_in import StandIn


@dataclass
class Host:
    """A machine without namespaces."""

    name: str
    boots: int = 1
    answers: bool = True
    spawned: list = field(default_factory=list)

    def spawn(self, command, log, environment):
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        self.spawned.append(process)
        return process


@pytest.fixture
def hosts():
    hosts = [Host("one"), Host("two")]
    yield hosts
    for host in hosts:
        for process in host.spawned:
            process.kill()
            process.wait()


@pytest.fixture
def ray(hosts, tmp_path):
    with StandIn(hosts, tmp_path / "jobs") as ray:
        yield ray


@pytest.fixture
def client(ray):
    return RayClient(ray.address, TOKEN)


def submit(client, command, node="two", name="job"):
    there = {one.name: one for one in client.nodes()}[node]
    client.submit(JobRequest(id=name, command=command, node=there.id, cpus=1))


def status(client, name="job"):
    return client.job(name).status


def test_a_job_runs_on_the_machine_it_names_and_its_reason_is_told_when_it_fails(client, hosts):
    submit(client, "echo it cannot be >&2; exit 3")
    eventually(lambda: status(client) is JobStatus.FAILED, "it ends")
    assert (client.job("job").exit_code, client.job("job").last_line) == (3, "it cannot be")
    assert [len(host.spawned) for host in hosts] == [0, 1]


def test_a_running_job_reserves_its_cpu_and_ends_when_it_is_stopped(client, ray, hosts):
    submit(client, "exec sleep 60")
    node = {one.name: one for one in client.nodes()}["two"]
    assert client.used()[node.id]["CPU"] == 1
    client.stop("job")
    eventually(lambda: status(client) is JobStatus.STOPPED, "it ends")
    client.nodes()
    assert client.used()[node.id]["CPU"] == 0


def test_a_silent_machine_counts_as_dead_and_comes_back_under_another_id_while_its_job_lives(
    client, ray, hosts, monkeypatch
):
    monkeypatch.setattr(stand_in, "SILENT_SECONDS", 0.2)
    submit(client, "exec sleep 60")
    before = {one.name: one.id for one in client.nodes()}
    hosts[1].answers = False
    time.sleep(0.3)
    assert {one.name for one in client.nodes() if one.is_alive} == {"one"}
    assert status(client) is JobStatus.FAILED and hosts[1].spawned[0].poll() is None
    hosts[1].answers = True
    ray.look()
    after = {one.name: one.id for one in client.nodes() if one.is_alive}
    assert after["one"] == before["one"] and after["two"] != before["two"]


def test_a_machine_that_was_started_again_has_lost_its_jobs_at_once(client, ray, hosts):
    submit(client, "exec sleep 60")
    hosts[1].boots = 2
    ray.look()
    assert status(client) is JobStatus.FAILED


def test_a_head_that_is_restarted_ends_the_jobs_and_has_forgotten_them(client, ray, hosts):
    submit(client, "exec sleep 60")
    ray.restart()
    assert client.job("job") is None
    assert hosts[1].spawned[0].wait(10) == -9
    assert {one.name for one in client.nodes() if one.is_alive} == {"one", "two"}


def test_a_job_waits_for_a_machine_that_is_cut_off_for_a_moment(client, ray, hosts):
    node = {one.name: one for one in client.nodes()}["two"]
    hosts[1].answers = False
    client.submit(JobRequest(id="job", command="true", node=node.id, cpus=1))
    assert status(client) is JobStatus.PENDING
    hosts[1].answers = True
    eventually(lambda: status(client) is JobStatus.SUCCEEDED, "it runs")
