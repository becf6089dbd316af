"""Whether an import grows in proportion to its photos and classes: ``python -m tests.bench.bench_growth``.

Tiny photos (32 px), so that what is done once for every file, class or photo shows. Seconds of the processor count, of
the import and its decoders together, because other load changes them less than seconds on the clock.
"""

import random
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from PIL import Image

from core.files.home import registry_file
from core.jobs.imports import run_import
from core.registry import Registry
from core.settings import REPOSITORY, Settings
from tests.photo_files import encoded

SMALL, LARGE, WIDE = "5,000 photos in 10 classes", "50,000 photos in 10 classes", "15,000 photos in 5,000 classes"
CASES = {SMALL: (10, 500), LARGE: (10, 5000), WIDE: (5000, 3)}


def word(number: int) -> str:
    """A pronounceable name, another one for every number below 10,000."""
    digits = [number // 10**place % 10 for place in range(4)]
    return "".join("kmprstvlnd"[digit] + "aeiou"[(digit + place) % 5] for place, digit in enumerate(digits))


def tiny_archive(path: Path, classes: int, each: int) -> Path:
    noise = random.Random(0)
    with zipfile.ZipFile(path, "w") as out:
        for number in range(classes):
            for photo in range(each):
                image = Image.frombytes("RGB", (4, 4), noise.randbytes(48)).resize((32, 32))
                out.writestr(f"{word(number)}/{photo}.jpg", encoded(image, quality=80))
    return path


def processor_seconds() -> float:
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def import_seconds(path: Path, home: Path) -> tuple[float, float]:
    """Of the processor and on the clock."""
    settings = Settings(home=home)
    registry = Registry.open(registry_file(settings))
    before, started = processor_seconds(), time.perf_counter()
    run_import(path, settings=settings, registry=registry)
    return processor_seconds() - before, time.perf_counter() - started


def main() -> None:
    per_photo = {}
    with tempfile.TemporaryDirectory(dir=REPOSITORY / "models") as folder:
        for number, (title, (classes, each)) in enumerate(CASES.items()):
            path = tiny_archive(Path(folder) / f"{number}.zip", classes, each)
            used, clock = import_seconds(path, Path(folder) / f"home-{number}")
            per_photo[title] = used / (classes * each)
            print(
                f"{title}: {clock:.1f} s, {used:.1f} s of the processor, {1000 * per_photo[title]:.2f} ms a photo",
                file=sys.stderr,
            )
        print(f"a photo of 50,000 costs {per_photo[LARGE] / per_photo[SMALL]:.2f} times a photo of 5,000")
        print(f"a photo of 5,000 classes costs {per_photo[WIDE] / per_photo[SMALL]:.2f} times a photo of 10 classes")


if __name__ == "__main__":
    main()
