"""What is told to a cluster, and what it says."""

import pytest

from core.errors import InvalidInput
from core.jobs.cluster.client import ClusterJob, JobRequest, JobStatus


@pytest.mark.parametrize("values", [{"gpus": -1}, {"cpus": -0.5}])
def test_fewer_than_no_gpus_are_refused_here_because_ray_accepts_them(values):
    with pytest.raises(InvalidInput, match="no CPUs and GPUs or more"):
        JobRequest(id="r-1-1", command="true", node="n", **values)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("failed\n\nThe disk is full. \n", "The disk is full."),
        (" \n", "its job ended without a message."),
        ("x" * 1000, "x" * 500),
    ],
)
def test_the_reason_of_a_job_is_the_last_line_of_its_message(message, expected):
    assert ClusterJob(id="r-1-1", status=JobStatus.FAILED, message=message).last_line == expected


def test_a_job_that_waits_or_runs_has_not_ended():
    assert [status for status in JobStatus if not status.has_ended] == [JobStatus.PENDING, JobStatus.RUNNING]
