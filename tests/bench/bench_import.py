"""Speed of an import compared with the bare work: ``python -m tests.bench.bench_import [ARCHIVE]``.

The bare loop opens each photo of the archive, decodes it with ``draft``, resizes and saves it as JPEG in memory, on all
cores, processes already warm. The import does the same with the policy, hashing, process limits, storing and syncing.
Both run in turns, and the median of the ratios is reported, because the machine may be busy. The home is in
``models/``, as in real use: in a ``/tmp`` where tests just deleted thousands of files, ext4 finds new inodes slowly.
"""

import sys
import tempfile
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from os import sched_getaffinity
from pathlib import Path
from statistics import median

from PIL import Image

from core.datasets import DEMO_ARCHIVE, import_photos
from core.datasets.decoding.photos import STORED_QUALITY, STORED_SIDE
from core.settings import REPOSITORY, Settings

REPEATS_OF_THE_DEMO = 8
ROUNDS = 3


def bare(path: str, names: list[str]) -> int:
    """Pillow open + draft + resize + JPEG save of some members."""
    with zipfile.ZipFile(path) as archive:
        for name in names:
            with Image.open(BytesIO(archive.read(name))) as image:
                scale = min(1.0, STORED_SIDE / max(image.size))
                size = tuple(round(side * scale) for side in image.size)
                image.draft("RGB", size)
                image.resize(size, Image.Resampling.BICUBIC).save(BytesIO(), "JPEG", quality=STORED_QUALITY)
    return len(names)


def bare_seconds(path: Path, pool: ProcessPoolExecutor, workers: int) -> float:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    started = time.perf_counter()
    chunks = [names[start::workers] for start in range(workers)]
    assert sum(pool.map(bare, [str(path)] * workers, chunks)) == len(names)
    return time.perf_counter() - started


def import_seconds(path: Path, home: Path, number: int) -> float:
    started = time.perf_counter()
    import_photos(path, settings=Settings(home=home), dataset_id=f"d-{number}")
    return time.perf_counter() - started


def repeated_demo(folder: Path) -> Path:
    """The demo photos several times with different bytes: a trailer after the JPEG changes the digest, not the work."""
    path = folder / "demo.zip"
    with zipfile.ZipFile(DEMO_ARCHIVE) as demo, zipfile.ZipFile(path, "w") as out:
        for member in demo.infolist():
            if not member.is_dir():
                for copy in range(REPEATS_OF_THE_DEMO):
                    name = Path(member.filename)
                    out.writestr(f"{name.parent}/{copy}-{name.name}", demo.read(member) + bytes([copy]))
    return path


def main() -> None:
    workers = len(sched_getaffinity(0))
    with tempfile.TemporaryDirectory(dir=REPOSITORY / "models") as folder, ProcessPoolExecutor(workers) as pool:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else repeated_demo(Path(folder))
        list(pool.map(abs, range(workers)))
        rounds = []
        for number in range(ROUNDS):
            loop, whole = bare_seconds(path, pool, workers), import_seconds(path, Path(folder), number)
            rounds.append(loop / whole)
            print(f"bare loop {loop:.2f} s, import {whole:.2f} s", file=sys.stderr)
    print(f"import speed / bare Pillow loop = {median(rounds):.2f}")


if __name__ == "__main__":
    main()
