"""How good a shortlist is: ``python -m tests.bench.bench_shortlist [HOME]``.

Sub-samples of a dataset (the clothing photos where they are there, else the demo photos) are datasets of their own:
some training and some validation photos of each class. For each the shortlist is made by ``core.advising``, and every
recipe of its grid (backbones x input sizes x cuts) is probed with all of the sub-sample's training photos. All are
measured on the photos that are not in the sub-sample, test photos included, which the shortlist has not seen. Printed:

* regret: accuracy of the best recipe of the grid minus that of the best of those named, in points; beside it that of
  the two controls (highest published accuracy, most parameters) and of three recipes drawn at random;
* share: CPU seconds of the shortlist's passes and probes, of those of the whole grid of probes (all photos of the
  sub-sample, all recipes), with and without the export of each network, which both need once; and wall seconds of the
  shortlist (its passes at the measured CPU seconds on all cores), of Graft's estimate of training the grid: every
  candidate, a new head for each and fine-tuning of the top two blocks for each backbone and size.

With HOME the features are kept there; else they are computed in a temporary home (20 minutes on two cores).
"""

import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.bench.homes import CLOTHING, open_home, part_of, photos_for_benches
from tests.bench.measuring import BACKBONE

SIZES = ((20, 10), (40, 15), (80, 25))
"""Training and validation photos of each class."""
SEEDS = range(10)
MOST_PER_CLASS = 120
"""Training photos of each class in the home: enough to sub-sample, and a fifth of the time."""


def main(home: str | None = None) -> None:
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            main(folder)
        return
    bench, dataset = opened(Path(home))
    grid = Grid.of(bench, dataset)
    print(
        f"{dataset.name}: {dataset.photo_count} photos, {len(grid.contenders)} backbones at an input size, {BACKBONE}"
    )
    rows = []
    for per_class, validation in SIZES:
        for seed in SEEDS:
            rows.append(measured(bench, dataset, grid, per_class, validation, seed))
            print(f"{per_class} + {validation} photos of a class, seed {seed}: {rows[-1]}", flush=True)
        summarise(f"{per_class} + {validation} photos of a class", rows[-len(SEEDS) :])
    summarise("all", rows)


def opened(home: Path):
    """A home with the dataset, and its features at all cuts of the grid."""
    from core.settings import Settings
    from core.workbench import Workbench

    photos = photos_for_benches()
    if (home / "datasets").exists():
        bench = Workbench.open(Settings(home=home))
    else:
        home.mkdir(parents=True, exist_ok=True)
        archive = home / "part.zip"
        source = part_of(Path(photos), archive, MOST_PER_CLASS) if photos == CLOTHING else photos
        bench = open_home(home, source)
    return bench, bench.registry.datasets()[-1]


@dataclass(frozen=True)
class Grid:
    """Features of every photo at every cut, with what they cost.

    Args:
        rows: (contender, cut) -> digest -> features. photos: of all splits.
        seconds: CPU seconds of a photo's pass, by contender. exports: CPU seconds, by contender.
    """

    contenders: tuple
    photos: tuple
    rows: dict
    seconds: dict
    exports: dict

    @classmethod
    def of(cls, bench, dataset) -> "Grid":
        from core.advising.candidates import contenders_of
        from core.datasets.values import SPLITS
        from core.features.compute import features_of
        from core.features.engines import engine_path
        from core.features.store import key_of, stored_cost

        contenders = tuple(contenders_of(dataset, bench.registry, bench.settings))
        by_split = {split: bench.registry.photos(dataset.id, split=split) for split in SPLITS}
        rows: dict = {}
        seconds, exports = {}, {}
        for one in contenders:
            shared = {"dataset": dataset, "backbone": one.backbone, "settings": bench.settings}
            for photos in by_split.values():
                features_of(photos, cut="+".join(one.cuts), **shared)
                for cut in one.cuts:
                    array = features_of(photos, cut=cut, **shared).array
                    rows.setdefault((one, cut), {}).update(
                        {photo.digest: row for photo, row in zip(photos, np.array(array), strict=True)}
                    )
            cost = stored_cost(key_of(dataset, one.backbone, "train"), bench.settings)
            seconds[one] = cost.cpu_seconds / len(by_split["train"])
            notes = engine_path(one.backbone, bench.settings, "+".join(one.cuts)).with_suffix(".json")
            exports[one] = json.loads(notes.read_text())["cost"]["cpu_seconds"]
            print(f"{one.backbone.title} {one.backbone.input_size} px: {1000 * seconds[one]:.0f} ms of CPU a photo")
        return cls(contenders, tuple(photo for own in by_split.values() for photo in own), rows, seconds, exports)


class RowsOf:
    """An engine whose outputs are in memory already: of a contender at joined cuts, by the photo's stored JPEG."""

    name, batch, workers = "rows", 64, 1

    def __init__(self, grid: Grid, contender, cut: str, digests: dict[str, str]) -> None:
        self._grid, self._contender, self._cuts, self._digests = grid, contender, cut.split("+"), digests

    def __call__(self, views) -> np.ndarray:
        digests = [self._digests[hashlib.sha256(view.jpeg).hexdigest()] for view in views]
        parts = [[self._grid.rows[self._contender, cut][digest] for digest in digests] for cut in self._cuts]
        return np.concatenate([np.array(part, np.float32) for part in parts], axis=1)


class PartOfRegistry:
    """A registry that has some photos of a dataset only."""

    def __init__(self, registry, photos: Sequence) -> None:
        self._registry, self._photos = registry, photos

    def photos(self, _dataset_id: str, *, split: str) -> list:
        return [photo for photo in self._photos if photo.split == split]

    def __getattr__(self, name: str):
        return getattr(self._registry, name)


@dataclass(frozen=True)
class Measured:
    """Of one sub-sample: regrets in points, shares 0..1."""

    regret: float
    published: float
    parameters: float
    drawn: float
    share: float
    with_exports: float
    of_runs: float
    too_few: bool
    seconds: float

    def __str__(self) -> str:
        return (
            f"regret {self.regret:.2f} points (published {self.published:.2f}, parameters {self.parameters:.2f}, "
            f"random {self.drawn:.2f}), share {self.share:.0%} ({self.with_exports:.0%} with exports, "
            f"{self.of_runs:.0%} of the estimated training), "
            f"{'too few to tell' if self.too_few else 'told'}, {self.seconds:.0f} s"
        )


def measured(bench, dataset, grid: Grid, per_class: int, validation: int, seed: int) -> Measured:
    from core.advising.shortlisting import Shortlisting
    from core.advising.values import ShortlistQuestion
    from core.planning.speed import cores

    part = sub_sample(grid.photos, per_class, validation, seed)
    inside = {photo.digest for photo in part}
    held_out = [photo for photo in grid.photos if photo.digest not in inside]
    digests = {
        hashlib.sha256(bench.photo_path(dataset.id, photo.digest).read_bytes()).hexdigest(): photo.digest
        for photo in part
    }
    photos_of: dict = {}

    def engine(contender, cut: str) -> RowsOf:
        made = RowsOf(grid, contender, cut, digests)
        photos_of[contender] = made
        return made

    shortlisting = Shortlisting(
        replace(dataset, digest=f"{dataset.digest}-{per_class}-{seed}"),
        registry=PartOfRegistry(bench.registry, part),
        settings=bench.settings,
        report=lambda *_: None,
        contenders=grid.contenders,
        engine=engine,
    )
    begin, cpu = time.perf_counter(), time.process_time()
    found = shortlisting.make(ShortlistQuestion())
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    begin_grid = time.process_time()
    accuracy = dict(accuracies(grid, dataset, part, held_out))
    probing = time.process_time() - begin_grid
    computed = {one: features.computed for one, features in shortlisting._features.items()}
    passes = sum(grid.seconds[one] * photos for one, photos in computed.items())
    whole = sum(grid.seconds[one] * len(part) for one in grid.contenders)
    exports = sum(grid.exports.values())
    training = training_seconds(bench, dataset, grid, part)
    best = max(accuracy.values())
    drawn = np.random.default_rng(seed).permutation(list(accuracy.values()))[: len(found.named)]
    return Measured(
        regret=100 * (best - max(accuracy[one.key] for one in found.named)),
        published=100 * (best - max(accuracy[key] for key in found.by_published)),
        parameters=100 * (best - max(accuracy[key] for key in found.by_parameters)),
        drawn=100 * (best - float(drawn.max())),
        share=(passes + cpu) / (whole + probing),
        with_exports=(passes + cpu + exports) / (whole + probing + exports),
        of_runs=((passes + cpu + exports) / cores()) / training,
        too_few=found.too_few,
        seconds=seconds,
    )


def training_seconds(bench, dataset, grid: Grid, part: Sequence) -> float:
    """Estimated, on one slot, of all runs of the grid on a sub-sample of which nothing is stored."""
    from core.planning.plan import Planner
    from core.recipes.defaults import usual_for
    from core.recipes.patterns import Pattern
    from core.recipes.recipe import Recipe

    counts: dict[str, dict[str, int]] = {split: dict.fromkeys(dataset.class_names, 0) for split in dataset.counts}
    for photo in part:
        counts[photo.split][photo.class_name] += 1
    small = replace(dataset, id="d-part", digest=f"{dataset.digest}-part", counts=counts)
    recipes = [entrant.recipe for one in grid.contenders for entrant in one.entrants]
    for one in grid.contenders:
        size = one.entrants[0].recipe.hyperparameters.input_size
        for pattern in (Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING):
            hp = replace(usual_for(small, pattern, one.backbone), input_size=size)
            recipes.append(Recipe(backbone=one.backbone.name, pattern=pattern, hyperparameters=hp))
    return Planner(small, bench.registry, bench.settings).grid(recipes, slots=1).seconds


def sub_sample(photos: Sequence, per_class: int, validation: int, seed: int) -> list:
    """Some photos of the splits train and validation of each class; test photos are in none."""
    generator = np.random.default_rng(seed)
    found = []
    for split, many in (("train", per_class), ("validation", validation)):
        classes: dict[str, list] = {}
        for photo in photos:
            if photo.split == split:
                classes.setdefault(photo.class_name, []).append(photo)
        for own in classes.values():
            chosen = generator.permutation(len(own))[:many]
            found += [own[index] for index in chosen.tolist()]
    return found


def accuracies(grid: Grid, dataset, part: Sequence, held_out: Sequence) -> Iterator[tuple[tuple, float]]:
    """Of every recipe of the grid: a probe fitted on all training photos of the sub-sample, on the photos outside."""
    from core.advising.probes import ProbeData, right_by_probe

    number = {name: label for label, name in enumerate(dataset.class_names)}
    train = [photo for photo in part if photo.split == "train"]
    for one in grid.contenders:
        for entrant in one.entrants:
            rows = [grid.rows[one, cut] for cut in entrant.cuts]
            data = ProbeData(
                train=tuple(np.array([own[photo.digest] for photo in train]) for own in rows),
                labels=np.array([number[photo.class_name] for photo in train]),
                validation=tuple(np.array([own[photo.digest] for photo in held_out]) for own in rows),
                validation_labels=np.array([number[photo.class_name] for photo in held_out]),
                classes=len(number),
            )
            recipe = entrant.recipe
            hp = recipe.hyperparameters
            yield (
                (recipe.backbone, str(recipe.pattern), hp.input_size, hp.depth),
                float(right_by_probe(data).mean()),
            )


def summarise(title: str, rows: Sequence[Measured]) -> None:
    print(f"== {title}, {len(rows)} sub-samples")
    for name in ("regret", "published", "parameters", "drawn"):
        found = np.array([getattr(one, name) for one in rows])
        print(
            f"   {name}: at most 0.5 points in {np.mean(found <= 0.5):.0%}, median {np.median(found):.2f}, 90 % at "
            f"most {np.quantile(found, 0.9):.2f}"
        )
    shares = [np.median([getattr(one, name) for one in rows]) for name in ("share", "with_exports", "of_runs")]
    told = np.mean([one.too_few for one in rows])
    print(
        f"   share {shares[0]:.0%} ({shares[1]:.0%} with exports, {shares[2]:.0%} of the estimated "
        f"training), too few to tell {told:.0%}",
        flush=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
