"""A home with a random set of runs of one dataset, for tests that hold for any: repetitions, archived and unfinished
runs, runs without results per photo, equal accuracies."""

from dataclasses import replace

import numpy as np

from core.datasets.values import Dataset
from core.files.home import run_folder
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.metrics import evaluate
from core.runs.values import Status
from core.workbench import Workbench
from tests.factories import make_cost, make_dataset, make_model, make_photos, make_run

NAMES = ("daisy", "rose", "tulip")
BACKBONES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")


def fill_random(bench: Workbench, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    photos = make_photos(NAMES, per_class=int(rng.integers(40, 160)))
    dataset = make_dataset(photos, id=f"d-random{seed}", name=f"random {seed}", class_names=NAMES)
    bench.registry.add_dataset(dataset, photos)
    test = [photo for photo in photos if photo.split == "test"]
    digests = tuple(photo.digest for photo in test)
    labels = np.array([NAMES.index(photo.class_name) for photo in test])
    levels = rng.uniform(0.3, 0.98, 3)
    known: list[np.ndarray] = []
    number = 0
    for recipe_number in range(int(rng.integers(2, 8))):
        level = rng.choice(levels)
        for repetition in range(int(rng.integers(1, 4))):
            number += 1
            right = rng.uniform(size=len(labels)) < level
            if known and rng.uniform() < 0.3:  # as accurate as another one
                right = rng.permutation(known[int(rng.integers(len(known)))])
            known.append(right)
            _add(bench, dataset, rng, number, _recipe(recipe_number, repetition), right, digests, labels)
    return dataset


def _recipe(number: int, seed: int) -> Recipe:
    numbers = Hyperparameters(epochs=5 + number // len(BACKBONES), seed=seed)
    pattern = Pattern.INTEGRATED_EXTRACTOR
    return Recipe(backbone=BACKBONES[number % len(BACKBONES)], pattern=pattern, hyperparameters=numbers)


def _add(bench, dataset, rng, number, recipe, right, digests, labels) -> None:
    unique = f"{int(dataset.id.removeprefix('d-random')):02d}{number:06d}"
    registry, run = bench.registry, make_run(number, id=f"r-{unique}", dataset=dataset, recipe=recipe)
    if rng.uniform() < 0.1:
        registry.add_run(run)
        claimed = registry.claim("cpu", "test")
        registry.end(claimed.id, claimed.attempt, Status.FAILED, "It failed.")
        return
    predicted = np.where(right, labels, (labels + 1) % len(NAMES))
    probabilities = np.full((len(labels), len(NAMES)), 0.1)
    probabilities[np.arange(len(labels)), predicted] = 0.8
    evaluation = evaluate(probabilities, labels, NAMES, digests)
    if rng.uniform() < 0.15:
        evaluation = replace(evaluation, right=None)  # as in homes of early versions
    else:
        folder = run_folder(bench.settings, run.id).path
        folder.mkdir(parents=True)
        np.savez(folder / "test.npz", digests=digests, labels=labels, probabilities=probabilities)
    cost = make_cost(float(rng.choice([0.5, 1.0, 3.0, 10.0])))
    registry.add_finished(run, evaluation=evaluation, cost=cost, model=make_model(run, id=f"m-{unique}"))
    if rng.uniform() < 0.1:
        bench.archive([run.id])
