"""A home with a finished run of every pattern, for page tests and screenshots."""

import hashlib
import json
import time
from pathlib import Path

import numpy as np

from core.backbones import get
from core.backbones.saved import row_for_card
from core.files.home import run_folder
from core.models.lineage import run_name
from core.recipes.hyperparameters import Hyperparameters, Schedule, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe, fingerprint
from core.runs.metrics import evaluate
from core.runs.values import Evaluation, Model, Run, Status
from core.workbench import Workbench
from tests.factories import Filled, fill, make_cost, make_epochs, make_model, make_probabilities

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


def fill_patterns(bench: Workbench, *, newer: bool = False) -> dict[str, Run]:
    """A finished run of every pattern by a short name, on the dataset of ``fill`` (with its six runs).

    ``newer``: of those that came with 0.7 as well.

    Some have stars and tags, "from scratch" is archived, and "all layers" is champion after "features".
    """
    home = _Home(bench, fill(bench.registry, bench.settings))
    for depth in range(1, 6):
        numbers = Hyperparameters(epochs=8, head_epochs=3, depth=depth, schedule=Schedule.COSINE, seed=3)
        recipe = Recipe(backbone=LITE0, pattern=Pattern.FINE_TUNING, hyperparameters=numbers)
        home.add(f"top {depth}", recipe, right=0.84 + 0.02 * min(depth, 3), scale=1 + depth, epochs=8)
    numbers = Hyperparameters(solver=Solver.LOGISTIC_REGRESSION)
    classic = Recipe(backbone=LITE1, pattern=Pattern.STANDALONE_EXTRACTOR, hyperparameters=numbers)
    home.add("features", classic, right=0.9, choice=TRIED)
    home.add("as it is", Recipe(backbone=LITE0, pattern=Pattern.CLASSIFIER), right=0.5, choice=MAPPING)
    whole = Hyperparameters(epochs=5, views=5, schedule=Schedule.COSINE)
    for name, pattern in (("all layers", Pattern.WEIGHT_INITIALIZATION), ("from scratch", Pattern.FROM_SCRATCH)):
        right = 0.6 if name == "from scratch" else 0.93
        recipe = Recipe(backbone=LITE0, pattern=pattern, hyperparameters=whole)
        home.add(name, recipe, right=right, scale=30, epochs=5, tags=("slow",), archived=name == "from scratch")
    fusion = Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(LITE1,))
    home.add("fusion", fusion, right=0.92, scale=2, epochs=30, starred=True, tags=("to show", "two backbones"))
    for name, kind, choice in (("confidence", Cascade.CONFIDENCE, CURVE), ("ensemble", Cascade.ENSEMBLE, {})):
        members = (home.runs["features"].id, home.runs["top 3"].id)
        recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=kind, members=members)
        home.add(name, recipe, right=0.92, scale=0.01, choice=choice)
    home.add("on top", Recipe(backbone=home.runs["top 3"].id), right=0.88, epochs=30)
    home.add("again", home.runs["top 3"].recipe, right=0.9, epochs=8, reproduces=home.runs["top 3"].id)
    if newer:
        _add_newer(home)
    for name, why in (("features", "The first that was good enough."), ("all layers", "More accurate.")):
        bench.set_alias(home.runs[name].id, why=why, who="Ada")
    return {name: bench.registry.run(run.id) for name, run in home.runs.items()}


def _add_newer(home: "_Home") -> None:
    efficient = Recipe(backbone=LITE0, pattern=Pattern.PARAMETER_EFFICIENT, hyperparameters=Hyperparameters(depth=2))
    home.add("lora", efficient, right=0.9, epochs=8)
    home.add("probe", Recipe(backbone=LITE0, pattern=Pattern.MULTI_LAYER_PROBE), right=0.9, choice=TRIED)
    teacher = (home.runs["ensemble"].id,)
    home.add("distilled", Recipe(backbone=LITE0, pattern=Pattern.DISTILLATION, members=teacher), right=0.9, epochs=8)
    small = Recipe(backbone="", pattern=Pattern.QUANTIZATION, members=(home.runs["features"].id,))
    home.add("int8", small, right=0.89, choice={"precision": "int8", "calibration_photos": 56})


MAPPING: dict = {
    "mapping": [{"synset": "n11939491", "name": "daisy", "class": "daisy", "because": "the same"}],
    "unmapped": ["rose", "sunflower", "tulip"],
}
CURVE: dict = {
    "threshold": 0.74,
    "by": "highest validation accuracy, then fewest photos passed on",
    "curve": [
        {"threshold": threshold, "accuracy": accuracy, "passed_on": passed_on, "milliseconds": 8 + 20 * passed_on}
        for threshold, accuracy, passed_on in (
            (0.0, 0.83, 0.0), (0.6, 0.88, 0.08), (0.74, 0.93, 0.21), (0.9, 0.93, 0.5), (1.01, 0.92, 1.0),
        )
    ],
}  # fmt: skip
TRIED: dict = {
    "chosen": {"C": 1.0},
    "by": "loss",
    "tried": [{"C": 0.1, "accuracy": 0.88, "loss": 0.4}, {"C": 1.0, "accuracy": 0.92, "loss": 0.3}],
}


class _Home:
    """Adds finished runs, through the registry, with the files that pages read."""

    def __init__(self, bench: Workbench, filled: Filled):
        self.bench = bench
        self.dataset = filled.dataset
        self.photos = bench.registry.photos(filled.dataset.id)
        self.runs: dict[str, Run] = {}

    def add(self, name: str, recipe: Recipe, *, right: float, scale=1.0, epochs=0, choice=None, **changes) -> None:
        registry, settings = self.bench.registry, self.bench.settings
        digest = hashlib.sha256(name.encode()).hexdigest()
        run = Run(
            id=f"r-{digest[:8]}",
            dataset_id=self.dataset.id,
            recipe=recipe,
            fingerprint=fingerprint(recipe, dataset_digest=self.dataset.digest, weights_digest="factory"),
            name=run_name(recipe, registry),
            status=Status.SCHEDULED,
            created_at=time.time() - 100,
            **changes,
        )
        run = self._run_through(registry.add_run(run), epochs)
        labels, digests = self._test_photos()
        probabilities = make_probabilities(labels, len(self.dataset.class_names), right=right, seed=len(self.runs))
        evaluation = evaluate(probabilities, labels, self.dataset.class_names, digests)
        folder = run_folder(settings, run.id).path
        (folder / "model").mkdir(parents=True)
        np.savez(folder / "test.npz", digests=digests, labels=labels, probabilities=probabilities)
        model = self._model(run, folder / "model", choice or {}, evaluation)
        cost = make_cost(scale, ms_per_photo=8.0 - 0.4 * recipe.hyperparameters.depth)
        best = max(1, epochs - 2) if epochs else None
        registry.finish(run.id, run.attempt, evaluation=evaluation, cost=cost, model=model, best_epoch=best)
        self.runs[name] = registry.run(run.id)

    def _run_through(self, run: Run, epochs: int) -> Run:
        registry = self.bench.registry
        first = registry.queue()[0]
        if first.id != run.id:
            registry.move(run.id, before=first.id)
        run = registry.claim("cpu", "factory")
        for epoch in make_epochs(epochs):
            registry.record_epoch(run.id, run.attempt, epoch)
        return run

    def _test_photos(self) -> tuple[np.ndarray, np.ndarray]:
        names = self.dataset.class_names
        photos = sorted((p for p in self.photos if p.split == "test"), key=lambda p: (p.class_name, p.digest))
        labels = np.array([names.index(photo.class_name) for photo in photos], np.int64)
        return labels, np.array([photo.digest for photo in photos])

    def _model(self, run: Run, folder: Path, choice: dict, evaluation: Evaluation) -> Model:
        """One file for a single network, else a card that refers to others."""
        single = run.recipe.backbones != ()
        card = {"run": run.id, "choice": choice, "engines": [], "recipe": run.recipe.to_dict()}
        if single and run.recipe.backbone in (LITE0, LITE1):
            row = row_for_card(get(run.recipe.backbone), parameters=3_400_000, multiply_adds=400_000_000)
            name = run.recipe.backbone
            card |= {
                "backbone": {"name": name, "row": row},
                "title": run.name,
                "model": {"sha256": "5" * 64, "bytes": 4000},
            }
        if single:
            (folder / "model.keras").write_bytes(b"stand-in" * 500)
        (folder / "card.json").write_text(json.dumps(card))
        path = folder / ("model.keras" if single else "card.json")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        relative = str(path.relative_to(self.bench.settings.home))
        return make_model(run, path=relative, sha256=sha256, size_bytes=path.stat().st_size, card=card)
