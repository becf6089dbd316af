"""An addition is tried in a draft, and is there as a whole or not at all."""

import json
from dataclasses import replace

import pytest

from core.backbones import availability, obtain
from core.backbones.values import Availability
from core.errors import Cancelled, Conflict, InvalidInput, Unavailable
from core.files.home import added_folder, added_record, addition_folder, backbones_folder, features_folder
from core.jobs import additions
from core.jobs.additions import ROW, recover, run_addition
from core.registry import Registry
from tests.added import MeanColour, prepare_file, use_file_preparer
from tests.core.backbones.test_additions import a_request


@pytest.fixture
def add(settings, registry, monkeypatch):
    """Adds a backbone in this process."""
    use_file_preparer(monkeypatch)
    stages = []

    def add(report=lambda progress: stages.append(progress.stage), **changes):
        folder = addition_folder(settings, "1")
        folder.path.mkdir(parents=True, exist_ok=True)
        return run_addition(a_request(**changes), folder, settings=settings, registry=registry, report=report)

    add.stages = stages
    return add


def test_an_added_backbone_is_registered_with_files_that_can_be_obtained(add, settings, registry):
    added = add(accepted_licence="mit", answers={"fit": "crop"})
    assert registry.added_backbone("tiny") == added
    assert {file.path for file in added.files} == {"weights.bin", ROW}
    assert added.backbone.weights_bytes == sum(file.bytes for file in added.files)
    assert availability(added.backbone, settings) is Availability.READY
    assert obtain(added.backbone, settings) == added_folder(settings, "tiny")
    assert added.facts["from"] == "graft/tiny@abc"
    assert (added.facts["accepted_licence"], added.facts["answers"]) == ("mit", {"fit": "crop"})
    assert added.facts["check"]["engine"] == "Mean" and len(added.facts["check"]["features"]) == 3
    assert add.stages == ["Copying", "Computing the features of a check photo", "Storing"]
    assert not addition_folder(settings, "1").draft.exists()


def test_the_digest_covers_how_pixels_are_scaled_but_not_the_name(add, settings, registry, monkeypatch):
    first, same = add(), add(name="other")
    assert first.backbone.weights_digest == same.backbone.weights_digest, "so that stored features are shared"

    def otherwise(request, folder, report):
        prepared = prepare_file(request, folder, report)
        return replace(prepared, backbone=replace(prepared.backbone, scaling=None))

    use_file_preparer(monkeypatch, otherwise)
    assert add(name="third").backbone.weights_digest != first.backbone.weights_digest


def test_a_changed_file_is_refused(add, settings):
    added = add()
    (added_folder(settings, "tiny") / "weights.bin").write_bytes(b"other")
    with pytest.raises(Unavailable, match="changed or damaged"):
        obtain(added.backbone, settings)


def test_a_name_that_is_taken_is_refused_before_anything_is_prepared(add):
    add()
    add.stages.clear()
    with pytest.raises(Conflict, match="already a backbone 'tiny'"):
        add()
    assert add.stages == []


def nothing_is_left(settings, registry) -> bool:
    left = [path.name for path in backbones_folder(settings).iterdir() if path.name not in (".addition.lock", ".add-1")]
    return not left and not registry.added_backbones() and not addition_folder(settings, "1").draft.exists()


def test_a_cancelled_addition_leaves_nothing(add, settings, registry):
    def stop(progress):
        if progress.stage == "Storing":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        add(report=stop)
    assert nothing_is_left(settings, registry)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [(lambda row: row * float("nan"), "not finite"), (lambda row: row * 0 + 1, "the same features for two different")],
)
def test_features_that_cannot_be_right_are_refused(add, settings, registry, monkeypatch, features, sentence):
    class Wrong(MeanColour):
        def __call__(self, views):
            return features(super().__call__(views))

    use_file_preparer(monkeypatch, engine=Wrong)
    with pytest.raises(InvalidInput, match=sentence):
        add()
    assert nothing_is_left(settings, registry)


def test_what_a_kill_left_between_folder_and_row_is_registered(add, settings, registry, monkeypatch):
    def killed(self, added):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Registry, "add_backbone", killed)
        add()
    assert added_folder(settings, "tiny").exists() and not registry.added_backbones()
    recover(settings, registry)
    assert [one.backbone.name for one in registry.added_backbones()] == ["tiny"]
    assert obtain(registry.added_backbone("tiny").backbone, settings)


def test_a_folder_that_is_no_backbone_stays_and_is_not_registered(settings, registry):
    added_folder(settings, "mine").mkdir(parents=True)
    added_folder(settings, "broken").mkdir()
    added_record(settings, "broken").write_text(json.dumps({"backbone": 1}))
    recover(settings, registry)
    assert registry.added_backbones() == [] and added_folder(settings, "mine").exists()


def test_the_engine_of_the_check_photo_is_kept(add, settings, monkeypatch):
    def exporting(request, folder, report):
        engines = folder.parent.parent / "features" / "engines"
        engines.mkdir(parents=True)
        (engines / "tiny.tflite").write_bytes(b"network")
        return prepare_file(request, folder, report)

    use_file_preparer(monkeypatch, exporting)
    add()
    assert (features_folder(settings) / "engines" / "tiny.tflite").read_bytes() == b"network"


def test_a_second_addition_waits(add, settings, registry):
    from core.files.home import addition_lock
    from core.files.locks import acquire

    def enough():
        raise Cancelled("waited")

    with acquire(addition_lock(settings)), pytest.raises(Cancelled, match="waited"):
        run_addition(
            a_request(),
            addition_folder(settings, "1"),
            settings=settings,
            registry=registry,
            report=additions.Report,
            waiting=enough,
        )
