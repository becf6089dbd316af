"""Checks of what a launch needs against what the machine has: disk, memory, time."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from core.files.home import features_folder
from core.planning.decide import Concern
from core.planning.grid_plan import GridPlan
from core.planning.question import Question, ask, refuse
from core.planning.resources import ResourceEstimate
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy, other_pattern, setting
from core.settings import Settings
from core.text.units import count, duration, size

MANY_RUNS = 100
"""Launching more runs than this at once is confirmed first."""

LONG_SECONDS = 12 * 3600
"""More work than this is confirmed first, too."""

SPARE_BYTES = 50 * 10**6
MEMINFO = Path("/proc/meminfo")


def disk(question: Question) -> Iterator[Concern]:
    needed, limit = question.plan.disk_bytes, question.settings.features_limit_bytes
    free = free_bytes(question.settings)
    if needed + SPARE_BYTES > free:
        yield refuse(
            f"The features take {size(needed)} and the disk has {size(free)} left. "
            "Choose fewer augmentations per photo or a cut nearer the top, or free some space.",
            *_smaller(question, lambda resources: resources.disk_bytes + SPARE_BYTES <= free, ("views", "depth")),
        )
    elif needed > limit:
        yield ask(
            f"The features take {size(needed)}, more than the {size(limit)} that stored features may take "
            "(GRAFT_FEATURES_GB): all other stored features will be deleted.",
            *_smaller(question, lambda resources: resources.disk_bytes <= limit, ("views", "depth")),
        )


def memory(question: Question) -> Iterator[Concern]:
    needed, total, free = question.plan.memory_bytes, memory_of("MemTotal"), memory_of("MemAvailable")
    machine = "this machine"
    if question.largest_memory is not None:  # others train
        total, free, machine = question.largest_memory, None, "the largest machine that trains"
    if total and needed > total:
        yield refuse(
            f"Training would hold about {size(needed)} and {machine} has {size(total)} of memory. "
            "Choose a smaller batch, fewer augmentations per photo or a smaller network.",
            *_smaller(question, lambda resources: resources.memory_bytes <= total, ("batch_size", "views")),
            other_pattern(Pattern.INTEGRATED_EXTRACTOR),
        )
    elif free and needed > free:
        yield ask(
            f"Training would hold about {size(needed)} and {size(free)} of memory are free now. "
            "Close other programs, or choose a smaller batch or fewer augmentations per photo.",
            *_smaller(question, lambda resources: resources.memory_bytes <= free, ("batch_size", "views")),
        )


def _smaller(question: Question, fits: Callable[[ResourceEstimate], bool], names: Sequence[str]) -> Iterator[Remedy]:
    """For each of these hyperparameters its largest half, quarter … with which the run fits."""
    recipe = question.recipe
    for name in (name for name in names if name in recipe.settings()):
        remedy = next((one for one in _halved(recipe, name) if fits(question.resources(one.recipe(recipe)))), None)
        if remedy is not None:
            yield remedy


def _halved(recipe: Recipe, name: str) -> Iterator[Remedy]:
    value = recipe.settings()[name] // 2
    while value >= 1:
        yield setting(recipe.pattern, name, value)
        value //= 2


def free_bytes(settings: Settings) -> int:
    folder = features_folder(settings) if features_folder(settings).exists() else settings.home
    return shutil.disk_usage(folder).free


def memory_of(name: str) -> int | None:
    """Bytes of a line of /proc/meminfo; None where there is no such file."""
    if not MEMINFO.exists():
        return None
    for line in MEMINFO.read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


# --- all plans together ---


def many_runs(number: int) -> Concern | None:
    """A question about a very large number of runs, to confirm before planning them."""
    if number <= MANY_RUNS:
        return None
    return ask(f"These are {count(number, 'run')}. Launch that many at once?")


def examine_all(plan: GridPlan, settings: Settings) -> tuple[Concern, ...]:
    """All concerns about several runs together."""
    found = [many_runs(len(plan.to_do))]
    if plan.seconds > LONG_SECONDS:
        found.append(ask(f"Together they will take about {duration(plan.seconds)}."))
    free = free_bytes(settings)
    if plan.disk_bytes + SPARE_BYTES > free:
        found.append(
            ask(f"Together their features take up to {size(plan.disk_bytes)} and the disk has {size(free)} left.")
        )
    return tuple(concern for concern in found if concern)
