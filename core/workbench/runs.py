"""Runs: stopping, resuming, annotating them, and what belongs to one (stages, repetitions, lineage, predictions)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from core import jobs
from core.backbones.inputs import with_input
from core.errors import Conflict, GraftError, NotFound
from core.jobs.quota import require_quota
from core.models.conformal import CONFIDENCE
from core.models.lineage import backbone_of, parents_of
from core.models.predict import PhotoPredictions
from core.people.acting import Role, require
from core.planning.decide import Decision, Plan
from core.recipes.program import Stage, program_of
from core.runs.values import Cancel, Run, Status
from core.serving.photos import NamedPhoto
from core.serving.service import predict_runs
from core.workbench.forecasts import Forecasting

KNOWN_MODELS = 1000
"""Names of models whose runs are kept in memory."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The runs a model was made from, and the runs made from it.

    Args:
        parents: runs whose models it builds on. lost: ids of those that were deleted. children: runs that build on it.
    """

    parents: tuple[Run, ...]
    lost: tuple[str, ...]
    children: tuple[Run, ...]


class Running(Forecasting):
    """Runs, whatever their status."""

    def cancel(self, run_id: str, *, now: bool = True) -> Run:
        """Stop a run now, or after the epoch it is in; a waiting run leaves the queue."""
        run = self.registry.run(*self.changing([run_id]))
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
        run = self.registry.run(*self.changing([run_id]))
        if run.status not in (Status.FAILED, Status.KILLED):
            raise Conflict(f"Only a failed or killed run can be resumed. Run {run.id} is {run.status}.")
        require_quota(self.settings, self.registry, owner=run.owner, begun="resumed")
        plan, waiting = self._left_of(run), self._waiting()
        self.registry.requeue(run.id)
        self._store_forecasts([] if plan is None else [(plan, self.registry.run(run.id))], waiting)
        self.registry.log("resume", {"run": run.id})
        jobs.ensure_supervisor(self.settings)
        return self.registry.run(run.id)

    def _left_of(self, run: Run) -> Plan | None:
        """What resuming a run would do; None where it cannot be planned any more, as its trainer will say."""
        with suppress(GraftError):
            plan = self._planner(run.dataset_id).plan(run.recipe)
            return plan if plan.run_id == run.id and plan.decision is Decision.RESUMED else None
        return None

    def annotate(
        self, run_id: str, *, name: str | None = None, notes: str | None = None, tags: Sequence[str] | None = None
    ) -> Run:
        (own,) = self.changing([run_id])
        self.registry.annotate(own, name=name, notes=notes, tags=tags)
        return self.registry.run(run_id)

    def move(self, run_id: str, before: str | None) -> None:
        """Move a waiting run before another one, or to the end of the queue."""
        (own,) = self.changing([run_id])
        self.registry.move(own, before)

    def prioritise(self, run_id: str, priority: int) -> None:
        """Give a waiting run another priority."""
        (own,) = self.changing([run_id])
        self.registry.set_priority(own, priority)

    def start_supervisor(self) -> None:
        """Start the supervisor where none runs."""
        require(Role.TRAINER, "Starting the supervisor")
        jobs.ensure_supervisor(self.settings)

    # --- what belongs to a run ---

    def stages(self, run_id: str) -> Sequence[Stage]:
        """The stages of a run's training; [] where no epochs are run."""
        run = self.registry.run(run_id)
        if not run.recipe.is_trained:
            return []
        backbone = backbone_of(run.recipe.backbone, self.registry, self.settings)
        return program_of(run.recipe, with_input(backbone, pooling=run.recipe.pooling).blocks).stages

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
        self,
        references: Sequence[str],
        photos: Sequence[NamedPhoto],
        *,
        top: int = 5,
        confidence: float = CONFIDENCE,
    ) -> list[PhotoPredictions]:
        """Predictions of several models for several photos, with prediction sets at ``confidence`` and novelty; see
        ``core.serving.service.predict_runs``.

        Raises:
            NotFound: there is no such model, or it is deleted meanwhile. Unavailable: none of them can be used.
            InvalidInput: the confidence is not between 0 and 1.
        """
        run_ids = [self._run_of_model(reference) for reference in references]
        with self.unless_deleted(run_ids):
            return predict_runs(
                run_ids, photos, settings=self.settings, doubts=self.doubts, top=top, confidence=confidence
            )

    def _run_of_model(self, reference: str) -> str:
        """As of the registry, which is asked again only after something was written to it."""
        counter = self.registry.change_counter()  # read first: what is written meanwhile is noticed at the next call
        before, run_id = self._known_models.get(reference, (None, ""))
        if before != counter:
            run_id = self.registry.run_of_model(reference)
            if len(self._known_models) >= KNOWN_MODELS:
                self._known_models.clear()
            self._known_models[reference] = counter, run_id
        return run_id

    @cached_property
    def _known_models(self) -> dict[str, tuple[int | None, str]]:
        """Change counter of the registry and run, by what a model was called."""
        return {}
