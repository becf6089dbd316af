"""Fine-tuning against a new head, on photos near and far from ImageNet: ``python -m tests.bench.bench_domains``.

The photos as they are, grey, blurred, and with rotated colour channels, each in K folds by class: every photo is a test
photo once, a fifth of the rest is for validation. In each fold *Fine-tuning* and *Feature extraction* are trained with
their defaults, as a person gets them; the test is McNemar's over all photos of a domain, with Holm's correction for the
domains. Fine-tuning must never be significantly worse. The figures are in docs/decisions/0013-fine-tuning.md.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from PIL import Image, ImageFilter

from core import jobs
from core.comparison.statistics import SIGNIFICANCE, holm, mcnemar, paired_interval
from core.datasets import DEMO_ARCHIVE
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.settings import Settings
from core.workbench import Workbench
from tests.bench.homes import ended
from tests.bench.measuring import BACKBONE
from tests.choices import launch

BLUR = 4
"""Radius in pixels."""

VALIDATION = 5
"""One of so many photos that are no test photos is for validation."""

DOMAINS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda photo: photo,
    "grey": lambda photo: photo.convert("L").convert("RGB"),
    "blurred": lambda photo: photo.filter(ImageFilter.GaussianBlur(BLUR)),
    "colours rotated": lambda photo: Image.merge("RGB", [photo.getchannel(one) for one in "GBR"]),
}
PATTERNS = (Pattern.FINE_TUNING, Pattern.INTEGRATED_EXTRACTOR)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_domains", description=__doc__)
    parser.add_argument("--photos", type=Path, default=DEMO_ARCHIVE, help="an archive with a folder for each class")
    parser.add_argument("--per-class", type=int, default=10**6, help="photos of a class at most")
    parser.add_argument("--backbone", default=BACKBONE)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--domains", nargs="+", choices=list(DOMAINS), default=list(DOMAINS))
    options = parser.parse_args()
    photos = photos_by_class(options.photos, options.per_class)
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench.open(Settings(home=Path(folder) / "home"))
        found = {}
        for domain in options.domains:
            archives = folds_of(photos, DOMAINS[domain], options.folds, Path(folder) / domain)
            found[domain] = np.concatenate([right_of(bench, archive, options.backbone) for archive in archives], axis=1)
            tuned, head = found[domain].mean(axis=1)
            print(f"{domain}: {found[domain].shape[1]} photos, fine-tuning {tuned:.3f}, head {head:.3f}", flush=True)
        jobs.stop_supervisor(bench.settings)
    sys.exit(0 if report(found) else 1)


def photos_by_class(archive: Path, most: int) -> dict[str, list[bytes]]:
    """The first photos of every class, from all splits."""
    found: dict[str, list[bytes]] = {}
    with ZipFile(archive) as file:
        for name in sorted(file.namelist()):
            if name.lower().endswith((".jpg", ".jpeg")) and len(found.setdefault(name.split("/")[-2], [])) < most:
                found[name.split("/")[-2]].append(file.read(name))
    return found


def folds_of(
    photos: dict[str, list[bytes]], change: Callable[[Image.Image], Image.Image], folds: int, folder: Path
) -> list[Path]:
    """An archive with a given split for each fold."""
    folder.mkdir()
    archives = [folder / f"fold-{fold}.zip" for fold in range(folds)]
    files = [ZipFile(archive, "w") for archive in archives]
    for name, some in photos.items():
        order = np.random.default_rng(0).permutation(len(some))
        for place, index in enumerate(order):
            jpeg = BytesIO()
            change(Image.open(BytesIO(some[index])).convert("RGB")).save(jpeg, "JPEG", quality=95)
            for fold, file in enumerate(files):
                file.writestr(f"{split_of(place, fold, folds)}/{name}/{index:04}.jpg", jpeg.getvalue())
    for file in files:
        file.close()
    return archives


def split_of(place: int, fold: int, folds: int) -> str:
    """Of the photo at a place of the random order of its class."""
    if place % folds == fold:
        return "test"
    return "validation" if place // folds % VALIDATION == fold % VALIDATION else "train"


def right_of(bench: Workbench, archive: Path, backbone: str) -> np.ndarray:
    """(patterns, test photos) of bool: whether a fold's photos are predicted correctly."""
    dataset, *_ = bench.import_photos(archive, f"{archive.parent.name} {archive.stem}")
    recipes = [
        Recipe(backbone=backbone, pattern=pattern, hyperparameters=bench.defaults(dataset.id, pattern, backbone))
        for pattern in PATTERNS
    ]
    runs = ended(bench, [run.id for _, run in launch(bench, dataset.id, recipes)])
    predicted = {run.recipe.pattern: read_predictions(run.id, "test", bench.settings) for run in runs}
    return np.stack([predicted[pattern].correct for pattern in PATTERNS])


def report(found: dict[str, np.ndarray]) -> bool:
    """Prints every domain; whether fine-tuning is nowhere significantly worse."""
    counts = []
    for tuned, head in found.values():
        counts.append((len(tuned), int((tuned & ~head).sum()), int((head & ~tuned).sum())))
    adjusted = holm([mcnemar(better, worse) for _, better, worse in counts])
    worse_somewhere = False
    for (domain, both), (n, better, worse), p in zip(found.items(), counts, adjusted, strict=True):
        low, high = paired_interval(n, better, worse)
        tuned, head = both.mean(axis=1)
        print(
            f"| {domain} | {n} | {head:.3f} | {tuned:.3f} | {100 * (tuned - head):+.1f} ({100 * low:+.1f} to "
            f"{100 * high:+.1f}) | {p:.2f} |"
        )
        worse_somewhere |= p < SIGNIFICANCE and tuned < head
    print(f"fine-tuning is significantly worse somewhere: {'YES' if worse_somewhere else 'no'}")
    return not worse_somewhere


if __name__ == "__main__":
    main()
