"""What to use of the finished runs of a dataset within a budget: one of them, an ensemble, or a confidence cascade.

Chosen by the stored predictions for the validation photos; those for the test photos are not read. Launched, it is an
ordinary run of the pattern cascade, and measured on the test photos like any other.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from core.advising.ensembles import CombinableRun, CombinationBudget, OfferedModel, SharedCosts, best_offers
from core.comparison.statistics import mcnemar
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.files.home import run_folder
from core.models.cascades.costs import networks_in
from core.recipes.patterns import Cascade, Pattern
from core.registry import Registry
from core.registry.search import RunQuery
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Cost, Model, Run, Status
from core.settings import Settings
from core.text.units import count, milliseconds, size

MOST_RUNS, MOST_PROBABILITIES = 100, 50_000_000
"""Runs that are considered, those with the highest accuracy on the validation photos; and probabilities in memory."""


@dataclass(frozen=True, kw_only=True)
class CombinationAdvice:
    """The most accurate on the validation photos within a budget.

    Args:
        single: the most accurate run that fits, None where none does. others: the best ensemble and the best cascade
            that fit. names: by run id. runs: considered; too_large: of these, how many do not fit alone.
        photos: validation photos. notes: what could not be considered, as sentences.
    """

    dataset_id: str
    budget: CombinationBudget
    single: OfferedModel | None
    others: tuple[OfferedModel, ...]
    names: dict[str, str]
    runs: int
    too_large: int
    photos: int
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> OfferedModel:
        """A combination that predicts more validation photos correctly than the single run; else that run."""
        offers = [*([self.single] if self.single else []), *self.others]
        best = max(offers, key=lambda one: one.order)
        if self.single is not None and best.correct <= self.single.correct:
            return self.single
        return best

    @property
    def is_combination(self) -> bool:
        return self.chosen.cascade is not None

    def against_single(self, offer: OfferedModel) -> tuple[int, int, float] | None:
        """Validation photos that only the offer predicts correctly, those that only the single run does, and the
        p-value of McNemar's exact test; None for the single run itself."""
        if self.single is None or offer is self.single:
            return None
        ours, theirs = np.array(offer.right), np.array(self.single.right)
        only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
        return only_ours, only_theirs, mcnemar(only_ours, only_theirs)


def advise_combination(
    dataset: Dataset, budget: CombinationBudget, *, registry: Registry, settings: Settings
) -> CombinationAdvice:
    """The best of all finished runs of a dataset within a budget; changes nothing.

    Raises:
        InvalidInput: there is no run to choose from, or nothing fits into the budget; it says what the smallest needs.
    """
    runs, notes = combinable_runs(dataset, registry, settings)
    if not runs:
        raise InvalidInput(_nothing(dataset, registry, notes))
    labels = np.array([label for _, label in _photos(dataset, registry)])
    offers = best_offers(runs, labels, budget)
    if not offers:
        raise InvalidInput(_too_small(budget, runs))
    if len(runs) == 1:
        notes = (*notes, f"{dataset.name} has one run to choose from; two can be combined.")
    costs = SharedCosts(runs)
    return CombinationAdvice(
        dataset_id=dataset.id,
        budget=budget,
        single=offers.get(None),
        others=tuple(offer for kind, offer in offers.items() if kind is not None),
        names={run.run_id: run.name for run in runs},
        runs=len(runs),
        too_large=sum(not budget.holds(costs.milliseconds([run]), run.size_bytes) for run in runs),
        photos=len(labels),
        notes=notes,
    )


def combinable_runs(
    dataset: Dataset, registry: Registry, settings: Settings
) -> tuple[list[CombinableRun], tuple[str, ...]]:
    """The finished runs with a model and predictions for the dataset's validation photos, and what was left out."""
    finished = {run.id: run for run in registry.runs(dataset.id, status=Status.FINISHED)}
    own = {run_id: run for run_id, run in finished.items() if not _combines_runs(run)}
    models = {model.run_id: model for model in registry.models(dataset.id) if model.run_id in own}
    costs = registry.costs(list(models))
    photos = _photos(dataset, registry)
    most = min(MOST_RUNS, MOST_PROBABILITIES // max(1, len(photos) * len(dataset.class_names)) or 1)
    found, unreadable = [], []
    ordered = sorted(models.values(), key=_validation_accuracy, reverse=True)
    for model in ordered[:most]:
        run = own[model.run_id]
        rows = _probabilities(run, photos, settings)
        if rows is None:
            unreadable.append(run)
        else:
            found.append(_combinable(run, model, costs.get(run.id), rows, settings))
    combined = len(finished) - len(own)
    notes = [
        _left_out(len(own) - len(models), "has no model any more", "have no model any more"),
        _left_out(len(unreadable), *(f"{verb} no predictions for the validation photos" for verb in ("has", "have"))),
        _left_out(combined, "combines other runs", "combine other runs"),
        _left_out(max(0, len(ordered) - most), *(f"{verb} less accurate on the validation photos than the {most} that "
                  "are considered" for verb in ("is", "are"))),
        _left_out(sum(run.milliseconds is None for run in found), *(f"{verb} not timed, so that no limit of "
                  f"milliseconds holds {it}" for verb, it in (("was", "it"), ("were", "them")))),
    ]  # fmt: skip
    return found, tuple(note for note in notes if note)


def _left_out(number: int, one: str, many: str) -> str:
    return f"{count(number, 'run')} left out: {f'it {one}' if number == 1 else f'they {many}'}." if number else ""


def _combines_runs(run: Run) -> bool:
    return run.recipe.cascade is not None and run.recipe.combines_runs


def _validation_accuracy(model: Model) -> float:
    """As its card says; 0 of cards that do not."""
    return float((model.card.get("validation") or {}).get("accuracy") or 0.0)


def _photos(dataset: Dataset, registry: Registry) -> list[tuple[str, int]]:
    """Digest and label of the validation photos."""
    number = {name: label for label, name in enumerate(dataset.class_names)}
    return [(photo.digest, number[photo.class_name]) for photo in registry.photos(dataset.id, split="validation")]


def _probabilities(run: Run, photos: Sequence[tuple[str, int]], settings: Settings) -> np.ndarray | None:
    """(n, classes) for these photos in their order; None where they are missing, damaged or for other photos."""
    try:
        found = read_predictions(run.id, "validation", settings)
    except (NotFound, InvalidInput):
        return None
    return _ordered(found, photos)


def _ordered(found: Predictions, photos: Sequence[tuple[str, int]]) -> np.ndarray | None:
    row = {digest: number for number, digest in enumerate(found.digests)}
    if row.keys() != {digest for digest, _ in photos}:
        return None
    ordered = found.rows(np.array([row[digest] for digest, _ in photos]))
    if ordered.labels.tolist() != [label for _, label in photos]:
        return None
    return ordered.probabilities.astype(np.float32)  # what the inference graph computes


def _combinable(
    run: Run, model: Model, cost: Cost | None, probabilities: np.ndarray, settings: Settings
) -> CombinableRun:
    return CombinableRun(
        run_id=run.id,
        name=run.name,
        probabilities=probabilities,
        milliseconds=None if cost is None else cost.ms_per_photo,
        files=_files(run, model, cost, settings),
        networks=_networks(model),
    )


def _networks(model: Model) -> frozenset[Hashable]:
    """None where the card cannot be read: then nothing is known to be shared."""
    try:
        return frozenset(networks_in(model.card))
    except (InvalidInput, KeyError):
        return frozenset()


def _files(run: Run, model: Model, cost: Cost | None, settings: Settings) -> dict[str, int]:
    """Bytes by SHA-256 of the files that a model predicts with; where they are not on this machine, or the model
    predicts in Keras, the size that was measured when it was trained, shared with no other."""
    folder = run_folder(settings, run.id).model
    try:
        return {entry["sha256"]: (folder / entry["file"]).stat().st_size for entry in model.card["engines"]} or {
            run.id: _measured(model, cost)
        }
    except (OSError, KeyError, TypeError):
        return {run.id: _measured(model, cost)}


def _measured(model: Model, cost: Cost | None) -> int:
    return model.size_bytes if cost is None else cost.model_bytes


def _nothing(dataset: Dataset, registry: Registry, notes: Sequence[str]) -> str:
    """Why there is no run to choose from."""
    if not dataset.split_sizes.get("validation"):
        return f"{dataset.name} version {dataset.version} has no validation photos to choose by."
    versions = [one for one in registry.datasets() if one.name == dataset.name and one.id != dataset.id]
    elsewhere = sum(len(registry.runs(one.id, status=Status.FINISHED)) for one in versions)
    known = [f"{count(elsewhere, 'run')} of other versions cannot be used, since they were measured on other photos."]
    reasons = " ".join([*notes, *(known if elsewhere else [])])
    start = f"No finished run of {dataset.name} version {dataset.version} can be combined"
    return f"{start}: train some first. {reasons}".strip()


def _too_small(budget: CombinationBudget, runs: Iterable[CombinableRun]) -> str:
    """The smallest of all in what was limited."""
    parts = []
    if budget.most_ms is not None:
        quickest = min(runs, key=lambda run: inf if run.milliseconds is None else run.milliseconds)
        known = quickest.milliseconds is not None
        parts.append(
            f"the fastest, {quickest.name}, takes {milliseconds(quickest.milliseconds)} a photo and "
            f"{size(quickest.size_bytes)}" if known else "no run was timed"
        )  # fmt: skip
    if budget.most_mb is not None:
        smallest = min(runs, key=lambda run: run.size_bytes)
        parts.append(
            f"the smallest, {smallest.name}, has {size(smallest.size_bytes)} and takes "
            f"{milliseconds(smallest.milliseconds)} a photo"
        )
    return f"No run fits into {budget_words(budget)}: {', and '.join(parts)}. Allow more."


def budget_words(budget: CombinationBudget) -> str:
    """``12 ms and 20 MB``; "any time and size" without limits."""
    parts = [] if budget.most_ms is None else [milliseconds(budget.most_ms)]
    parts += [] if budget.most_mb is None else [size(budget.most_mb * 1e6)]
    return " and ".join(parts) or "any time and size"


def launched_run(offer: OfferedModel, dataset_id: str, registry: Registry) -> Run | None:
    """The finished run that combines these runs already, so that it was measured on the test photos."""
    if offer.cascade is None:
        return registry.run(offer.run_ids[0])
    cascades = (str(Pattern.CASCADE),)
    query = RunQuery(dataset_id=dataset_id, statuses=(Status.FINISHED,), patterns=cascades, archived=True)
    for run in registry.search(query)[0]:
        if run.recipe.cascade is offer.cascade and _same_members(run, offer):
            return run
    return None


def _same_members(run: Run, offer: OfferedModel) -> bool:
    if offer.cascade is Cascade.ENSEMBLE:
        return set(run.recipe.members) == set(offer.run_ids)
    return run.recipe.members == offer.run_ids
