"""Evaluates a combination of runs and saves it as a finished run, whose model has all its files in its own folder."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from core.artifacts.parts import publish_run, quietly
from core.datasets.values import Dataset
from core.files import atomic
from core.files.folders import RunFolder
from core.files.here import model_here
from core.files.home import run_folder
from core.models.card import card_of, model_of, write_card
from core.models.cascades import costs
from core.models.cascades.members import CascadeMember, members_of
from core.models.cascades.strategies import STRATEGIES, Combination
from core.models.inference.model_files import adopt
from core.models.inference.nodes import Node
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.costs import spent_now
from core.runs.metrics import evaluate
from core.runs.values import Evaluation, Run
from core.settings import Settings

PACKAGES = ("ai-edge-litert", "numpy", "pillow")


def combine(recipe: Recipe, run: Run, registry: Registry, settings: Settings) -> None:
    """Combines the members of an ensemble or confidence cascade now; afterwards ``run`` is in the registry, FINISHED.

    Args:
        run: not yet in the registry, with an id of its own.

    Raises:
        NotFound, InvalidInput: a member is missing, not finished, of another dataset, or its predictions are missing.
        Unavailable: a member's model is missing or damaged. Conflict: the run is there already.
    """
    begin = spent_now()
    dataset = registry.dataset(run.dataset_id)
    members = members_of(recipe.members, dataset.id, registry, settings)
    assert recipe.cascade is not None
    combination = STRATEGIES[recipe.cascade](members)
    folder = run_folder(settings, run.id)
    folder.path.mkdir(parents=True)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder.path, ignore_errors=True)
        evaluations = _evaluate(combination, members, dataset, folder)
        folder.model.mkdir()
        node = _collect(combination, members, folder.model, settings)
        jpegs = costs.photos_of(dataset, registry, settings)
        times = costs.milliseconds(node, combination, members, folder.model, jpegs)
        cost = costs.cost_of(combination, members, times, folder.model, begin)
        own: dict = {"backbone": None, "backbones": [], "choice": costs.priced(combination.choice, times)}
        card = card_of(run, dataset, evaluations, cost) | own
        card = write_card(folder.model, card, node, model=None, packages=PACKAGES)
        model = model_of(run, card, folder.card, settings.home)
        atomic.sync(*folder.model.iterdir(), folder.model, folder.path)
        registry.add_finished(run, evaluation=evaluations["test"], cost=cost, model=model)
        undo.pop_all()
    quietly(lambda: publish_run(settings, registry, registry.run(run.id)))


def _evaluate(
    combination: Combination, members: Sequence[CascadeMember], dataset: Dataset, folder: RunFolder
) -> dict[str, Evaluation]:
    """Writes the combined predictions of both splits, and scores them."""
    evaluations = {}
    for split, rows in combination.probabilities.items():
        known = replace(members[0].predictions[split], run_id=folder.run_id, probabilities=rows)
        known.write(folder.predictions(split))
        evaluations[split] = evaluate(rows, known.labels, dataset.class_names, known.digests)
    return evaluations


def _collect(
    combination: Combination, members: Sequence[CascadeMember], folder: Path, settings: Settings
) -> Node | None:
    """Links the members' files into ``folder``; None when one of them needs Keras."""
    if any(member.model.card.get("answer") is None for member in members):
        return None
    return combination.node([adopt(model_here(settings, member.run.id), folder) for member in members])
