"""Verbs that delete, start and stop the supervisor, and examine the machine."""

from core import jobs
from core.workbench import delete
from core.workbench.base import Bench
from core.workbench.delete import DeletionImpact
from core.workbench.health import Check, examine


class Admin(Bench):
    """Deletion, processes and health."""

    def impact(self, *, dataset: str) -> DeletionImpact:
        """What would go with it, in runs, models and bytes."""
        return delete.preview_dataset(self.settings, self.registry, self.dataset(dataset))

    def delete_dataset(self, reference: str) -> DeletionImpact:
        return delete.delete_dataset(self.settings, self.registry, self.dataset(reference))

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
