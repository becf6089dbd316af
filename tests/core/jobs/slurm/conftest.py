"""A cluster that commands of the test play."""

import pytest

from core.jobs.slurm.client import SlurmClient
from core.jobs.slurm.options import OPTIONS, options_of
from core.jobs.slurm.tools import SlurmTools
from tests.fake_slurm import FakeSlurm


class Clock:
    """Seconds that the test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slurm(tmp_path):
    return FakeSlurm(tmp_path / "slurm")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client_with(slurm, clock):
    """A client with these options of sbatch."""

    def client(options: str = "", **variables) -> SlurmClient:
        environ = slurm.environ | {OPTIONS: options} | variables
        return SlurmClient(SlurmTools(environ), options_of(environ), clock=clock)

    return client


@pytest.fixture
def client(client_with):
    return client_with()
