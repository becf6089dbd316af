"""Verbs that delete, start and stop the supervisor, and examine the machine."""

from core import deletion, jobs
from core.deletion import Toll
from core.health import Check, examine
from core.workbench.base import Bench


class Care(Bench):
    """Deletion, processes and health."""

    def toll(self, *, run: str | None = None, model: str | None = None, dataset: str | None = None) -> Toll:
        """What would go with it, in runs, models and bytes."""
        return deletion.weigh(self.settings, self.registry, run=run, model=model, dataset=dataset)

    def delete_run(self, run_id: str) -> Toll:
        return deletion.delete_run(self.settings, self.registry, self.run(run_id))

    def delete_model(self, reference: str) -> Toll:
        """The weights of one run, by its id or by that of its model; see ``delete_weights``."""
        return deletion.delete_model(self.settings, self.registry, self.registry.model(reference))

    def delete_dataset(self, reference: str) -> Toll:
        return deletion.delete_dataset(self.settings, self.registry, self.dataset(reference))

    def supervisor(self):
        return jobs.supervisor_status(self.settings)

    def start_supervisor(self) -> None:
        jobs.ensure_supervisor(self.settings)

    def stop_supervisor(self, *, now: bool = False) -> bool:
        """End the supervisor; running trainers go on, or with ``now`` stop and wait for the next supervisor."""
        return jobs.stop_supervisor(self.settings, now=now)

    def doctor(self) -> list[Check]:
        """Is everything here that Graft needs?"""
        return examine(self.settings, self.registry)
