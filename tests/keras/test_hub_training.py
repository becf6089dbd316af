"""Tiny models of a local hub go every way a person can take: added by their address, trained in every pattern that they
allow, compared, killed and resumed, predicting live."""

from dataclasses import replace

import pytest

from core.__main__ import main
from core.backbones.additions import AdditionRequest
from core.features import converted
from core.files.home import addition_folder
from core.jobs.additions import run_addition
from core.models.lineage import backbone_of
from core.recipes.allowed import refused_patterns
from core.recipes.hyperparameters import Adapter, Solver
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.workbench import Workbench
from tests.added import serving_hub
from tests.keras.test_tokens_training import FINE, NUMBERS, live
from tests.keras.test_training_resume import shot_and_resumed
from tests.keras.training_bench import OTHER, Bench, Outcome
from tests.tiny_hub import keras_files, timm_files, token_files

pytestmark = [pytest.mark.keras, pytest.mark.timeout(1200)]

SHORT = replace(NUMBERS, epochs=1)
TOP = replace(FINE, epochs=2)
TRAINED = {
    Pattern.STANDALONE_EXTRACTOR: replace(SHORT, solver=Solver.LOGISTIC_REGRESSION),
    Pattern.INTEGRATED_EXTRACTOR: SHORT,
    Pattern.FINE_TUNING: TOP,
    Pattern.PARAMETER_EFFICIENT: replace(TOP, adapter=Adapter.LORA, rank=2),
    Pattern.MULTI_LAYER_PROBE: SHORT,
    Pattern.WEIGHT_INITIALIZATION: SHORT,
    Pattern.FROM_SCRATCH: SHORT,
}
REPOSITORIES = {
    "vit": lambda: token_files("vit"),
    "clip": lambda: token_files("clip"),
    "timm_resnet": lambda: timm_files("resnet18", 32),
}
NARROW = {
    "stackwise_num_filters": [64, 16], "stackwise_num_blocks": [2, 1], "stackwise_num_strides": [1, 2],
    "block_type": "basic_block", "use_pre_activation": False, "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
}  # fmt: skip
"""What keras-hub makes of timm's resnet18 here: a hundredth of its weights."""


@pytest.fixture
def add(full_bench, monkeypatch):
    """Adds one of ``REPOSITORIES`` by its address on a local hub."""
    bench = full_bench
    monkeypatch.setenv("GRAFT_HOME", str(bench.settings.home))

    def add(name: str) -> None:
        if name == "timm_resnet":
            converter = pytest.importorskip("keras_hub.src.utils.timm.convert_resnet")
            monkeypatch.setattr(converter, "convert_backbone_config", lambda config: NARROW)
        with serving_hub(monkeypatch) as hub:
            hub.add("graft/tiny", REPOSITORIES[name](), card={"license": "mit"})
            folder = addition_folder(bench.settings, "1")
            folder.path.mkdir(parents=True)
            request = AdditionRequest(kind="hub", name="tiny", source="graft/tiny")
            run_addition(request, folder, settings=bench.settings, registry=bench.registry, report=lambda _: None)

    return add


def labels_of(name: str) -> dict:
    """What names the classes of a classifier that is not trained."""
    if name == "clip":
        return {"prompts": (("daisy", "a photo of a dog"), ("rose", "a cat"), ("tulip", "this is a bird"))}
    return {"mapping": (("n01440764", "rose"), ("n01443537", "tulip"))}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_it_goes_through_every_pattern_is_compared_killed_and_resumed(forks, add, full_bench, name):
    bench: Bench = full_bench
    add(name)
    row = backbone_of("tiny", bench.registry, bench.settings)
    allowed = set(OF_A_BACKBONE) - set(refused_patterns(row))
    assert allowed == {Pattern.CLASSIFIER, *TRAINED}
    runs = []
    for pattern, numbers in TRAINED.items():
        runs.append(bench.train(f"r-{pattern}", numbers, backbone="tiny", pattern=pattern))
    runs.append(bench.train("r-classifier", backbone="tiny", pattern=Pattern.CLASSIFIER, **labels_of(name)))
    fusion = {"pattern": Pattern.CASCADE, "cascade": Cascade.FUSION, "members": (OTHER.name,)}
    runs.append(bench.train("r-fusion", SHORT, backbone="tiny", **fusion))
    for run in runs:
        assert bench.registry.model(run.id).card["engine"] == "LiteRT", run.id
        assert live(bench, run.id) < 2e-3, run.id
    found = Workbench(bench.settings, bench.registry).comparison([run.id for run in runs])
    assert {one.run.id for one in found.rows} == {run.id for run in runs} == set(found.predictions)
    again = {"backbone": "tiny", "pattern": Pattern.FINE_TUNING}
    expected = Outcome.of(bench, f"r-{Pattern.FINE_TUNING}")
    shot_and_resumed(expected, bench, forks, [("killed_in_mid_epoch", 2)], TOP, **again)


def test_a_model_in_the_keras_layout_is_added_by_the_command_line_and_is_trained_compared_and_predicts(
    full_bench, monkeypatch
):
    keras_hub = pytest.importorskip("keras_hub")
    bench: Bench = full_bench
    monkeypatch.setenv("GRAFT_HOME", str(bench.settings.home))
    network = keras_hub.models.ResNetBackbone(
        [64], [3], [64, 16], [1, 1], [1, 2], "basic_block", image_shape=(32, 32, 3)
    )
    model = keras_hub.models.ResNetImageClassifier(backbone=network, num_classes=1000, preprocessor=None)
    with serving_hub(monkeypatch) as hub:
        hub.add("graft/tiny", keras_files(model, 32), card={"license": "mit"})
        assert main(["backbones", "add", "graft/tiny", "--wait"]) == 0
    added = bench.registry.added_backbone("tiny")
    assert {file.path for file in added.files} >= {"backbone.json", "config.json", converted.NETWORK}
    assert not [file.path for file in added.files if file.path.endswith(".h5")]
    assert any(file["path"] == "model.weights.h5" and len(file["sha256"]) == 64 for file in added.facts["hub"]["files"])
    runs = [
        bench.train("r-tuned", TOP, backbone="tiny", pattern=Pattern.FINE_TUNING),
        bench.train("r-classifier", backbone="tiny", pattern=Pattern.CLASSIFIER, **labels_of("keras")),
    ]
    assert max(live(bench, run.id) for run in runs) < 2e-3
    found = Workbench(bench.settings, bench.registry).comparison([run.id for run in runs])
    assert {one.run.id for one in found.rows} == {"r-tuned", "r-classifier"}
