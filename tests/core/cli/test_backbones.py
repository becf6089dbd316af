"""``backbones``: the list, what is added, shown, checked and removed."""

import pytest

from core.__main__ import main
from core.files.home import added_folder, addition_folder
from core.jobs import background_additions
from core.jobs.additions import run_addition
from core.registry import Registry
from tests.added import serving_hub, use_file_preparer, without_processes
from tests.core.backbones.test_additions import a_request
from tests.tiny_hub import token_files

MIT = {"license": "mit", "datasets": ["imagenet-1k"]}


@pytest.fixture
def hub(monkeypatch):
    with serving_hub(monkeypatch) as hub:
        yield hub


@pytest.fixture
def added(home, registry: Registry, monkeypatch):
    use_file_preparer(monkeypatch)
    folder = addition_folder(home, "1")
    folder.path.mkdir(parents=True)
    return run_addition(a_request(), folder, settings=home, registry=registry, report=lambda progress: None).backbone


@pytest.fixture
def started(monkeypatch):
    """Requests whose process would have been started."""
    return without_processes(monkeypatch)


def test_the_list_has_the_catalogue_what_was_added_and_suggestions(call, added, capsys):
    result = call("backbones")
    rows = {row["name"]: row for row in result["backbones"]}
    assert {"efficientnet_lite0", "tiny"} <= set(rows) and rows["tiny"]["availability"] == "ready"
    assert len(result["suggested"]) == 10 and result["additions"] == []
    assert main(["backbones"]) == 0
    text = capsys.readouterr().out
    assert "facebook/dinov2-small" in text and "tiny" in text


def test_an_added_backbone_is_shown_with_its_files(call, added, capsys):
    result = call("backbones", "show", "tiny")
    assert result["backbone"]["source"] == added.source and result["facts"]["from"] == "graft/tiny@abc"
    assert {file["path"] for file in result["facts"]["files"]} == {"weights.bin", "backbone.json"}
    assert list(result["refused"]) == ["classifier"]
    assert main(["backbones", "show", "tiny"]) == 0
    assert "Not possible: classifier. Tiny ViT has no ImageNet classifier" in capsys.readouterr().out


def test_a_model_of_the_hub_is_shown_before_it_is_added(call, hub, capsys):
    tiny = hub.add("graft/tiny", token_files("timm_vit"), card={"license": "cc-by-nc-4.0"})
    row = call("backbones", "show", "graft/tiny")["hub"]
    assert row["address"] == f"graft/tiny@{tiny.commit}" and row["classes"] and row["input_size"] == 32
    assert main(["backbones", "show", "graft/tiny"]) == 0
    text = capsys.readouterr().out
    assert "does not allow commercial use" in text and "crop_pct 0.9" in text and "-1 to 1" in text


def test_adding_pins_the_commit(call, hub, home, started):
    tiny = hub.add("graft/tiny", token_files("vit"), card=MIT)
    result = call("backbones", "add", "graft/tiny", "--name", "mine")
    assert (result["name"], result["state"]) == ("mine", "running")
    assert f'"source": "graft/tiny@{tiny.commit}"' in started[0].request.read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "graft/tiny"), "Accept the licence 'cc-by-nc-4.0'"),
        (("add", "graft/tiny", "--accept-licence", "mit"), "Accept the licence 'cc-by-nc-4.0'"),
        (("add", "resnet"), "is named owner/name"),
        (("add", "graft/other"), "gated, private or does not exist"),
        (("add",), "Name a backbone"),
        (("add", "graft/tiny", "--accept-licence", "cc-by-nc-4.0", "--name", "resnet50"), "already has a backbone"),
        (("remove", "tiny"), "Nobody added"),
        (("remove", "resnet50"), "Nobody added"),
        (("check", "nothing"), "There is no backbone"),
        (("show", "nothing"), "There is no backbone"),
    ],
)
def test_what_is_wrong_is_one_line(call, hub, started, arguments, sentence):
    hub.add("graft/tiny", token_files("vit"), card={"license": "cc-by-nc-4.0"})
    assert sentence in call("backbones", *arguments, code=1)
    assert started == []


def test_waiting_tells_how_it_ended(call, hub, home, monkeypatch):
    hub.add("graft/tiny", token_files("vit"), card=MIT)
    use_file_preparer(monkeypatch)
    monkeypatch.setattr(
        background_additions,
        "start_process",
        lambda module, folder, settings, *_: background_additions._background(folder.job_id, settings),
    )
    result = call("backbones", "add", "graft/tiny", "--wait")
    assert result["state"] == "done" and result["backbone"]["name"] == "tiny"
    assert "already a backbone 'tiny'" in call("backbones", "add", "graft/tiny", "--wait", code=1)


def test_a_backbone_is_checked_and_removed(call, added, home):
    assert call("backbones", "check", "tiny") == {
        "checked": "tiny", "good": True, "difference": 0.0,
        "found": "its files are as they were; Mean computes the same features (difference 0.0e+00).",
    }  # fmt: skip
    result = call("backbones", "remove", "tiny")
    assert result["removed"] == "tiny" and not added_folder(home, "tiny").exists()


def test_other_features_than_before_are_no_good(call, added, monkeypatch, capsys):
    from core.features import check_photo
    from tests.added import MeanColour

    class Other(MeanColour):
        def __call__(self, views):
            return super().__call__(views) * 1.1

    monkeypatch.setattr(check_photo, "choose_engine", lambda backbone, settings, note: Other())
    assert main(["backbones", "check", "tiny"]) == 1
    assert "computes other features than when it was added" in capsys.readouterr().out
