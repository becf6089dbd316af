"""A check of many photos: ``python -m tests.bench.bench_large_check prepare HOME [PHOTOS]``, then ``... check HOME``.

``prepare`` (100,000 photos) makes what the check finds in the home of a user, and may be done long before, on a machine
that is busy: the clothing photos are decoded once each, and every photo of the new dataset is a part of one of them (12
to 36 % of its area, turned by up to 25 degrees, mirrored or not, with other colours), 256 pixels on its longer side.
Parts keep class and split. They are imported as any archive is, and features of EfficientNet-Lite0 are computed and
stored, with an input of 128 pixels to save time; their length is that of its usual input.

``check`` checks the dataset in a process of its own, as often as it is called, and prints wall and CPU seconds, by
stage too, and the peak memory of that process with its children (wanted: 10 minutes and 2 GB).
"""

import io
import math
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from PIL import Image

from core.settings import Settings
from core.workbench import Workbench
from tests.bench.homes import CLOTHING

PHOTOS, SIDE, INPUT = 100_000, 256, 128
LEAST_AREA, MOST_AREA, MOST_DEGREES = 0.12, 0.36, 25
_SAMPLE_SECONDS = 0.1


def main(what: str = "", home: str = "", *numbers: str) -> None:
    if what == "prepare" and home:
        prepare(Path(home), int(numbers[0]) if numbers else PHOTOS)
    elif what == "check" and home:
        measure(Path(home))
    elif what == "checking" and home:
        _check(Path(home))
    else:
        print("Not run: it needs prepare or check, and HOME.")


# --- before the check ---


def prepare(home: Path, photos: int) -> None:
    """A home with a dataset of this number of photos and its features; ended early, it goes on after the last step."""
    bench = Workbench.open(Settings(home=home))
    if not bench.registry.datasets():
        folder = home / "photos"
        _said(f"{photos} parts of photos", lambda: many_photos(folder, photos))
        _said("import", lambda: bench.import_photos(folder, "many"))
        shutil.rmtree(folder)
    _said("features", lambda: _features(bench))


def many_photos(folder: Path, photos: int) -> None:
    """Parts of the clothing photos, of each photo nearly as many; a folder, because an archive may have 50,000 files.
    Those that are there already stay."""
    with zipfile.ZipFile(CLOTHING) as source:
        names = sorted(name for name in source.namelist() if name.endswith(".jpg"))
        for number, name in enumerate(names):
            chance = random.Random(number)
            parts = range(photos * number // len(names), photos * (number + 1) // len(names))
            files = [folder / f"{name.removesuffix('.jpg')}-{part}.jpg" for part in parts]
            if not files or files[-1].exists():
                continue
            files[0].parent.mkdir(parents=True, exist_ok=True)
            with Image.open(io.BytesIO(source.read(name))) as opened:
                image = opened.convert("RGB")
            for file in files:
                file.write_bytes(part_of(image, chance))


def part_of(image: Image.Image, chance: random.Random) -> bytes:
    """JPEG bytes of a part of a photo."""
    size = (SIDE, 3 * SIDE // 4) if chance.random() < 0.5 else (3 * SIDE // 4, SIDE)
    turn = math.radians(chance.uniform(-MOST_DEGREES, MOST_DEGREES))
    scale = math.sqrt(chance.uniform(LEAST_AREA, MOST_AREA) * image.width * image.height / (size[0] * size[1]))
    cos, sin = math.cos(turn), math.sin(turn)
    reach = [size[0] * abs(cos) + size[1] * abs(sin), size[0] * abs(sin) + size[1] * abs(cos)]
    scale = min(scale, image.width / reach[0], image.height / reach[1])
    x, y = (chance.uniform(scale * r / 2, side - scale * r / 2) for r, side in zip(reach, image.size, strict=True))
    flip = chance.choice((-1, 1))
    matrix = (flip * scale * cos, -scale * sin, flip * scale * sin, scale * cos)
    left, top = (
        middle - a * size[0] / 2 - b * size[1] / 2
        for middle, a, b in zip((x, y), matrix[::2], matrix[1::2], strict=True)
    )
    data = (*matrix[:2], left, *matrix[2:], top)
    part = image.transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    gains = [chance.uniform(0.7, 1.2) for _ in range(3)]
    part = part.point([min(255, round(gain * value)) for gain in gains for value in range(256)])
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _features(bench: Workbench) -> None:
    from core.backbones import get
    from core.backbones.inputs import with_input
    from core.datasets.values import SPLITS
    from core.features.compute import features_of

    (dataset,) = bench.registry.datasets()
    backbone = with_input(get("efficientnet_lite0"), INPUT)
    for split in SPLITS:
        features_of(
            bench.registry.photos(dataset.id, split=split), dataset=dataset, backbone=backbone, settings=bench.settings
        )


def _said(what: str, work) -> None:
    before, begin = processor_seconds(), time.perf_counter()
    work()
    print(f"{what}: {processor_seconds() - before:.0f} s of CPU, {time.perf_counter() - begin:.0f} s", flush=True)


def processor_seconds() -> float:
    """Of this process and its ended children."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


# --- the check ---


def measure(home: Path) -> None:
    """Checks the dataset in another process, and prints what it took."""
    before, begin = processor_seconds(), time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "tests.bench.bench_large_check", "checking", str(home)])
    peak, own_peak = 0, 0
    while child.poll() is None:
        found = [_memory(process) for process in _tree(child.pid)]
        peak, own_peak = max(peak, sum(one[0] for one in found)), max(own_peak, sum(one[1] for one in found))
        time.sleep(_SAMPLE_SECONDS)
    seconds, used = time.perf_counter() - begin, processor_seconds() - before
    print(
        f"the whole process: {seconds:.0f} s, {used:.0f} s of CPU, peak memory {peak / 1e9:.2f} GB, "
        f"of which not of files {own_peak / 1e9:.2f} GB"
    )


def _tree(process: int) -> Iterator[int]:
    yield process
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _tree(int(child))


def _memory(process: int) -> tuple[int, int]:
    """Resident bytes, and those of them that are no pages of a file."""
    values = {"VmRSS": 0, "RssAnon": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in values:
                values[name] = 1024 * int(rest.split()[0])
    return values["VmRSS"], values["RssAnon"]


def _check(home: Path) -> None:
    from core.curation.checking import check_dataset
    from core.curation.values import METHOD
    from core.files.here import dataset_here

    bench = Workbench.open(Settings(home=home))
    (dataset,) = bench.registry.datasets()
    dataset_here(bench.settings, dataset.id).findings(METHOD).unlink(missing_ok=True)
    stages: list[tuple[str, float, float]] = []

    def report(stage: str, _done: int, _total: int) -> None:
        if not stages or stages[-1][0] != stage:
            stages.append((stage, time.perf_counter(), processor_seconds()))

    found = check_dataset(dataset, registry=bench.registry, settings=bench.settings, report=report)
    stages.append(("", time.perf_counter(), processor_seconds()))
    for one, following in zip(stages, stages[1:], strict=False):
        print(f"{one[0]}: {following[1] - one[1]:.1f} s, {following[2] - one[2]:.1f} s of CPU of this process")
    print(
        f"{dataset.photo_count} photos: {len(found.labels)} likely label errors, {len(found.copies)} groups of "
        f"{sum(len(group.photos) for group in found.copies)} near-copies, {len(found.odd)} odd photos, "
        f"accuracy {found.accuracy}"
    )


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    main(*sys.argv[1:])
