"""The features that a trained model computes live are those that are stored of its training photos."""

from dataclasses import replace

import pytest

from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Cascade, Pattern
from core.workbench import Workbench
from tests.keras.training_bench import NUMBERS, OTHER

EXTRACTOR = Pattern.STANDALONE_EXTRACTOR
KINDS = ["head", "fine-tuned", "probe", "fusion", "stacking", "ensemble", "confidence"]


def train(bench, name: str) -> str:
    """The id of a run of that kind."""
    short = replace(NUMBERS, epochs=2, views=1)
    if name == "head":
        bench.train("r-one", short)
    elif name == "fine-tuned":
        bench.train("r-one", replace(short, head_epochs=1, depth=1), pattern=Pattern.FINE_TUNING)
    elif name == "probe":
        bench.train("r-one", replace(short, cuts=2), pattern=Pattern.MULTI_LAYER_PROBE)
    elif name == "fusion":
        bench.train("r-one", short, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(OTHER.name,))
    else:
        neighbours = replace(short, solver=Solver.K_NEAREST_NEIGHBOURS)
        bench.train("r-cheap", neighbours, pattern=EXTRACTOR)
        if name == "stacking":
            bench.train("r-one", short, pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-cheap",))
            return "r-one"
        bench.train("r-costly", short, backbone=OTHER.name)
        workbench, members = Workbench(bench.settings, bench.registry), ("r-cheap", "r-costly")
        _, run = workbench.ensemble(members) if name == "ensemble" else workbench.confidence(*members)
        return run.id
    return "r-one"


@pytest.mark.parametrize("name", KINDS)
def test_the_nearest_training_photo_of_a_training_photo_is_itself(name, full_bench):
    run_id = train(full_bench, name)
    workbench = Workbench(full_bench.settings, full_bench.registry)
    photos = workbench.registry.photos(full_bench.dataset.id, split="train")[::11]
    given = [(photo.file, workbench.stored_photo(full_bench.dataset.id, photo)) for photo in photos]
    for photo, found in zip(photos, workbench.predict([run_id], given), strict=True):
        novelty = found.predictions[0].novelty
        assert novelty.distance is not None, novelty.problem
        near = {one.digest: one.distance for one in novelty.nearest}
        assert near[photo.digest] <= min(near.values()) + 2e-3
        assert near[photo.digest] < 0.01
