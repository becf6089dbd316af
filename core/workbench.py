"""The front door: every verb a page, the command line or an API may use.

Values in, values out; errors are ``core.errors`` with a sentence for a person. Nothing here imports TensorFlow.
"""

import fcntl
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from core import deletion, imports, jobs, prediction
from core.backbones import availability, catalogue, get
from core.backbones.values import Availability, Backbone
from core.comparison import Paired, PhotoResults, Row, against_best, leaderboard, load_results
from core.datasets import ImportProgress, sweep
from core.datasets.values import Dataset, Photo
from core.deletion import Toll
from core.errors import Conflict, InvalidInput, Unavailable
from core.estimates import estimate
from core.health import Check, examine
from core.imports import ImportJob
from core.planning import Candidate, Decision, Plan, decide
from core.prediction import PhotoPredictions
from core.progress import read_progress
from core.recipes import Hyperparameters, Pattern, Recipe, fingerprint
from core.registry import Registry
from core.runs import Attempt, Cancel, Cost, Epoch, Evaluation, Model, Progress, Run, Status
from core.settings import Settings, load_settings
from core.suggestions import suggest_hyperparameters


class Workbench:
    """One open home: its settings and its registry. Safe to share between threads."""

    def __init__(self, settings: Settings, registry: Registry):
        self.settings = settings
        self.registry = registry

    @classmethod
    def open(cls, settings: Settings | None = None) -> "Workbench":
        """Create what is missing, migrate the registry, and clear what a killed process left behind."""
        settings = settings or load_settings()
        _make_folders(settings)
        registry = Registry.open(settings.registry_path)
        sweep(settings)
        imports.recover(settings, registry)
        deletion.finish(settings, registry)
        return cls(settings, registry)

    # --- photos ---

    def import_photos(
        self,
        source: str | Path,
        name: str | None = None,
        *,
        seed: int = 0,
        progress: Callable[[ImportProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[Dataset, bool]:
        """Import an archive, a folder on this machine or ``"demo"`` now; True when it was here already."""
        return imports.run_import(
            source,
            settings=self.settings,
            registry=self.registry,
            name=name,
            seed=seed,
            progress=progress,
            cancelled=cancelled,
        )

    def start_import(self, source: str | Path, name: str | None = None, *, own_source: bool = False) -> str:
        """Import in the background; returns the job's id. ``own_source``: delete the source (an upload) afterwards."""
        return imports.start_import(source, settings=self.settings, name=name, own_source=own_source)

    def import_jobs(self) -> list[ImportJob]:
        return imports.import_jobs(self.settings)

    def cancel_import(self, job_id: str) -> None:
        imports.cancel_import(self.settings, job_id)

    def dismiss_import(self, job_id: str) -> None:
        imports.dismiss_import(self.settings, job_id)

    def datasets(self) -> list[Dataset]:
        """Newest first."""
        return self.registry.datasets()

    def dataset(self, reference: str) -> Dataset:
        """By id, by name (newest version) or by ``name:version``."""
        return self.registry.dataset(reference)

    def photos(
        self,
        dataset_id: str,
        *,
        split: str | None = None,
        class_name: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Photo]:
        return self.registry.photos(dataset_id, split=split, class_name=class_name, limit=limit, offset=offset)

    def photo_path(self, dataset_id: str, digest: str) -> Path:
        """The stored JPEG of a photo."""
        return self.settings.dataset_dir(dataset_id) / "photos" / f"{digest}.jpg"

    # --- backbones ---

    def backbones(self) -> list[tuple[Backbone, Availability]]:
        return [(backbone, availability(backbone, self.settings)) for backbone in catalogue()]

    def backbone(self, name: str) -> Backbone:
        return get(name)

    # --- look before you train ---

    def defaults(
        self, dataset_reference: str, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, backbone: str | None = None
    ) -> Hyperparameters:
        """Sensible hyperparameters of a pattern for a dataset of this size (and a backbone of this depth)."""
        dataset = self.dataset(dataset_reference)
        return suggest_hyperparameters(
            train_photos=dataset.split_sizes["train"],
            classes=len(dataset.class_names),
            pattern=pattern,
            blocks=len(self.backbone(backbone or catalogue()[0].name).blocks),
        )

    def plan(self, dataset_reference: str, recipes: Sequence[Recipe]) -> list[Plan]:
        """What would happen with every recipe, before anything is launched."""
        dataset = self.dataset(dataset_reference)
        return [self._plan(dataset, recipe) for recipe in recipes]

    def _plan(self, dataset: Dataset, recipe: Recipe) -> Plan:
        backbone = get(recipe.backbone)
        print_ = fingerprint(recipe, dataset_digest=dataset.digest, weights_digest=backbone.weights_digest)
        candidates = [self._candidate(run) for run in self.registry.find_runs(print_)]
        decision, because, run_id, first_epoch = decide(recipe.hyperparameters.epochs, candidates)
        plan = Plan(
            dataset_id=dataset.id,
            recipe=recipe,
            fingerprint=print_,
            decision=decision,
            because=because,
            run_id=run_id,
            first_epoch=first_epoch,
        )
        return estimate(plan, dataset=dataset, backbone=backbone, registry=self.registry, settings=self.settings)

    def _candidate(self, run: Run) -> Candidate:
        folder = self.settings.run_dir(run.id)
        return Candidate(
            run=run,
            has_model=(folder / "model" / "model.keras").exists(),
            has_checkpoint=any((folder / "checkpoints").glob("[0-9]*")),
        )

    def launch(self, plans: Sequence[Plan], *, priority: int = 0) -> list[Run]:
        """Put every plan into effect and start the supervisor; returns one run per plan, reused ones included."""
        return [run for _, run in self.plan_and_launch([(plan.dataset_id, plan.recipe) for plan in plans], priority)]

    def plan_and_launch(self, wanted: Sequence[tuple[str, Recipe]], priority: int = 0) -> list[tuple[Plan, Run]]:
        """Look and launch in one step, so that of two who ask for the same at once only one trains it.

        Args:
            wanted: (dataset, recipe) of every run. priority: of the new ones.
        """
        self.refuse_unavailable([plan for reference, recipe in wanted for plan in self.plan(reference, [recipe])])
        launched = []
        with open(self.settings.runs_dir / ".launch.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for reference, recipe in wanted:
                plan = self._plan(self.dataset(reference), recipe)
                launched.append((plan, self._launch(plan, priority)))
        if any(not run.status.ended for _, run in launched):
            jobs.ensure_supervisor(self.settings)
        return launched

    def refuse_unavailable(self, plans: Sequence[Plan]) -> None:
        """Nothing when all of them can be launched.

        Raises:
            InvalidInput: one needs weights that cannot be had now.
        """
        for plan in plans:
            self._refuse_unavailable(plan)

    def _refuse_unavailable(self, plan: Plan) -> None:
        backbone = get(plan.recipe.backbone)
        if plan.decision is not Decision.REUSED and availability(backbone, self.settings) is Availability.NO_NETWORK:
            raise InvalidInput(
                f"The weights of {backbone.title} must be downloaded and this machine has no network. "
                f"Choose a backbone that is ready, for example {catalogue()[0].title}."
            )

    def _launch(self, plan: Plan, priority: int) -> Run:
        if plan.decision is Decision.REUSED:
            return self.registry.run(plan.run_id or "")
        if plan.decision is Decision.RESUMED:
            self.registry.requeue(plan.run_id or "")
            return self.registry.run(plan.run_id or "")
        return self.registry.add_run(
            Run(
                id=f"r-{secrets.token_hex(4)}",
                dataset_id=plan.dataset_id,
                recipe=plan.recipe,
                fingerprint=plan.fingerprint,
                name=get(plan.recipe.backbone).title,
                status=Status.SCHEDULED,
                priority=priority,
                extends=plan.run_id,
                created_at=time.time(),
            )
        )

    # --- runs ---

    def runs(self, dataset_id: str | None = None, status: Status | None = None, limit: int | None = None) -> list[Run]:
        """Newest first."""
        return self.registry.runs(dataset_id=dataset_id, status=status, limit=limit)

    def queue(self) -> list[Run]:
        """Scheduled runs in the order they will start."""
        return self.registry.queue()

    def run(self, run_id: str) -> Run:
        return self.registry.run(run_id)

    def epochs(self, run_id: str) -> list[Epoch]:
        return self.registry.epochs(run_id)

    def attempts(self, run_id: str) -> list[Attempt]:
        return self.registry.attempts(run_id)

    def progress(self, run_id: str) -> Progress | None:
        """What a running run does now, and the estimated seconds left of its stage."""
        return read_progress(run_id, self.settings)

    def log(self, run_id: str, offset: int = 0) -> tuple[str, int]:
        """Text of the run's log from ``offset`` on, and the next offset."""
        return jobs.tail(self.run(run_id).id, self.settings, offset)

    def cancel(self, run_id: str, *, now: bool = True) -> Run:
        """Stop a run now, or after the epoch it is in; a waiting run leaves the queue."""
        run = self.run(run_id)
        if run.status.ended:
            raise Conflict(f"Run {run.id} has ended already ({run.status}), so there is nothing to cancel.")
        self.registry.request_cancel(run.id, Cancel.NOW if now else Cancel.AFTER_EPOCH)
        if run.status is Status.RUNNING:  # it takes a supervisor to stop a trainer, or to find it dead
            jobs.ensure_supervisor(self.settings)
        self.registry.log("cancel", {"run": run.id, "now": now})
        return self.run(run.id)

    def resume(self, run_id: str) -> Run:
        """Put a failed or killed run back into the queue; it goes on at its next epoch."""
        run = self.run(run_id)
        if run.status not in (Status.FAILED, Status.KILLED):
            raise Conflict(f"Only a failed or killed run can be resumed. Run {run.id} is {run.status}.")
        self.registry.requeue(run.id)
        jobs.ensure_supervisor(self.settings)
        return self.run(run.id)

    def set_priority(self, run_id: str, priority: int) -> None:
        self.registry.set_priority(self.run(run_id).id, priority)

    def move(self, run_id: str, before: str | None) -> None:
        """Reorder the queue: ``run_id`` starts before ``before``, or last when None."""
        self.registry.move(run_id, before)

    def annotate(
        self, run_id: str, *, name: str | None = None, notes: str | None = None, tags: Sequence[str] | None = None
    ) -> Run:
        self.registry.annotate(self.run(run_id).id, name=name, notes=notes, tags=tags)
        return self.run(run_id)

    # --- results ---

    def evaluation(self, run_id: str) -> Evaluation | None:
        return self.registry.evaluation(run_id)

    def cost(self, run_id: str) -> Cost | None:
        return self.registry.cost(run_id)

    def costs(self, run_ids: Sequence[str]) -> Mapping[str, Cost]:
        return self.registry.costs(run_ids)

    def rate(self) -> tuple[float | None, str]:
        """(money per hour, currency) the user set, None when not set."""
        return self.registry.preference("rate_per_hour"), self.registry.preference("currency", "EUR")

    def set_rate(self, per_hour: float | None, currency: str = "EUR") -> None:
        if per_hour is not None and not 0 <= per_hour < 1e6:
            raise InvalidInput(f"The rate must be between 0 and 1,000,000 an hour. Received: {per_hour}")
        self.registry.set_preference("rate_per_hour", per_hour)
        self.registry.set_preference("currency", currency)

    def leaderboard(self, run_ids: Sequence[str]) -> tuple[Row, ...]:
        """Rows of several runs of one dataset, best first."""
        rate, _ = self.rate()
        return leaderboard([self.run(run_id) for run_id in run_ids], self.costs(run_ids), rate_per_hour=rate)

    def against_best(self, run_ids: Sequence[str]) -> tuple[Paired, ...]:
        """The best of several finished runs against each other one, photo by photo on the test split."""
        return against_best([self.photo_results(run_id) for run_id in run_ids])

    def photo_results(self, run_id: str) -> PhotoResults:
        """What a finished run said about every test photo."""
        return load_results(self.settings, run_id)

    # --- models and prediction ---

    def models(self, dataset_id: str | None = None) -> list[Model]:
        return self.registry.models(dataset_id)

    def model(self, reference: str) -> Model:
        """By model id or by the id of its run."""
        return self.registry.model(reference)

    def predict(
        self, references: Sequence[str], photos: Sequence[tuple[str, bytes]], *, top: int = 5
    ) -> list[PhotoPredictions]:
        """Predictions of several models for several photos (file name, bytes); see ``prediction``."""
        folders = [self.settings.run_dir(self.model(reference).run_id) / "model" for reference in references]
        return prediction.predict(folders, photos, top=top)

    # --- deletion ---

    def toll(self, *, run: str | None = None, model: str | None = None, dataset: str | None = None) -> Toll:
        """What would go with it, in runs, models and bytes."""
        return deletion.weigh(self.settings, self.registry, run=run, model=model, dataset=dataset)

    def delete_run(self, run_id: str) -> Toll:
        return deletion.delete_run(self.settings, self.registry, self.run(run_id))

    def delete_model(self, reference: str) -> Toll:
        return deletion.delete_model(self.settings, self.registry, self.model(reference))

    def delete_dataset(self, reference: str) -> Toll:
        return deletion.delete_dataset(self.settings, self.registry, self.dataset(reference))

    # --- processes and health ---

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


def _make_folders(settings: Settings) -> None:
    try:
        for folder in (settings.datasets_dir, settings.runs_dir, settings.features_dir, settings.uploads_dir):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"Graft cannot keep its state in {str(settings.home)[:200]!r} ({error.strerror}). "
            "Set GRAFT_HOME to a folder that this user may write to."
        ) from None
