"""Backbones: which pretrained networks can I use, and what is each of them?"""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.backbones.added import AddedBackbone, AddedFile
from core.backbones.additions import AdditionRequest
from core.errors import NotFound
from core.features.check_photo import CHECK_PHOTO, CheckedPhoto
from core.files import atomic
from core.files.home import added_folder, addition_folder
from core.files.locks import acquire
from core.recipes.labels import PATTERNS
from core.recipes.patterns import Pattern
from tests.factories import fill
from tests.pages.conftest import first_line, link_labels, text_of, visit

EVIL = "<script>alert(1)</script> :material/home: ![x](http://x/y.png)"


def added(bench, **changes):
    """A backbone of the hub, registered without files."""
    row = replace(get("efficientnet_lite0"), name="tiny", title="Tiny", short=None, source="hub:a/b@" + "c" * 40)
    backbone = replace(row, **changes)
    bench.registry.add_backbone(AddedBackbone(backbone=backbone, files=(), added_at=1.0))
    return backbone


def shown(at) -> list[str]:
    """The names in the table."""
    return list(at.dataframe[0].value["name"])


# --- the list ---


def test_all_backbones_are_listed_with_what_is_known(bench):
    at = visit("backbones")
    assert not at.exception and shown(at) == [row.title for row in catalogue()]
    assert "45 backbones; 5 can be used without a download." in first_line(at)
    frame = at.dataframe[0].value.set_index("name")
    assert frame.loc["ConvNeXtBase", "trained"].startswith("ImageNet-21k")
    assert frame.loc["EfficientNet-Lite0", "weights"] == "● ready" and frame.loc["ResNet50", "licence"] == "MIT"


def test_an_added_backbone_is_listed_and_counted(bench):
    added(bench)
    at = visit("backbones")
    assert shown(at)[-1] == "Tiny" and "1 added here" in first_line(at)
    at = visit("backbones", weights="Added")
    assert shown(at) == ["Tiny"]


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"q": "resnet50"}, ["ResNet50", "ResNet50V2"]),
        ({"q": "CONVNEXT 21k"}, ["ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"]),
        ({"family": "VGG"}, ["VGG16", "VGG19"]),
        ({"family": "VGG", "licence": "MIT"}, []),
        ({"top1": "85 %", "work": "20 billion"}, ["ConvNeXtBase"]),
        ({"parameters": "1 million"}, ["SqueezeNet 1.1", "MobileNetV3Small"]),
        ({"weights": "Ready to use", "input": "224 px"}, ["EfficientNet-Lite0", "MobileNetV1"]),
    ],
)
def test_filters_of_the_address_choose(bench, query, expected):
    at = visit("backbones", **query)
    assert not at.exception
    assert (shown(at) if at.dataframe else []) == expected
    assert bool(at.info) == (expected == [])


def test_what_a_pattern_refuses_is_not_listed(bench):
    added(bench, classes=False)
    assert "Tiny" in shown(visit("backbones"))
    assert "Tiny" not in shown(visit("backbones", allows=PATTERNS[Pattern.CLASSIFIER].title))


def test_a_filter_that_does_not_exist_is_ignored(bench):
    at = visit("backbones", family="nothing", work="many", weights="x", allows="everything")
    assert not at.exception and len(shown(at)) == 45


def test_the_runs_with_each_backbone_are_counted(filled):
    frame = visit("backbones").dataframe[0].value.set_index("name")
    assert frame["runs"].sum() == len(filled.runs)


# --- one backbone ---


def test_the_page_of_a_backbone_says_what_it_is_needs_and_allows(bench):
    at = visit("backbones", backbone="efficientnet_lite0")
    text = text_of(at).replace("\\", "")
    assert not at.exception and at.title[0].value.replace("\\", "") == "EfficientNet-Lite0"
    assert "3.4 million parameters, trained on ImageNet-1k" in first_line(at).replace("\\", "")
    assert {metric.label: metric.value for metric in at.metric}["Multiply-adds"] == "384 million"
    assert "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db" in text
    assert (
        "Apache-2.0" in text
        and "320 px are twice the pixels" in text
        and "squashed" in text
        and "Scaling of the pixels: -1 to 1." in text
    )
    assert "The top 9 of 18 blocks do" in text and "cut after each of its 18 blocks" in text
    frame = at.dataframe[0].value
    assert list(frame["name"]) == list(get("efficientnet_lite0").blocks) and frame["cost"].sum() == 383907552
    assert frame["shape"].iloc[0] == "112 x 112 x 32" and frame["from_here"].iloc[0] == 1.0


def test_its_cost_is_shown_at_the_larger_size_too(bench):
    at = visit("backbones", backbone="efficientnet_lite0", size="320")
    assert at.dataframe[0].value["shape"].iloc[0] == "160 x 160 x 32"
    assert "One photo of 320 px takes 783 million multiply-adds" in text_of(at)


def test_what_is_not_known_is_said(bench):
    unknown = {"top1": None, "top1_source": "", "trained_on": "", "licence": "", "multiply_adds": 0}
    added(bench, block_parameters=(), block_multiply_adds=(), block_shapes=(), **unknown)
    at = visit("backbones", backbone="tiny")
    text = text_of(at).replace("\\", "")
    assert not at.exception and "trained on data that is not known" in text
    assert "Licence: not known" in text and "top-1: not known" in text and "were not counted" in text
    assert list(at.dataframe[0].value["shape"]) == ["not known"] * 18


def test_a_pattern_it_does_not_allow_is_said_with_the_reason(bench):
    added(bench, classes=False, trainable=False, source="onnx_file:net.onnx")
    text = text_of(visit("backbones", backbone="tiny")).replace("\\", "")
    assert text.count("Tiny has no ImageNet classifier") == 1 and "is an ONNX network" in text
    assert "an own ONNX file, net.onnx" in text


def test_a_network_of_tokens_has_no_map_that_shrinks(bench):
    shapes = ((257, 384),) * 12
    costs = tuple(range(1, 13))
    names = tuple(f"block{number}" for number in range(12))
    added(
        bench, blocks=names, block_shapes=shapes, block_parameters=costs, block_multiply_adds=costs, feature_size=384,
        family="DINOv2", classes=False,
    )  # fmt: skip
    at = visit("backbones", backbone="tiny")
    text = text_of(at).replace("\\", "")
    assert not at.exception and "Vision transformer of the family DINOv2" in text
    assert "The blocks output 257 tokens x 384" in text


def test_names_from_elsewhere_stay_text(bench):
    changed = {"title": EVIL, "family": EVIL, "licence": EVIL, "trained_on": EVIL, "source": f"onnx_file:{EVIL}"}
    added(bench, **changed, blocks=(EVIL, *get("efficientnet_lite0").blocks[1:]))
    for query in ({}, {"backbone": "tiny"}):
        at = visit("backbones", **query)
        assert not at.exception
        for kind in ("title", "header", "markdown", "caption"):
            for element in at.get(kind):
                assert "<script>" not in element.value and "![x](" not in element.value


def test_its_results_here_are_the_best_run_on_every_dataset(bench):
    first = fill(bench.registry, bench.settings, name="flowers", runs=9)
    fill(bench.registry, bench.settings, name="birds", runs=9)
    name = first.runs[0].recipe.backbone
    at = visit("backbones", backbone=name)
    text = text_of(at).replace("\\", "")
    assert not at.exception and "on flowers · v1" in text and "on birds · v1" in text
    found = bench.verdict(first.dataset.id)
    mine = [run for run in first.with_status("FINISHED") if run.recipe.backbone == name]
    best = max(mine, key=lambda run: run.test_accuracy)
    assert found.standing(best.id) is not None and f"the most accurate of {len(mine)} runs with it" in text
    assert link_labels(at).count("Compare its runs") == 2


def test_without_runs_the_next_step_is_to_train(bench):
    at = visit("backbones", backbone="squeezenet")
    assert "No finished run has used it yet" in text_of(at)
    assert at.button(key="backbone.train")


def test_the_model_of_a_run_is_a_backbone_too(bench, filled):
    run = filled.with_status("FINISHED")[0]
    at = visit("backbones", backbone=run.id)
    assert not at.exception and not at.error and "The model of a run" in first_line(at)
    assert "Its run" in link_labels(at)


def test_a_backbone_that_does_not_exist_is_one_sentence_with_a_link_to_all(bench):
    at = visit("backbones", backbone="alexnet")
    assert not at.exception and "alexnet" in at.warning[0].value and "resnet50" not in at.warning[0].value
    assert link_labels(at) == ["All backbones"]


def test_a_backbone_whose_name_is_nearly_right_is_named(bench):
    said = visit("backbones", backbone="efficientnet-lite0").warning[0].value.replace("\\", "")
    assert said == "There is no backbone or run 'efficientnet-lite0'. Did you mean 'efficientnet_lite0'?"


# --- what was added ---


def put_addition(bench, **status):
    """An addition in the background that has this status, as its process would write it."""
    folder = addition_folder(bench.settings, "a1")
    folder.path.mkdir(parents=True, exist_ok=True)
    request = AdditionRequest(kind="hub", name="tiny", source="a/b@" + "c" * 40, title=EVIL)
    atomic.write_json(folder.request, request.to_json() | {"at": 1.0})
    atomic.write_json(folder.status, status)
    return folder


def test_a_running_addition_shows_its_progress_and_can_be_cancelled(bench):
    progress = {"stage": "Downloading", "done": 12_000_000, "total": 48_000_000}
    folder = put_addition(bench, state="running", progress=progress)
    with acquire(folder.alive_lock):
        at = visit("backbones")
        (bar,) = at.get("progress")
        assert bar.proto.value == 25 and "downloading: 12 MB of 48 MB" in bar.proto.text.replace("\\", "")
        assert "<script>" not in bar.proto.text
        at.button(key="addition.cancel.a1").click().run()
        assert folder.cancel.exists() and not at.exception


def test_a_failed_addition_says_why_until_it_is_dismissed(bench):
    put_addition(bench, state="failed", message="The checksum of model.safetensors differs.")
    at = visit("backbones")
    assert "was not added. The checksum of model\\.safetensors differs\\." in at.error[0].value
    at.button(key="addition.dismiss.a1").click().run()
    assert not at.error and not addition_folder(bench.settings, "a1").path.exists()


def test_a_cancelled_addition_is_no_error(bench):
    put_addition(bench, state="cancelled", message="The addition was cancelled; nothing was added.")
    at = visit("backbones")
    assert "nothing was added" in at.info[0].value.replace("\\", "") and not at.error


def test_a_finished_addition_leads_to_training_and_to_its_page(bench):
    put_addition(bench, state="done")
    added(bench)
    at = visit("backbones")
    assert "**Tiny** was added and can be used" in text_of(at) and "Open its page" in link_labels(at)
    at.button(key="addition.train.a1").click().run()
    assert not addition_folder(bench.settings, "a1").path.exists()


def test_a_backbone_that_was_removed_again_is_said(bench):
    put_addition(bench, state="done")
    at = visit("backbones")
    assert "was added and is removed again" in text_of(at) and not at.exception


def test_the_page_of_an_added_backbone_shows_what_was_stored(bench):
    check = CheckedPhoto(photo=CHECK_PHOTO, engine="LiteRT", features=(0.5, 1.5, 2.5))
    facts = {"check": check.to_json(), "accepted_licence": "cc-by-nc-4.0", "notes": [EVIL]}
    files = (AddedFile(path="model.safetensors", sha256="ab" * 32, bytes=1_200_000),)
    backbone = replace(get("efficientnet_lite0"), name="tiny", title="Tiny", short=None, source="hub:a/b@" + "c" * 40)
    bench.registry.add_backbone(AddedBackbone(backbone=backbone, files=files, added_at=1.0, facts=facts))
    at = visit("backbones", backbone="tiny")
    text = text_of(at).replace("\\", "")
    assert not at.exception and "3 features computed by LiteRT" in text and "licence cc-by-nc-4.0 accepted" in text
    assert "`a/b` at commit `cccccccccccc`" in text and "<script>" not in text_of(at)
    assert list(at.dataframe[-1].value["SHA-256"]) == ["ab" * 32]


def test_an_added_backbone_is_removed_after_a_second_click(bench):
    added(bench)
    added_folder(bench.settings, "tiny").mkdir(parents=True)
    at = visit("backbones", backbone="tiny")
    at.button(key="backbone.remove").click().run()
    assert "1 backbone" in text_of(at) and bench.backbone("tiny")
    at.button(key="backbone.remove-yes").click().run()
    assert not at.exception and not at.error and "Tiny" not in shown(at)
    with pytest.raises(NotFound):
        bench.registry.added_backbone("tiny")


def test_a_backbone_of_the_catalogue_cannot_be_removed(bench):
    at = visit("backbones", backbone="squeezenet")
    assert "backbone.remove" not in [button.key for button in at.button]


def test_the_page_of_a_backbone_can_be_opened_from_a_list(bench):
    """The keyboard reaches neither the buttons in the table nor the points of the chart."""
    at = visit("backbones", q="Lite")
    box = at.selectbox(key="backbones.choose")
    assert box.value is None and "EfficientNet-Lite1" in box.options
    box.set_value("efficientnet_lite1").run()
    assert not at.exception and at.query_params["backbone"] == "efficientnet_lite1"
