"""A cluster that a server of the test plays, and a registry with runs."""

from dataclasses import asdict, replace

import pytest

from core.jobs.cluster.launcher import ClusterLauncher
from core.jobs.cluster.nodes import cpus_per_slot
from core.jobs.machine import facts_of_this_machine
from core.jobs.ray.client import CPUS, RayClient
from core.settings import Settings
from tests.factories import make_dataset, make_photos, make_run
from tests.fake_ray import TOKEN, FakeRay


class Clock:
    """Seconds that the test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Cluster:
    """The launcher of a fake cluster, and what a test does in the place of its machines."""

    def __init__(self, ray: FakeRay, registry, settings: Settings, environ: dict[str, str]) -> None:
        self.ray, self.registry, self.clock = ray, registry, Clock()
        self.settings = settings
        self.launcher = self.another_launcher(environ)

    def another_launcher(self, environ: dict[str, str] | None = None) -> ClusterLauncher:
        """As after a restart of the supervisor."""
        environ = environ or {}
        client = RayClient(self.ray.address, TOKEN, cpus_per_slot(environ, CPUS))
        return ClusterLauncher(self.settings, self.registry, client, environ=environ, clock=self.clock)

    def add_node(self, name: str, **resources) -> str:
        """A machine that has said that it can train."""
        node = self.ray.add_node(name, **resources)
        self.describe(name, node)
        return node

    def describe(self, name: str, node: str, **facts) -> None:
        """What the job on the machine notes."""
        found = replace(facts_of_this_machine(self.settings, node), **facts)
        self.registry.note_node(name, asdict(found))

    def names(self) -> list[str]:
        """The slots there are, looked at anew."""
        self.clock.now += 100
        return [slot.name for slot in self.launcher.slots()]

    def started(self):
        """A claimed run whose job was submitted."""
        slot = self.launcher.slots()[0]
        run = self.registry.claim(slot.name, "me")
        trainer = self.launcher.start(run.id, run.attempt, slot)
        self.registry.record_process(run.id, run.attempt, trainer.identity)
        return trainer

    def take_lease(self, trainer) -> object:
        """What a trainer does first."""
        return self.registry.take(f"run/{trainer.run_id}", trainer.job_id, token=trainer.attempt)


@pytest.fixture
def ray():
    with FakeRay() as ray:
        yield ray


@pytest.fixture
def cluster(ray, registry, settings):
    registry.add_dataset(make_dataset(), make_photos())
    for number in (1, 2, 3):
        registry.add_run(make_run(number, id=f"r-{number}"))
    return Cluster(ray, registry, settings, {})
