"""Evaluates runs that answer together and leaves a finished run whose model needs none of the others' folders."""

import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from core.datasets.values import Dataset
from core.files import atomic
from core.files.atomic import digest_of
from core.files.home import CARD, RunFolder, run_folder
from core.models.cascades import costs
from core.models.cascades.members import CascadeMember, members_of
from core.models.cascades.strategies import STRATEGIES, Combination
from core.models.inference.model_files import adopt, engines_of
from core.models.inference.nodes import Node, to_dict
from core.models.lineage import parents_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.costs import spent_now
from core.runs.metrics import evaluate
from core.runs.predictions import Answers
from core.runs.values import Cost, Evaluation, Model, Run
from core.settings import Settings

PACKAGES = ("ai-edge-litert", "numpy", "pillow")


def combine(recipe: Recipe, run: Run, registry: Registry, settings: Settings) -> None:
    """Does at once what an ensemble's or a confidence cascade's recipe says; ``run`` is in the registry afterwards,
    FINISHED.

    Args:
        run: not yet in the registry, with an id of its own.

    Raises:
        NotFound, InvalidInput: a member is missing, not finished, of another dataset, or its answers are gone.
        Unavailable: a member's model is gone or damaged. Conflict: the run is there already.
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
        card = _card(run, dataset, evaluations, cost) | {"choice": costs.priced(combination.choice, times)}
        model = _write_model(run, card, node, folder.model, settings)
        atomic.sync(*folder.model.iterdir(), folder.model, folder.path)
        registry.add_finished(run, evaluation=evaluations["test"], cost=cost, model=model)
        undo.pop_all()


def _evaluate(
    combination: Combination, members: Sequence[CascadeMember], dataset: Dataset, folder: RunFolder
) -> dict[str, Evaluation]:
    """Writes what all say together about both splits, and scores it."""
    evaluations = {}
    for split, rows in combination.probabilities.items():
        known = members[0].predictions[split]
        predictions = Answers(known.digests, known.labels, rows)
        predictions.write(folder.predictions(split))
        evaluations[split] = evaluate(rows, known.labels, dataset.class_names, known.digests)
    return evaluations


def _collect(
    combination: Combination, members: Sequence[CascadeMember], folder: Path, settings: Settings
) -> Node | None:
    """Links the members' files into ``folder``; None when one of them only answers inside Keras."""
    if any(member.model.card.get("answer") is None for member in members):
        return None
    return combination.node([adopt(run_folder(settings, member.run.id).model, folder) for member in members])


def _card(run: Run, dataset: Dataset, evaluations: Mapping[str, Evaluation], cost: Cost) -> dict:
    test, validation = evaluations["test"], evaluations["validation"]
    return {
        "title": run.name,
        "run": run.id,
        "parents": list(parents_of(run.recipe)),
        "dataset": {"id": dataset.id, "name": dataset.name, "version": dataset.version, "digest": dataset.digest},
        "class_names": list(dataset.class_names),
        "backbone": None,
        "backbones": [],
        "recipe": run.recipe.to_dict(),
        "fingerprint": run.fingerprint,
        "validation": {"accuracy": validation.accuracy, "loss": validation.loss},
        "accuracy": test.accuracy,
        "ci95": list(test.ci95),
        "n": test.n,
        "cost": asdict(cost),
    }


def _write_model(run: Run, card: dict, node: Node | None, folder: Path, settings: Settings) -> Model:
    """The card, which stands for the model: there is no ``model.keras``."""
    now = time.time()
    card = card | {
        "answer": None if node is None else to_dict(node),
        "engines": [] if node is None else engines_of(folder, node),
        "model": None,
        "versions": {package: version(package) for package in PACKAGES},
        "created_at": now,
    }
    path = folder / CARD
    path.write_text(json.dumps(card, indent=1))
    return Model(
        id=f"m-{secrets.token_hex(4)}",
        run_id=run.id,
        dataset_id=run.dataset_id,
        path=str(path.relative_to(settings.home)),
        sha256=digest_of(path),
        size_bytes=path.stat().st_size,
        card=card,
        created_at=now,
    )
