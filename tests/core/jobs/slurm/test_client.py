"""Jobs and machines of a Slurm cluster, and every way in which it does not do what is asked."""

import pytest

from core.errors import InvalidInput, Unavailable
from core.jobs.cluster.client import JobRefused, JobRequest, JobStatus
from core.jobs.slurm.client import AWAY_SECONDS, JOBS_SECONDS, NODES_SECONDS, open_slurm

GIB = 2**30


@pytest.fixture
def node(slurm):
    return slurm.add_node("n1", cpus=8, gpus=2)


def request(node, job_id="r-1-1", **values):
    return JobRequest(id=job_id, command="true", node=node, **values)


def state(client, clock, job_id="r-1-1"):
    clock.now += JOBS_SECONDS
    return client.job(job_id)


def test_a_job_is_bound_to_its_machine_and_reserves_its_part(slurm, client, node):
    client.submit(request(node, cpus=4, gpus=1, memory_bytes=2 * GIB))
    job = slurm.jobs["r-1-1"]
    given = job["arguments"]
    assert (given["nodelist"], given["nodes"], given["ntasks"]) == ("n1", "1", "1")
    assert (given["cpus-per-task"], given["gres"], given["mem"]) == ("4", "gpu:1", "2048M")
    assert job["script"].startswith("#!/bin/bash -l\n") and "\ntrue\n" in job["script"]


def test_slurm_never_starts_an_attempt_a_second_time(slurm, client, node):
    client.submit(request(node))
    given = slurm.jobs["r-1-1"]["arguments"]
    assert "no-requeue" in given and given["dependency"] == "singleton"


def test_a_trainer_is_asked_to_stop_before_its_time_is_over(slurm, client, node):
    client.submit(request(node))
    assert slurm.jobs["r-1-1"]["arguments"]["signal"] == "B:TERM@60"


def test_nothing_of_the_environment_goes_to_the_job(slurm, client_with, node):
    client = client_with(AWS_SECRET_ACCESS_KEY="s3cret", SLURM_JOB_ID="7", SQUEUE_FORMAT="x", SBATCH_ACCOUNT="lab")
    client.submit(request(node))
    job = slurm.jobs["r-1-1"]
    assert job["arguments"]["export"] == "NONE"
    assert "s3cret" not in job["script"] + str(job["arguments"])
    assert not {"SLURM_JOB_ID", "SQUEUE_FORMAT"} & set(job["environment"])
    assert job["environment"]["SBATCH_ACCOUNT"] == "lab"  # it chooses, as for all who submit here


def test_a_job_moves_on(slurm, client, clock, node):
    client.submit(request(node))
    slurm.set_job("r-1-1", reason="Resources")
    waiting = state(client, clock)
    assert (waiting.status, waiting.waits_for) == (JobStatus.PENDING, "Resources")
    slurm.set_job("r-1-1", state="RUNNING", reason="None")
    assert state(client, clock).status is JobStatus.RUNNING
    slurm.end("r-1-1", "FAILED", "n1 has no space | left.", 64)
    ended = state(client, clock)
    assert (ended.status, ended.exit_code, ended.last_line) == (JobStatus.FAILED, 64, "n1 has no space | left.")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("CONFIGURING", JobStatus.PENDING),
        ("COMPLETING", JobStatus.RUNNING),
        ("SUSPENDED", JobStatus.RUNNING),
        ("COMPLETED", JobStatus.SUCCEEDED),
        ("CANCELLED", JobStatus.STOPPED),
        ("PREEMPTED", JobStatus.STOPPED),
        ("TIMEOUT", JobStatus.FAILED),
        ("NODE_FAIL", JobStatus.FAILED),
        ("OUT_OF_MEMORY", JobStatus.FAILED),
    ],
)
def test_what_slurm_calls_a_job(slurm, client, clock, node, word, status):
    client.submit(request(node))
    slurm.set_job("r-1-1", state=word)
    assert state(client, clock).status is status


def test_a_job_that_left_no_sentence(slurm, client, clock, node):
    client.submit(request(node))
    slurm.set_job("r-1-1", state="FAILED", reason="BadConstraints", code=1 << 8)
    assert state(client, clock).last_line == "Slurm calls its job FAILED (BadConstraints)."


def test_the_same_job_twice_is_started_once(slurm, client, node):
    client.submit(request(node))
    client.submit(request(node))
    assert len(slurm.calls("sbatch")) == len(slurm.jobs) == 1


def test_an_error_after_the_start_of_a_job_is_no_error(slurm, client, node):
    slurm.change(fault="after")
    client.submit(request(node))
    assert list(slurm.jobs) == ["r-1-1"]


def test_a_controller_that_is_away_is_asked_again_later(slurm, client, clock, node):
    slurm.shut_down()
    for _ in range(2):
        with pytest.raises(Unavailable, match="Unable to contact slurm controller") as error:
            client.nodes()
        assert not isinstance(error.value, JobRefused)
    with pytest.raises(Unavailable) as error:
        client.submit(request(node))
    assert not isinstance(error.value, JobRefused)
    assert len(slurm.calls("scontrol")) == 1  # each takes 9 s until it gives up
    slurm.change(fault="")
    clock.now += AWAY_SECONDS
    assert [one.name for one in client.nodes()] == ["n1"]


@pytest.mark.parametrize(
    ("options", "values", "sentence"),
    [
        ("--account=nobody", {}, "Invalid account or account/partition combination specified."),
        ("--fishy", {}, "unrecognized option '--fishy'."),
        ("", {"gpus": 9}, "Requested node configuration is not available."),
        ("", {"memory_bytes": 100 * GIB}, "Requested node configuration is not available."),
        ("--partition=nowhere", {}, "Invalid partition name specified."),
    ],
)
def test_what_slurm_refuses_is_said_in_its_words(slurm, client_with, node, options, values, sentence):
    with pytest.raises(JobRefused) as error:
        client_with(options).submit(request(node, **values))
    assert str(error.value) == f"Slurm refused the job: {sentence} Check GRAFT_SLURM_OPTIONS."


def test_a_machine_that_has_left_the_cluster(client):
    with pytest.raises(JobRefused, match="Invalid node name specified"):
        client.submit(request("gone@now"))


def test_options_of_the_cluster_go_to_every_job(slurm, client_with, node):
    client_with("--partition=main --time=4:00:00 --mem=1G --output=/shared/%x").submit(request(node, memory_bytes=GIB))
    given = slurm.jobs["r-1-1"]["arguments"]
    assert (given["time"], given["mem"], given["output"]) == ("4:00:00", "1G", "/shared/%x")


def test_a_running_job_is_asked_first_and_cancelled_later(slurm, client, node):
    client.submit(request(node))
    slurm.set_job("r-1-1", state="RUNNING")
    client.stop("r-1-1", at_once=False)
    assert slurm.jobs["r-1-1"]["state"] == "RUNNING"
    client.stop("r-1-1", at_once=True)
    assert slurm.jobs["r-1-1"]["state"] == "CANCELLED"
    assert slurm.calls("scancel") == [["--signal=TERM", "--batch", "1"], ["1"]]


def test_a_job_that_waits_is_cancelled_because_it_gets_no_signal(slurm, client, node):
    client.submit(request(node))
    client.stop("r-1-1", at_once=False)
    client.stop("r-1-1", at_once=False)
    client.stop("unknown", at_once=True)
    assert slurm.jobs["r-1-1"]["state"] == "CANCELLED" and len(slurm.calls("scancel")) == 1


def test_a_job_that_slurm_does_not_know(client, node):
    assert client.job("none") is None


def test_the_machines_of_the_partition(slurm, client, client_with, node):
    slurm.add_node("n2", partitions="other,main", used=[1, 0, 500])
    slurm.add_node("n3", partitions="other")
    slurm.change(partitions=[["main", "YES", "UP"], ["other", "NO", "UP"]])
    assert [one.name for one in client.nodes()] == ["n1", "n2"]
    assert [one.name for one in client_with("--partition=other").nodes()] == ["n2", "n3"]
    assert [one.name for one in client_with(SBATCH_PARTITION="other").nodes()] == ["n2", "n3"]
    assert client.used()[client.nodes()[1].id] == {"CPU": 1, "GPU": 0, "memory": 500 * 2**20}


def test_a_partition_that_there_is_none_of(client_with, node):
    with pytest.raises(Unavailable, match=r"Slurm has no partition 'gpu' that you may use; it has: main\. Change"):
        client_with("--partition=gpu").nodes()


def test_slurm_is_asked_once_for_many_jobs(slurm, client, clock, node):
    for number in range(5):
        client.job(f"r-{number}-1")
        client.nodes(), client.used()
    assert (len(slurm.calls("squeue")), len(slurm.calls("scontrol"))) == (1, 2)
    clock.now += NODES_SECONDS
    client.nodes()
    assert len(slurm.calls("scontrol")) == 3


def test_what_others_use_is_offered_where_runs_may_wait(client, client_with):
    assert (client.offers_busy, client.pending_seconds) == (False, 60)
    waiting = client_with(GRAFT_SLURM_WAIT="720")
    assert (waiting.offers_busy, waiting.pending_seconds) == (True, 720 * 60)


def test_the_cluster_of_this_machine(slurm):
    assert open_slurm(slurm.environ | {"GRAFT_SLURM_CPUS": "4"}).cpus_per_slot == 4
    with pytest.raises(InvalidInput, match="GRAFT_SLURM_CPUS must be a whole number"):
        open_slurm(slurm.environ | {"GRAFT_SLURM_CPUS": "four"})
