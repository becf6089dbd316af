"""What a check of a dataset finds: ``python -m tests.bench.bench_curation [ARCHIVE ...]``.

For each archive of photos (default: the demo and the clothing photos): 5 % of the labels flipped to another class
(recall and precision of the likely label errors; photos whose own label is wrong count as false), and near-copies
planted beside at most 500 of the photos (JPEG quality 50, 90 % crop at a random place, mirrored, 20 % brighter):
recall, and the share of untouched photos in a group. Seconds are those of a check with stored features. The limits in
``core.curation`` were tuned on these two archives; others judge better.
"""

import io
import random
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from tests.bench.homes import CLOTHING, open_home

PLANTED = 500
KINDS = ("JPEG quality 50", "90 % crop", "mirrored", "20 % brighter")
FLIPPED = 0.05
SEEDS = (0, 1, 2)


def main(*archives: str) -> None:
    from core.datasets import DEMO_ARCHIVE

    usual = [str(DEMO_ARCHIVE), *([str(CLOTHING)] if CLOTHING.exists() else [])]
    for archive in archives or usual:
        print(f"== {archive}")
        with tempfile.TemporaryDirectory() as home:
            bench = open_home(home, archive)
            (clean,) = bench.registry.datasets()
            folder = Path(home) / "planted"
            plant(archive, folder)
            planted, _ = bench.import_photos(folder, "planted")
            label_errors(bench, clean)
            near_copies(bench, planted)


def plant(archive: str, folder: Path) -> None:
    """Unpacks the photos of a ZIP, with near-copies named ``planted-<kind>-<name>`` beside some of them."""
    generator = random.Random(0)
    with zipfile.ZipFile(archive) as packed:
        names = sorted(name for name in packed.namelist() if name.lower().endswith((".jpg", ".jpeg", ".png")))
        chosen = set(generator.sample(names, min(PLANTED, len(names) // 4)))
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(packed.read(name))
        for number, name in enumerate(sorted(chosen)):
            kind = number % len(KINDS)
            place = PurePosixPath(name)
            target = folder / place.parent / f"planted-{kind}-{place.stem}.jpg"
            target.write_bytes(copy_of(packed.read(name), kind, generator))


def copy_of(data: bytes, kind: int, generator: random.Random) -> bytes:
    """JPEG bytes of a near-copy of one of ``KINDS``."""
    from PIL import Image, ImageEnhance, ImageOps

    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    if kind == 1:
        width, height = (round(0.9 * side) for side in image.size)
        left, top = generator.randrange(image.width - width + 1), generator.randrange(image.height - height + 1)
        image = image.crop((left, top, left + width, top + height))
    elif kind == 2:
        image = ImageOps.mirror(image)
    elif kind == 3:
        image = ImageEnhance.Brightness(image).enhance(1.2)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90 if kind else 50)
    return buffer.getvalue()


def label_errors(bench, dataset) -> None:
    """Recall and precision with flipped labels; the features do not change with them."""
    from core.curation.checking import find
    from core.curation.pictures import read_pictures

    inputs = _features(bench, dataset)
    pictures = read_pictures([bench.photo_path(dataset.id, photo.digest) for photo in inputs.photos])
    for seed in SEEDS:
        generator = np.random.default_rng(seed)
        wrong = set(generator.choice(len(inputs.photos), round(FLIPPED * len(inputs.photos)), replace=False).tolist())
        photos = tuple(
            replace(photo, class_name=_other(photo.class_name, dataset.class_names, generator))
            if number in wrong
            else photo
            for number, photo in enumerate(inputs.photos)
        )
        found = find(dataset, replace(inputs, photos=photos), pictures, _quiet)
        digests = {photos[number].digest for number in wrong}
        right = len(digests & found.suspects)
        print(
            f"5 % of {len(photos)} labels flipped (seed {seed}): recall {right / len(wrong):.2f}, "
            f"precision {right / max(len(found.suspects), 1):.2f}"
        )


def near_copies(bench, dataset) -> None:
    """Recall by kind, false groups among the untouched, and the seconds of the whole check."""
    from core.curation.checking import check_dataset

    _features(bench, dataset)
    started = time.perf_counter()
    found = check_dataset(dataset, registry=bench.registry, settings=bench.settings, report=_quiet)
    seconds = time.perf_counter() - started
    photos = bench.registry.photos(dataset.id)
    group = {photo.digest: number for number, one in enumerate(found.copies) for photo in one.photos}
    origin = {PurePosixPath(photo.file).stem: photo for photo in photos if not _kind(photo)}
    hits: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    touched = set()
    for photo in photos:
        if kind := _kind(photo):
            first = origin[PurePosixPath(photo.file).stem.split("-", 2)[2]]
            touched |= {photo.digest, first.digest}
            hits[kind].append(photo.digest in group and group[photo.digest] == group.get(first.digest))
    every = [hit for own in hits.values() for hit in own]
    untouched = [photo for photo in photos if photo.digest not in touched]
    false = sum(photo.digest in group for photo in untouched)
    by_kind = ", ".join(f"{kind} {np.mean(own):.2f}" for kind, own in hits.items() if own)
    print(f"{len(every)} planted near-copies: recall {np.mean(every):.3f} ({by_kind})")
    print(f"{false} of {len(untouched)} untouched photos in a group ({false / max(len(untouched), 1):.2%})")
    print(f"{len(photos)} photos checked in {seconds:.1f} s with stored features")


def _features(bench, dataset):
    from core.curation.inputs import features_for

    return features_for(dataset, registry=bench.registry, settings=bench.settings, progress=lambda *_: None)


def _kind(photo) -> str:
    """Of a planted photo; "" of the others."""
    name = PurePosixPath(photo.file).name
    return KINDS[int(name.split("-")[1])] if name.startswith("planted-") else ""


def _other(class_name: str, names, generator) -> str:
    return str(generator.choice([name for name in names if name != class_name]))


def _quiet(*_) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    main(*sys.argv[1:])
