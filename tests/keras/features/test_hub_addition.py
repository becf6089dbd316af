"""Models of a local hub are added, from their address to the features of the check photo."""

import json

import numpy as np
import pytest

from core.backbones.additions import AdditionRequest
from core.backbones.hub import architectures
from core.backbones.hub.client import ATTEMPTS
from core.errors import InvalidInput, Unavailable
from core.features import converted, networks
from core.files.home import added_folder, addition_folder, hub_downloads
from core.jobs.additions import run_addition
from tests import staged_networks
from tests.hub_server import LocalHub
from tests.tiny_hub import token_files

pytestmark = pytest.mark.keras
MIT = {"license": "mit", "datasets": ["imagenet-1k"]}


@pytest.fixture
def hub(monkeypatch, settings):
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("core.backbones.hub.client.time.sleep", lambda seconds: None)
    with LocalHub() as hub:
        monkeypatch.setenv("GRAFT_HUB_URL", hub.url)
        yield hub


@pytest.fixture
def add(settings, registry):
    def add(source, name="tiny", **changes):
        folder = addition_folder(settings, "1")
        folder.path.mkdir(parents=True, exist_ok=True)
        request = AdditionRequest(kind="hub", name=name, source=source, **changes)
        return run_addition(request, folder, settings=settings, registry=registry, report=lambda progress: None)

    return add


@pytest.mark.parametrize("name", ["dinov2", "clip", "timm_vit"])
def test_a_network_of_tokens_is_added(hub, add, settings, name):
    tiny = hub.add("graft/tiny", token_files(name), card=MIT)
    added = add("graft/tiny")
    row = added.backbone
    assert row.has_tokens and row.trained_on == "ImageNet-1k" and row.licence == "mit"
    assert row.source == f"hub:graft/tiny@{tiny.commit}"
    assert len(added.facts["check"]["features"]) == row.feature_size == 32
    assert added.facts["check"]["engine"] == "LiteRT" and added.facts["notes"] == []
    assert {"config.json", "model.safetensors", "backbone.json"} <= {file.path for file in added.files}
    assert networks.build(row, settings).output.shape[1:] == row.block_shapes[-1]
    assert not list(hub_downloads(settings).iterdir())


def test_a_variant_that_keras_hub_does_not_convert_is_refused_before_its_weights_are_asked_for(hub, add, settings):
    pytest.importorskip("keras_hub")
    config = json.loads(token_files("timm_vit")["config.json"]) | {"architecture": "mobilenetv3_rw"}
    hub.add("graft/tiny", {"config.json": json.dumps(config).encode(), "model.safetensors": b"large"}, card=MIT)
    with pytest.raises(InvalidInput, match=r"keras-hub cannot convert tiny \(.*mobilenetv3_rw.*\)\. Choose another"):
        add("graft/tiny")
    assert "model.safetensors" not in [file for file, _ in hub.asked] and not list(hub_downloads(settings).iterdir())


@pytest.mark.parametrize(("name", "family"), [("resnet", "ResNet"), ("timm_swin", "Swin")])
def test_a_network_in_stages_is_added_without_keras_hub(hub, add, settings, monkeypatch, name, family):
    monkeypatch.setattr(architectures, "find_spec", lambda name: None)
    hub.add("graft/tiny", staged_networks.repository_of(name), card=MIT)
    added = add("graft/tiny")
    assert {file.path for file in added.files} >= {"config.json", converted.NETWORK}
    assert "model.safetensors" not in {file.path for file in added.files}
    assert added.backbone.classes and added.backbone.family == family and added.facts["check"]["engine"] == "LiteRT"
    assert added.backbone.fixed_size == (family == "Swin") and added.facts["notes"] == []
    photos = staged_networks.photos(staged_networks.size_of(name))
    features = networks.network(added.backbone, settings)(photos, training=False)
    assert np.allclose(features, staged_networks.reference()[name]["features"], rtol=1e-4, atol=1e-5)
    assert networks.classifier(added.backbone, settings).output.shape == (None, 1000)


def test_an_addition_that_broke_at_90_percent_goes_on_there(hub, add, settings, registry):
    files = token_files("vit")
    hub.add("graft/tiny", files, card=MIT)
    cut = int(0.9 * len(files["model.safetensors"]))
    hub.faults.cut_at["model.safetensors"] = [cut] * ATTEMPTS
    with pytest.raises(Unavailable, match="what was downloaded is kept"):
        add("graft/tiny")
    assert registry.added_backbones() == []
    hub.asked.clear()
    add("graft/tiny")
    assert ("model.safetensors", f"bytes={cut}-") in hub.asked


def test_weights_that_do_not_fit_are_refused_and_nothing_is_added(hub, add, registry, settings):
    files = token_files("vit")
    config = json.loads(files["config.json"]) | {"num_hidden_layers": 4}
    hub.add("graft/tiny", files | {"config.json": json.dumps(config).encode()}, card=MIT)
    with pytest.raises(Unavailable, match="weights"):
        add("graft/tiny")
    assert registry.added_backbones() == [] and not added_folder(settings, "tiny").exists()


def test_a_licence_that_was_not_accepted_is_refused_before_the_weights_are_asked_for(hub, add):
    hub.add("graft/tiny", token_files("vit"), card={"license": "cc-by-nc-4.0"})
    with pytest.raises(InvalidInput, match="Accept the licence"):
        add("graft/tiny")
    assert "model.safetensors" not in [file for file, _ in hub.asked]
    assert add("graft/tiny", accepted_licence="cc-by-nc-4.0").facts["accepted_licence"] == "cc-by-nc-4.0"
