"""The runs to combine, and their predictions for the photos of both splits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import InvalidInput, NotFound
from core.registry import Registry
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Cost, Model, Run, Status
from core.settings import Settings

SPLITS = ("validation", "test")
"""Those with predictions."""


@dataclass(frozen=True, kw_only=True)
class CascadeMember:
    """One finished run that takes part; its predictions by split, with probabilities as float32."""

    run: Run
    model: Model
    cost: Cost
    predictions: dict[str, Predictions]


def members_of(run_ids: Sequence[str], dataset_id: str, registry: Registry, settings: Settings) -> list[CascadeMember]:
    """The runs in order, all of them finished on the same dataset, their predictions for the same photos.

    Raises:
        NotFound: there is no such run, or its predictions are missing.
        InvalidInput: one is not finished, of another dataset, without a model, or its predictions do not fit.
    """
    members = [_member(registry.run(run_id), dataset_id, registry, settings) for run_id in run_ids]
    first = members[0]
    return [_in_the_order_of(first, member) for member in members]


def _member(run: Run, dataset_id: str, registry: Registry, settings: Settings) -> CascadeMember:
    if run.status is not Status.FINISHED:
        raise InvalidInput(f"Only finished runs can be combined. Received: {run.id}, which is {run.status}")
    if run.dataset_id != dataset_id:
        theirs, ours = registry.dataset(run.dataset_id), registry.dataset(dataset_id)
        raise InvalidInput(
            f"Runs can be combined when they are of one dataset. Received: {run.id} of {theirs.name} version "
            f"{theirs.version}, beside runs of {ours.name} version {ours.version}"
        )
    try:
        model = registry.model(run.id)
    except NotFound:
        raise InvalidInput(
            f"The model of {run.name} ({run.id}) was deleted, so nothing can be built on it. Train it again."
        ) from None
    cost = registry.cost(run.id)
    assert cost is not None, "a finished run has a cost"
    predictions = {split: _read(run, split, settings) for split in SPLITS}
    return CascadeMember(run=run, model=model, cost=cost, predictions=predictions)


def _read(run: Run, split: str, settings: Settings) -> Predictions:
    found = read_predictions(run.id, split, settings)
    return replace(found, probabilities=found.probabilities.astype(np.float32))  # what the inference graph computes


def _in_the_order_of(first: CascadeMember, member: CascadeMember) -> CascadeMember:
    """The same predictions, with the photos in the order of the first member's."""
    predictions = {split: _ordered(first.predictions[split], member.predictions[split], member.run) for split in SPLITS}
    return replace(member, predictions=predictions)


def _ordered(first: Predictions, own: Predictions, run: Run) -> Predictions:
    row = {digest: number for number, digest in enumerate(own.digests)}
    if row.keys() != set(first.digests) or own.probabilities.shape != first.probabilities.shape:
        raise InvalidInput(f"The predictions of {run.name} ({run.id}) are for other photos or classes. Train it again.")
    return own.rows(np.array([row[digest] for digest in first.digests]))
