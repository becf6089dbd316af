"""Verbs that delete, start and stop the supervisor, and examine the machine."""

from core.workbench import delete
from core.workbench.base import Bench
from core.workbench.delete import DeletionImpact
from core.workbench.health import Check, examine


class Admin(Bench):
    """Deletion, processes and health."""

    def impact(self, *, dataset: str) -> DeletionImpact:
        """What would go with it, in runs, models and bytes."""
        return delete.preview_dataset(self.settings, self.registry, self.registry.dataset(dataset))

    def delete_dataset(self, reference: str) -> DeletionImpact:
        return delete.delete_dataset(self.settings, self.registry, self.registry.dataset(reference))

    def doctor(self) -> list[Check]:
        """Is everything here that Graft needs?"""
        return examine(self.settings, self.registry)
