from dataclasses import replace

import pytest

from core.backbones import Availability, availability, get, obtain
from core.backbones.added import check_name, digest_of_files, files_of
from core.backbones.values import Backbone
from core.errors import InvalidInput, Unavailable
from core.files.home import added_folder
from core.settings import Settings


@pytest.fixture
def added(settings: Settings) -> Backbone:
    folder = added_folder(settings, "tiny-vit")
    (folder / "weights").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "weights" / "model.safetensors").write_bytes(b"weights")
    digest = digest_of_files(files_of(folder))
    return replace(
        get("squeezenet"), name="tiny-vit", title="Tiny ViT", source="hub:graft/tiny-vit@abc", weights_digest=digest
    )


def test_the_folder_of_an_added_backbone_is_ready_and_verified(added, settings):
    assert availability(added, settings) is Availability.READY
    assert obtain(added, settings) == added_folder(settings, "tiny-vit")


def test_a_changed_file_a_further_one_and_a_missing_folder_are_refused_in_a_sentence(added, settings):
    folder = added_folder(settings, "tiny-vit")
    (folder / "more.txt").write_text("?")
    with pytest.raises(Unavailable, match="Tiny ViT .* were changed or damaged"):
        obtain(added, settings)
    (folder / "more.txt").unlink()
    obtain(added, settings)
    (folder / "weights" / "model.safetensors").write_bytes(b"WEIGHTS")
    with pytest.raises(Unavailable, match="changed or damaged"):
        obtain(added, settings)
    folder.rename(folder.with_name("elsewhere"))
    assert availability(added, settings) is Availability.GONE
    with pytest.raises(Unavailable, match="are missing"):
        obtain(added, settings)


def test_equal_bytes_under_another_name_are_another_backbone(added, settings):
    folder = added_folder(settings, "tiny-vit")
    (folder / "config.json").rename(folder / "other.json")
    assert digest_of_files(files_of(folder)) != added.weights_digest


@pytest.mark.parametrize("name", ["", "r-20260101-abc", "Big", "a/b", "../up", ".hidden", "x" * 81])
def test_an_impossible_name_is_refused(name):
    with pytest.raises(InvalidInput, match="small letters"):
        check_name(name)


def test_a_name_of_the_catalogue_is_refused():
    with pytest.raises(InvalidInput, match="already has a backbone resnet50"):
        check_name("resnet50")
    check_name("dinov2-small")
