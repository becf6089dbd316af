"""The model card: YAML that no name can end, and every fact that the registry has."""

import json
from dataclasses import replace

import pytest

from core.backbones import get
from core.exports.formats import Format
from core.exports.model_card import CardSource, card_source, card_text
from core.exports.record import ExportCheck
from tests.factories import make_cost, make_dataset, make_evaluation, make_model, make_run

CHECK = ExportCheck(photos=30, of=40, difference=2.5e-7, agreement=1.0)
LITE0 = "efficientnet_lite0"


def source(**changes) -> CardSource:
    values = {
        "run": make_run(test_accuracy=0.9, recipe=make_run().recipe),
        "model": make_model(),
        "dataset": make_dataset(),
        "evaluation": make_evaluation(),
        "cost": make_cost(),
        "sources": ((LITE0, get(LITE0)),),
    }
    return CardSource(**values | changes)


def written(**changes) -> str:
    return card_text(source(**changes), Format.ONNX, CHECK, ["`photo_224` float32"])


def front(text: str) -> dict:
    lines = text.split("---\n")[1].splitlines()
    return {line.partition(": ")[0]: json.loads(line.partition(": ")[2]) for line in lines}


def test_the_front_is_what_the_hub_reads():
    found = front(written())
    assert (found["license"], found["library_name"], found["pipeline_tag"]) == (
        "apache-2.0", "onnx", "image-classification",
    )  # fmt: skip
    (result,) = found["model-index"][0]["results"]
    assert result["metrics"][0] == {"type": "accuracy", "value": make_evaluation().accuracy}
    assert found["metrics"] == [one["type"] for one in result["metrics"]] == ["accuracy", "f1"]
    assert result["dataset"]["split"] == "test"


def test_a_name_with_markup_ends_neither_the_front_nor_a_table():
    evil = 'x\n---\nlicense: "mit"\n| a | b | <script> `c`'
    dataset = replace(make_dataset(), name=evil)
    text = written(run=replace(make_run(), name=evil), dataset=dataset)
    assert front(text)["license"] == "apache-2.0" and front(text)["model-index"][0]["name"] == evil
    body = text.split("---\n", 2)[2]
    assert "<script>" not in body and "\n---\n" not in body and "\n| a | b" not in body


def test_the_body_has_accuracy_classes_cost_check_and_licences():
    text = written(parents=(("r-parent", "The parent"),))
    evaluation = make_evaluation()
    for one in evaluation.per_class:
        assert f"| {one.class_name} | {one.photos} |" in text
    for part in (
        "(95 % interval, Wilson)", "on 30 of 40 test photos", "largest difference 2.5e-07", "r-parent", "The parent",
        "Apache-2.0", "State their licence here", "training time, as if alone", get(LITE0).weights_digest,
    ):  # fmt: skip
        assert part in text, part


def test_backbones_of_several_licences_are_other_with_their_names_and_those_of_none_are_unknown():
    other = replace(get(LITE0), licence="CC-BY-NC-SA 4.0")
    found = front(written(sources=(("a", get(LITE0)), ("b", other))))
    assert (found["license"], found["license_name"]) == ("other", "apache-2.0 and cc-by-nc-sa 4.0")
    found = front(written(sources=(("gone", None), ("a", get(LITE0)))))
    assert (found["license"], found["license_name"]) == ("other", "not known and apache-2.0")
    found = front(written(sources=(("gone", None),)))
    assert found["license"] == "unknown" and "license_name" not in found
    assert "weights of `gone`: not known, it was removed" in written(sources=(("gone", None),))


def test_a_backbone_of_the_hub_is_the_base_model():
    own = replace(get(LITE0), source="hub:facebook/dinov2-small@0123abc")
    assert front(written(sources=(("dino", own),)))["base_model"] == ["facebook/dinov2-small"]
    assert "base_model" not in front(written())


@pytest.mark.parametrize(("calibration", "said"), [({}, False), ({"temperature": 0.5}, True)])
def test_a_temperature_is_said(calibration, said):
    model = make_model()
    text = written(model=replace(model, card=model.card | {"calibration": calibration}))
    assert ("A temperature of 0.500" in text) is said


def test_everything_is_found_down_to_the_roots(registry, settings, run):
    found = card_source(run, registry.model(run.id), registry, settings)
    assert found.sources[0][0] == run.recipe.backbone and found.evaluation.n > 0
