"""Where people work: a home of its own on the shared registry, without a supervisor."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings
from tests.soak.cluster.places import Place
from tests.soak.cluster.services import Shared
from tests.soak.home import QUICK, SoakHome
from tests.soak.people import People
from tests.soak.victims import Victim, processes_of


@dataclass(frozen=True)
class SharedHome(SoakHome):
    """A home of one of several machines.

    Args:
        shared: what it shares with the others.
    """

    shared: Shared | None = None

    @property
    def settings(self) -> Settings:
        assert self.shared is not None
        launcher = self.shared.environment["GRAFT_LAUNCHER"]
        own = Settings(home=self.folder / "home", port=self.port)
        return replace(own, registry=self.shared.registry, artifacts=self.shared.store.address, launcher=launcher)

    @property
    def environment(self) -> dict[str, str]:
        assert self.shared is not None
        return super().environment | self.shared.environment

    def registry(self) -> Registry:
        return Registry.of(self.settings)

    def settings_of(self, place: Place) -> tuple[Settings, Settings]:
        """Of a machine: those of its pages and its supervisor, and those of its trainers, whose home is its cache."""
        own = replace(self.settings, home=place.home, cache=place.cache)
        return own, replace(own, home=place.cache)


NAMES = (*QUICK, "head", "other head", "scikit-learn", "fine-tuning", "ensemble")
"""What is trained: most of it without TensorFlow, whose import takes longer than the time between two faults."""
TRAINER = "tests.soak.cluster.trainer"


@dataclass(frozen=True)
class Desk:
    """The machine of the people: launching starts a supervisor there, which may be killed as those of the others."""

    home: SharedHome
    name: str = "desk"

    def victims(self) -> list[Victim]:
        return [one for one in processes_of(self.home.settings.home) if one.kind == "supervisor"]

    def wake(self) -> None:
        """Nothing was started in another namespace."""


class SharedPeople(People):
    """Those who launch, cancel and delete on several machines."""

    names = NAMES

    def acts(self) -> list[tuple[int, Callable[[], str]]]:
        return [(6, self.launch), (4, self.resume), (2, self.cancel), (1, self.delete), (1, self.calibrate)]

    def come_to_the_cluster(self) -> None:
        """What one machine had becomes the first content of the shared registry and the store (docs/operations.md)."""
        self.home.run("registry", "copy", str(registry_file(self.home.settings)), self.home.settings.registry)
        registry_file(self.home.settings).unlink()
        self.home.run("artifacts", "--publish")

    def delete_all(self) -> None:
        """Every run, so that all are trained again."""
        self.bench.delete_runs([run.id for run in self.registry.runs()])
        self.runs.clear()
