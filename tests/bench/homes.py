"""Homes with real photos for the benches, and runs in them from launch to end."""

import os
import sys
import time
from pathlib import Path
from zipfile import ZipFile

from core.recipes.recipe import Recipe
from core.runs.values import Run, Status
from core.settings import Settings
from core.workbench import Workbench
from tests.choices import launch

CLOTHING = Path(__file__).parents[3] / "shared" / "data" / "clothing.zip"


def photos_for_benches() -> str | Path:
    """The clothing photos where available, else the demo photos; ``GRAFT_BENCH_PHOTOS`` names others."""
    named = os.environ.get("GRAFT_BENCH_PHOTOS")
    return named or (CLOTHING if CLOTHING.exists() else "demo")


def part_of(archive: Path, target: Path, per_class: int) -> Path:
    """A smaller archive: the first ``per_class`` training photos of every class, all validation and test photos."""
    taken: dict[str, int] = {}
    with ZipFile(archive) as source, ZipFile(target, "w") as part:
        for name in sorted(source.namelist()):
            folder = name.rpartition("/")[0]
            taken[folder] = taken.get(folder, 0) + (not name.endswith("/"))
            if "train" not in folder or taken[folder] <= per_class:
                part.writestr(name, source.read(name))
    return target


def open_home(folder: str | Path, photos: str | Path) -> Workbench:
    """A home with one dataset."""
    bench = Workbench.open(Settings(home=Path(folder)))
    bench.import_photos(photos)
    return bench


def run_all(bench: Workbench, recipes: list[Recipe]) -> tuple[list[Run], float]:
    """Launches the recipes on the newest dataset and waits; (runs, seconds from launch to the last end).

    Raises:
        SystemExit: one of them failed.
    """
    dataset = bench.registry.datasets()[0]
    begin = time.perf_counter()
    runs = ended(bench, [run.id for _, run in launch(bench, dataset.id, recipes)])
    return runs, time.perf_counter() - begin


def ended(bench: Workbench, launched: list[str]) -> list[Run]:
    """Waits for runs.

    Raises:
        SystemExit: one of them failed.
    """
    while not all(bench.registry.run(run_id).status.ended for run_id in launched):
        time.sleep(0.05)
    runs = [bench.registry.run(run_id) for run_id in launched]
    for run in runs:
        if run.status is not Status.FINISHED:
            sys.exit(f"{run.id} {run.name}: {run.status} {run.reason}")
    return runs
