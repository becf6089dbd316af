"""Checks of plans before launching: refusals, questions and notes, each one sentence."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.backbones import Backbone, availability, catalogue
from core.backbones.table import rows
from core.backbones.values import Availability
from core.datasets.decoding.identity import StoredPicture, shared_pictures
from core.datasets.values import Dataset
from core.files.home import dataset_folder, features_folder, run_folder
from core.models.heads.mapping import mapped
from core.planning.decide import Concern, Decision, Level, Plan
from core.planning.grid_plan import GridPlan
from core.recipes.recipe import Cascade, Pattern, Recipe
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import count, duration, listed, size

MANY_RUNS = 100
"""Launching more runs than this at once is confirmed first."""

LONG_SECONDS = 12 * 3600
"""More work than this is confirmed first, too."""

STEEP_RATE = {"learning_rate": 0.1, "fine_tuning_rate": 0.01}
"""From here on Adam's steps are 100 times the usual ones (0.001 and 0.0001; Kingma and Ba 2015; keras.io guides)."""

SPARE_BYTES = 50 * 10**6
MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a check examines.

    Args:
        plan: with its estimates; backbones: of the recipe, by name.
    """

    plan: Plan
    dataset: Dataset
    backbones: Mapping[str, Backbone]
    registry: Registry
    settings: Settings

    @property
    def recipe(self) -> Recipe:
        return self.plan.recipe


def examine(question: Question) -> tuple[Concern, ...]:
    """All concerns about one plan, the most severe first."""
    found = [concern for check in CHECKS for concern in check(question)]
    return tuple(sorted(found, key=lambda concern: list(Level).index(concern.level)))


def _refuse(sentence: str) -> Concern:
    return Concern(level=Level.REFUSE, sentence=sentence)


def _ask(sentence: str) -> Concern:
    return Concern(level=Level.ASK, sentence=sentence)


def _note(sentence: str) -> Concern:
    return Concern(level=Level.NOTE, sentence=sentence)


# --- the recipe and the photos ---


def _batch(question: Question) -> Iterator[Concern]:
    batch, train = question.recipe.settings().get("batch_size", 0), question.dataset.split_sizes["train"]
    if batch > train:
        yield _refuse(
            f"A batch is at most as large as the training set. Received: batch_size={batch}, "
            f"{count(train, 'training photo')}. Choose batch_size={train} or less."
        )


def _rates(question: Question) -> Iterator[Concern]:
    for name, steep in STEEP_RATE.items():
        rate = question.recipe.settings().get(name, 0)
        if rate >= steep:
            yield _ask(
                f"{name}={rate:g} is at least 100 times the usual: training will probably diverge and the run end "
                f"FAILED. Try {steep / 100:g}."
            )


def _validation(question: Question) -> Iterator[Concern]:
    if question.recipe.pattern is Pattern.CLASSIFIER:
        return
    counts = question.dataset.counts.get("validation", {})
    few = [name for name in question.dataset.class_names if counts.get(name, 0) <= 1]
    if few:
        yield _note(
            f"{listed(few)} {'has' if len(few) == 1 else 'have'} at most one validation photo, so the choice of the "
            "best epoch or setting is unreliable. 14 photos of a class give two validation photos, 70 give ten."
        )


def _blind_classifier(question: Question) -> Iterator[Concern]:
    """Names with several meanings, and classes without a counterpart in ImageNet, which are never predicted."""
    if question.recipe.pattern is not Pattern.CLASSIFIER:
        return
    mapping = mapped(question.dataset.class_names, question.recipe.mapping)
    unmapped = mapping.unmapped
    yield from (_ask(meaning.question) for meaning in mapping.open)
    yield from (_note(remark) for remark in mapping.remarks)
    if len(unmapped) == len(question.dataset.class_names):
        yield _refuse(
            "No class name matches an ImageNet class, so the pretrained classifier cannot predict them. "
            "Map ImageNet classes to yours in the table, or choose another pattern."
        )
    elif unmapped:
        verb = "is" if len(unmapped) == 1 else "are"
        yield _note(
            f"{listed(unmapped)} {verb} not among ImageNet's classes and will never be predicted. "
            "Correct the mapping in the table."
        )


def _saved_classifier(question: Question) -> Iterator[Concern]:
    for backbone in question.backbones.values():
        if question.recipe.pattern is Pattern.CLASSIFIER and backbone.source.startswith("model:"):
            yield _refuse(
                f"{backbone.title} is a trained model without ImageNet classes. Use it on the page Predict, or "
                "choose another pattern."
            )


def _repeated_failure(question: Question) -> Iterator[Concern]:
    if question.plan.decision is not Decision.RESUMED or question.plan.run_id is None:
        return
    run = question.registry.run(question.plan.run_id)
    if run.status is Status.FAILED and "learning rate" in run.reason:
        yield _ask(f"It would fail again for the same reason: {run.reason}")


# --- what it builds on ---


def _weights(question: Question) -> Iterator[Concern]:
    if question.recipe.pattern is Pattern.FROM_SCRATCH:
        return
    for backbone in question.backbones.values():
        state = availability(backbone, question.settings)
        if state is Availability.NO_NETWORK:
            yield _refuse(
                f"The weights of {backbone.title} must be downloaded and this machine has no network. "
                f"Choose a backbone that is ready, for example {catalogue()[0].title}."
            )
        elif state is Availability.GONE:
            yield _refuse(f"The model of {backbone.title} was deleted. Train it again, or choose another backbone.")


def _runs(question: Question) -> Iterator[Concern]:
    yield from _members(question.recipe, question.dataset, question.registry, question.settings)


def _members(recipe: Recipe, dataset: Dataset, registry: Registry, settings: Settings) -> Iterator[Concern]:
    runs = [registry.run(run_id) for run_id in recipe.runs]
    unfinished = [f"{run.name} ({run.id}, {run.status})" for run in runs if run.status is not Status.FINISHED]
    if unfinished:
        yield _refuse(f"Only finished runs can be combined. Not finished: {listed(unfinished)}.")
        return
    if recipe.cascade is not None and recipe.cascade.combines_runs:
        yield from _same_photos(runs, dataset, registry, settings)
    if recipe.cascade is Cascade.CONFIDENCE:
        yield from _cheap_first(runs, registry)


def _same_photos(runs: Sequence[Run], dataset: Dataset, registry: Registry, settings: Settings) -> Iterator[Concern]:
    foreign = [run for run in runs if run.dataset_id != dataset.id]
    if foreign:
        others = [registry.dataset(dataset_id) for dataset_id in dict.fromkeys(run.dataset_id for run in foreign)]
        names = listed([f"{other.name} version {other.version}" for other in others])
        yield _refuse(
            f"Predictions on different photos cannot be combined: {listed([run.id for run in foreign])} belong to "
            f"{names}, not from {dataset.name} version {dataset.version}. Choose runs of one dataset."
        )
        return
    for run in runs:
        if not all(run_folder(settings, run.id).predictions(split).exists() for split in ("validation", "test")):
            yield _refuse(f"The predictions of {run.name} ({run.id}) were deleted. Retrain it with --force.")


def _cheap_first(runs: Sequence[Run], registry: Registry) -> Iterator[Concern]:
    cheap, costly = (registry.cost(run.id) for run in runs)
    if cheap and costly and cheap.multiply_adds >= costly.multiply_adds:
        yield _note(
            f"{runs[0].name} needs as much computation per photo as {runs[1].name}, so asking it first saves nothing. "
            "Name the cheaper one first."
        )


def _leaks(question: Question) -> Iterator[Concern]:
    """Data leakage: a model trained on photos of this test split would look better than it is."""
    tested: list[StoredPicture] = []
    for name in _builds_on(question.recipe, question.registry):
        parent = question.registry.run(name)
        if parent.dataset_id == question.dataset.id:
            continue
        tested = tested or _stored(question, question.dataset.id, "test")
        seen = [one for split in ("train", "validation") for one in _stored(question, parent.dataset_id, split)]
        shared = shared_pictures(tested, seen)
        if shared:
            yield _ask(
                f"{parent.name} ({parent.id}) was trained on {count(shared, 'photo')} that are test photos "
                "here, so the test accuracy would be too high (data leakage)."
            )


def _stored(question: Question, dataset_id: str, split: str) -> list[StoredPicture]:
    folder = dataset_folder(question.settings, dataset_id)
    photos = question.registry.photos(dataset_id, split=split)
    return [StoredPicture(photo=photo, path=folder.photo(photo.digest)) for photo in photos]


def _builds_on(recipe: Recipe, registry: Registry) -> list[str]:
    return [name for name in dict.fromkeys((*recipe.backbones, *recipe.runs)) if name not in rows()]


# --- disk and memory ---


def _disk(question: Question) -> Iterator[Concern]:
    needed, limit = question.plan.disk_bytes, question.settings.features_limit_bytes
    free = _free(question.settings)
    if needed + SPARE_BYTES > free:
        yield _refuse(
            f"The features take {size(needed)} and the disk has {size(free)} left. "
            "Choose fewer views or a cut nearer the top, or free some space."
        )
    elif needed > limit:
        yield _ask(
            f"The features take {size(needed)}, more than the {size(limit)} that stored features may take "
            "(GRAFT_FEATURES_GB): all other stored features will be deleted."
        )


def _memory(question: Question) -> Iterator[Concern]:
    needed, total, free = question.plan.memory_bytes, _memory_of("MemTotal"), _memory_of("MemAvailable")
    if total and needed > total:
        yield _refuse(
            f"Training would hold about {size(needed)} and this machine has {size(total)} of memory. "
            "Choose a smaller batch, fewer views or a smaller network."
        )
    elif free and needed > free:
        yield _ask(
            f"Training would hold about {size(needed)} and {size(free)} of memory are free now. "
            "Close other programs, or choose a smaller batch or fewer views."
        )


def _free(settings: Settings) -> int:
    folder = features_folder(settings) if features_folder(settings).exists() else settings.home
    return shutil.disk_usage(folder).free


def _memory_of(name: str) -> int | None:
    """Bytes of a line of /proc/meminfo; None where there is no such file."""
    if not MEMINFO.exists():
        return None
    for line in MEMINFO.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


CHECKS: tuple[Callable[[Question], Iterator[Concern]], ...] = (
    _batch, _rates, _validation, _saved_classifier, _blind_classifier, _repeated_failure, _weights, _runs, _leaks,
    _disk, _memory,
)  # fmt: skip


# --- all plans together ---


def many_runs(number: int) -> Concern | None:
    """A question about a very large number of runs, to confirm before planning them."""
    if number <= MANY_RUNS:
        return None
    return _ask(f"These are {count(number, 'run')}. Launch that many at once?")


def examine_all(plan: GridPlan, settings: Settings) -> tuple[Concern, ...]:
    """All concerns about several runs together."""
    found = [many_runs(len(plan.to_do))]
    if plan.seconds > LONG_SECONDS:
        found.append(_ask(f"Together they will take about {duration(plan.seconds)}."))
    free = _free(settings)
    if plan.disk_bytes + SPARE_BYTES > free:
        found.append(
            _ask(f"Together their features take up to {size(plan.disk_bytes)} and the disk has {size(free)} left.")
        )
    return tuple(concern for concern in found if concern)
