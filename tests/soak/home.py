"""A home for the soak test: tiny photos, two tiny networks added as own backbones, and recipes of every pattern."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from core.files.home import registry_file
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.hyperparameters import Precision
from core.recipes.patterns import Cascade, Pattern
from core.registry import Registry
from core.settings import REPOSITORY, Settings
from core.workbench import Workbench
from tests.choices import launch
from tests.keras.conftest import COLOURS, tiny_jpeg

OWN, OTHER, CATALOGUE = "own", "other", "squeezenet"
"""The two added networks, and one that has ImageNet's classes."""
PHOTOS = 20
"""A class, in the dataset on which everything is trained."""

_FAST = {"epochs": 6, "batch_size": 8, "learning_rate": 0.02, "views": 2}
_DEEP = {**_FAST, "head_epochs": 2, "depth": 1, "fine_tuning_rate": 0.01}
_SETTINGS: Mapping[Pattern, dict] = {
    Pattern.STANDALONE_EXTRACTOR: {"views": 1},
    Pattern.INTEGRATED_EXTRACTOR: _FAST,
    Pattern.MULTI_LAYER_PROBE: {"cuts": 2, "views": 1},
    Pattern.FINE_TUNING: _DEEP,
    Pattern.PARAMETER_EFFICIENT: {**_DEEP, "rank": 2},
    Pattern.WEIGHT_INITIALIZATION: _FAST,
    Pattern.FROM_SCRATCH: _FAST,
    Pattern.CASCADE: _FAST,
    Pattern.DISTILLATION: _FAST,
}
Runs = Mapping[str, str]
"""Ids of runs by the names of ``RECIPES``."""


def _pattern(pattern: Pattern, backbone: str = OWN) -> Callable[[Runs], GridChoice]:
    return lambda runs: GridChoice.product([backbone], [pattern], settings=_SETTINGS)


def _cascade(kind: Cascade, *members: str) -> Callable[[Runs], GridChoice]:
    def choice(runs: Runs) -> GridChoice:
        found = tuple(runs.get(member, member) for member in members)
        return GridChoice(cascade=CascadeChoice(kind=kind, members=found), settings=_SETTINGS)

    return choice


RECIPES: dict[str, Callable[[Runs], GridChoice]] = {
    "head": _pattern(Pattern.INTEGRATED_EXTRACTOR),
    "other head": _pattern(Pattern.INTEGRATED_EXTRACTOR, OTHER),
    "scikit-learn": _pattern(Pattern.STANDALONE_EXTRACTOR),
    "probe": _pattern(Pattern.MULTI_LAYER_PROBE),
    "fine-tuning": _pattern(Pattern.FINE_TUNING),
    "lora": _pattern(Pattern.PARAMETER_EFFICIENT),
    "all layers": _pattern(Pattern.WEIGHT_INITIALIZATION),
    "from scratch": _pattern(Pattern.FROM_SCRATCH),
    "fusion": _cascade(Cascade.FUSION, OWN, OTHER),
    "classifier": _pattern(Pattern.CLASSIFIER, CATALOGUE),
    "stacking": _cascade(Cascade.STACKING, OWN, "other head"),
    "ensemble": _cascade(Cascade.ENSEMBLE, "head", "other head"),
    "confidence": _cascade(Cascade.CONFIDENCE, "head", "fine-tuning"),
}
"""What is launched, by name. ``SMALLER`` are made of finished runs."""

QUICK_BACKBONES = ("efficientnet_lite0", "efficientnet_lite1")
QUICK = {
    f"quick {seed}": GridChoice.product(
        [QUICK_BACKBONES[seed % 2]],
        [Pattern.INTEGRATED_EXTRACTOR],
        settings={Pattern.INTEGRATED_EXTRACTOR: {**_FAST, "epochs": 24, "seed": seed}},
    )
    for seed in range(1, 9)
}
"""What the soak test on several machines trains without TensorFlow (``cluster.trainer``)."""

SMALLER = {"int8": (Precision.INT8,), "float16": (Precision.FLOAT16,), "student": ()}
NAMES = (*RECIPES, *SMALLER)
MEMBERS = {
    "stacking": ("other head",),
    "ensemble": ("head", "other head"),
    "confidence": ("head", "fine-tuning"),
    **dict.fromkeys(SMALLER, ("head",)),
}
"""Runs that must have finished before."""


@dataclass(frozen=True)
class SoakHome:
    """A home below ``folder``, its uploads, and what its processes get as environment.

    Args:
        trainer: the module that is started in place of ``core.training``.
    """

    folder: Path
    port: int = 8700
    trainer: str = "tests.soak.trainer"

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home", port=self.port)

    @property
    def notes(self) -> Path:
        """The file in which trainers note the attempts that they begin."""
        return self.folder / "attempts.jsonl"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "GRAFT_GPUS": "none",
            "GRAFT_TRAINER": f"{sys.executable} -m {self.trainer}",
            "GRAFT_SOAK_NOTES": str(self.notes),
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        return self.settings.variables() | own

    def open(self) -> Workbench:
        """The use cases in this process."""
        return Workbench.open(self.settings)

    def registry(self) -> Registry:
        return Registry.open(registry_file(self.settings))

    def start(self, *arguments: str, module: str = "core") -> subprocess.Popen:
        """``python -m core ...`` on this home, which may be killed."""
        with (self.folder / "commands.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=REPOSITORY,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, *arguments: str, timeout: float = 300.0) -> None:
        """The same, to its end, which must be good."""
        command = self.start(*arguments)
        if command.wait(timeout) != 0:
            raise SystemExit(f"python -m core {' '.join(arguments)} failed:\n{self.last_words()}")

    def last_words(self) -> str:
        return (self.folder / "commands.log").read_text()[-1500:]


def write_photos(archive: Path, first: int = 0, count: int = PHOTOS) -> Path:
    """A ZIP of tiny photos in three classes; another ``first`` gives other photos."""
    with ZipFile(archive, "w") as packed:
        for name in COLOURS:
            for number in range(first, first + count):
                packed.writestr(f"{name}/{number}.jpg", tiny_jpeg(name, number))
    return archive


def furnish(home: SoakHome) -> None:
    """Imports the photos, and adds both networks."""
    home.folder.mkdir(parents=True, exist_ok=True)
    _write_networks(home.folder)
    home.run("import", str(write_photos(home.folder / "photos.zip")), "--name", "soak")
    for name in (OWN, OTHER):
        home.run("backbones", "add", str(home.folder / f"{name}.keras"), "--name", name, "--wait")


def _write_networks(folder: Path) -> None:
    """In a process of its own: this one stays without TensorFlow."""
    code = (
        "import sys, keras; from tests.keras import own_models as m; keras.utils.set_random_seed(1);"
        f"m.transfer().save(sys.argv[1] + '/{OWN}.keras'); m.tutorial().save(sys.argv[1] + '/{OTHER}.keras')"
    )
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, env=environment, check=True)


def dataset_of(bench: Workbench) -> str:
    """The dataset on which everything is trained: the oldest."""
    return min(bench.registry.datasets(), key=lambda one: one.created_at).id


def launch_one(bench: Workbench, name: str, runs: Runs) -> str | None:
    """Launches a recipe, or finds its run; None where what it is made of has not finished."""
    from core.runs.values import Status

    members = [runs.get(member, "") for member in MEMBERS.get(name, ())]
    finished = {run.id for run in bench.registry.runs(status=Status.FINISHED)} if members else set()
    if not finished.issuperset(members):
        return None
    if name in SMALLER:
        launched = bench.shrink(members[0], SMALLER[name], () if SMALLER[name] else (OTHER,))
        return launched[0][1].id
    choice = QUICK[name] if name in QUICK else RECIPES[name](runs)
    (recipe,) = bench.recipes(dataset_of(bench), choice)
    found = launch(bench, dataset_of(bench), [recipe])
    return found[0][1].id


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Raises TimeoutError: it did not become true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.1)
