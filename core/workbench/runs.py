"""Runs: stopping, resuming, annotating them, and what belongs to one (stages, repetitions, lineage, predictions)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core import jobs
from core.errors import Conflict, NotFound
from core.files.home import run_folder
from core.models import predict
from core.models.lineage import backbone_of, parents_of
from core.models.predict import PhotoPredictions
from core.recipes.program import Stage, program_of
from core.runs.values import Cancel, Run, Status
from core.workbench.base import Bench


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The runs a model was made from, and the runs made from it.

    Args:
        parents: runs whose models it builds on. lost: ids of those that were deleted. children: runs that build on it.
    """

    parents: tuple[Run, ...]
    lost: tuple[str, ...]
    children: tuple[Run, ...]


class Running(Bench):
    """Runs, whatever their status."""

    def cancel(self, run_id: str, *, now: bool = True) -> Run:
        """Stop a run now, or after the epoch it is in; a waiting run leaves the queue."""
        run = self.registry.run(run_id)
        if run.status.ended:
            raise Conflict(f"Run {run.id} has ended already ({run.status}), so there is nothing to cancel.")
        self.registry.request_cancel(run.id, Cancel.NOW if now else Cancel.AFTER_EPOCH)
        if run.status is Status.RUNNING:  # only a supervisor stops a trainer, or notices that it has ended
            jobs.ensure_supervisor(self.settings)
        self.registry.log("cancel", {"run": run.id, "now": now})
        return self.registry.run(run.id)

    def stop_after_epoch(self, run_id: str) -> Run:
        """Let a running run finish the epoch it is in and end FINISHED, with the model of its best epoch so far.

        Raises:
            Conflict: it does not run, or runs no epochs.
        """
        run = self.registry.run(run_id)
        if run.status is not Status.RUNNING:
            raise Conflict(f"Only a running run can stop after its epoch. Run {run.id} is {run.status}.")
        if not run.recipe.is_trained:
            raise Conflict(f"Run {run.id} trains no epochs, so it cannot stop after one. Let it end, or stop it now.")
        return self.cancel(run.id, now=False)

    def resume(self, run_id: str) -> Run:
        """Put a failed or killed run back into the queue; it continues at its next epoch."""
        run = self.registry.run(run_id)
        if run.status not in (Status.FAILED, Status.KILLED):
            raise Conflict(f"Only a failed or killed run can be resumed. Run {run.id} is {run.status}.")
        jobs.refuse_foreign_home(self.settings)
        self.registry.requeue(run.id)
        jobs.ensure_supervisor(self.settings)
        return self.registry.run(run.id)

    def annotate(
        self, run_id: str, *, name: str | None = None, notes: str | None = None, tags: Sequence[str] | None = None
    ) -> Run:
        self.registry.annotate(self.registry.run(run_id).id, name=name, notes=notes, tags=tags)
        return self.registry.run(run_id)

    # --- what belongs to a run ---

    def stages(self, run_id: str) -> Sequence[Stage]:
        """The stages of a run's training; [] where no epochs are run."""
        run = self.registry.run(run_id)
        if not run.recipe.is_trained:
            return []
        blocks = backbone_of(run.recipe.backbone, self.registry, self.settings).blocks
        return program_of(run.recipe, blocks).stages

    def repetitions(self, run_id: str) -> list[Run]:
        """Runs of one recipe that only differ in the seed, this run included, by seed."""
        run = self.registry.run(run_id)
        kept = [one for one in self.registry.family_of(run.id) if one.id == run.id or not one.reproduces]
        return sorted(kept, key=lambda one: (one.recipe.hyperparameters.seed, one.created_at))

    def lineage(self, run_id: str) -> Lineage:
        """The runs whose models it builds on, and the runs that build on its model."""
        run = self.registry.run(run_id)
        parents, lost = [], []
        for parent in parents_of(run.recipe):
            try:
                parents.append(self.registry.run(parent))
            except NotFound:
                lost.append(parent)
        children = tuple(self.registry.runs_using(run.id))
        return Lineage(parents=tuple(parents), lost=tuple(lost), children=children)

    def predict(
        self, references: Sequence[str], photos: Sequence[predict.NamedPhoto], *, top: int = 5
    ) -> list[PhotoPredictions]:
        """Predictions of several models for several photos; see ``core.models.predict``."""
        folders = [run_folder(self.settings, self.registry.model(reference).run_id).model for reference in references]
        return predict.predict(folders, photos, top=top)
