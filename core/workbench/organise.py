"""Organising runs: stars, tags, the archive, aliases such as *champion*, and deletion."""

import getpass
from collections import Counter
from collections.abc import Sequence

from core.artifacts.parts import has_checkpoint
from core.people.acting import acting
from core.planning.decide import EarlierRun
from core.runs.values import CHAMPION, AliasMove, Run, Status
from core.workbench import delete
from core.workbench.base import Bench
from core.workbench.delete import DeletionImpact


class Organising(Bench):
    """Marks, aliases and deletion."""

    def star(self, run_ids: Sequence[str], on: bool = True) -> None:
        """Star or unstar runs."""
        self.registry.mark(self.changing(run_ids), starred=on)

    def archive(self, run_ids: Sequence[str], on: bool = True) -> None:
        """Archive runs: lists omit them by default. Nothing is deleted; ``on=False`` restores them."""
        self.registry.mark(self.changing(run_ids), archived=on)

    def tag(self, run_ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Add tags to runs, or remove them."""
        self.registry.retag(self.changing(run_ids), add, remove)

    def has_model(self, run_id: str) -> bool:
        """Whether a run left a model whose weights were not deleted since."""
        return bool(self.registry.models_of([run_id]))

    def has_checkpoint(self, run_id: str) -> bool:
        """Whether an ended run has a checkpoint from which it could continue."""
        return has_checkpoint(self.settings, self.registry, run_id)

    def has_lost_its_checkpoint(self, run: Run) -> bool:
        """Whether a run could be extended to more epochs if its checkpoint were still kept."""
        kept = {"has_model": self.has_model(run.id), "has_checkpoint": self.has_checkpoint(run.id)}
        return EarlierRun(run=run, **kept).has_lost_its_checkpoint

    def statuses(self) -> dict[Status, int]:
        """How many runs have each status."""
        return sum(map(Counter, self.registry.run_counts().values()), Counter())

    # --- deleting ---

    def preview_deletion(
        self, run_ids: Sequence[str] = (), *, dataset: str | None = None, weights_only: bool = False
    ) -> DeletionImpact:
        """What deleting runs (or their weights), or a dataset with all its runs, would remove."""
        if dataset is not None:
            return delete.preview_dataset(self.settings, self.registry, self.registry.dataset(dataset))
        return delete.preview_runs(self.settings, self.registry, self._ids(run_ids), weights_only=weights_only)

    def delete_runs(self, run_ids: Sequence[str]) -> DeletionImpact:
        """Delete runs with all their files, all of them or none.

        Raises:
            Conflict: one is running, or another one that has not ended builds on it.
        """
        return delete.delete_runs(self.settings, self.registry, self.changing(run_ids))

    def delete_weights(self, run_ids: Sequence[str]) -> DeletionImpact:
        """Delete models and checkpoints; the runs with their predictions, curves and costs stay and can be compared.

        Raises:
            Conflict: one has not ended, or another one that has not ended builds on it.
        """
        return delete.delete_weights(self.settings, self.registry, self.changing(run_ids))

    def delete_dataset(self, reference: str) -> DeletionImpact:
        """Delete a dataset with its photos, stored features, runs and models; raises as ``delete_runs``.

        All its runs must be such that the acting person may delete them.
        """
        dataset = self.changing_dataset(reference)
        self.changing(run.id for run in self.registry.runs(dataset_id=dataset.id))
        return delete.delete_dataset(self.settings, self.registry, dataset)

    # --- aliases ---

    def set_alias(self, run_id: str, alias: str = CHAMPION, why: str = "", who: str = "") -> AliasMove:
        """Make a finished run the *champion* (or another alias) of its dataset.

        Args:
            why, who: for the history; an empty ``who`` means the acting person, or the user of this machine.

        Raises:
            Conflict: the run is not finished. InvalidInput: the alias is not one word.
        """
        run = self.registry.run(run_id)
        self.changing_dataset(run.dataset_id)
        return self.registry.set_alias(run.id, alias, who=who or _who(), why=why)

    def drop_alias(self, dataset: str, alias: str = CHAMPION, why: str = "", who: str = "") -> AliasMove:
        """Remove an alias from the run that has it."""
        return self.registry.drop_alias(self.changing_dataset(dataset).id, alias, who=who or _who(), why=why)

    def roll_back_alias(self, dataset: str, alias: str = CHAMPION, why: str = "", who: str = "") -> AliasMove:
        """Give an alias back to the run that had it before, as a new entry of the history.

        Raises:
            Conflict: no run that had it before still exists.
        """
        return self.registry.roll_back_alias(self.changing_dataset(dataset).id, alias, who=who or _who(), why=why)

    def aliases(self, dataset: str) -> dict[str, AliasMove]:
        """The aliases of a dataset that a run has now, by name."""
        return {
            held.move.alias: held.move
            for held in self.registry.held_aliases(self.registry.dataset(dataset).id)
            if held.there
        }

    def lost_aliases(self, dataset: str) -> dict[str, AliasMove]:
        """The aliases without a run, because the run that had them was deleted."""
        held = self.registry.held_aliases(self.registry.dataset(dataset).id)
        return {one.move.alias: one.move for one in held if one.move.run_id is not None and not one.there}

    def champions(self) -> dict[str, AliasMove]:
        """The champion of every dataset that has one, by the dataset's id."""
        held = self.registry.held_aliases()
        return {one.move.dataset_id: one.move for one in held if one.there and one.move.alias == CHAMPION}

    def _ids(self, references: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self.registry.run(reference).id for reference in references))


def _who() -> str:
    return acting().name or login_name()


def login_name() -> str:
    """The name of the current user; "" where the system has none (a container without users)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
