"""Backbones that are added in tests, without TensorFlow: a preparer that writes one file, an engine that averages."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from core.backbones.additions import AdditionProgress, AdditionRequest, Prepared
from core.features import check_photo, preparing
from core.files.folders import AdditionFolder
from core.jobs import background_additions
from tests.core.registry.test_backbones import an_added
from tests.hub_server import LocalHub


class MeanColour:
    """An engine: the mean colours of a photo."""

    name, workers, batch = "Mean", 1, 8

    def __call__(self, views):
        return np.stack([view.square(16).mean((0, 1)) for view in views]).astype(np.float32)


def prepare_file(request: AdditionRequest, folder, report) -> Prepared:
    report(AdditionProgress(stage="Copying"))
    (folder / "weights.bin").write_bytes(request.source.encode())
    return Prepared(backbone=an_added(request.name).backbone, facts={"from": request.source})


def use_file_preparer(monkeypatch: pytest.MonkeyPatch, preparer=prepare_file, engine=MeanColour) -> None:
    """Additions of kind ``hub`` in this process need no hub and no TensorFlow."""
    monkeypatch.setitem(preparing.PREPARING, "hub", preparer)
    monkeypatch.setattr(check_photo, "choose_engine", lambda backbone, settings, note: engine())


@contextmanager
def serving_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A local hub, which is the hub of this process."""
    for name in ("GRAFT_OFFLINE", "HF_TOKEN", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with LocalHub() as hub:
        monkeypatch.setenv("GRAFT_HUB_URL", hub.url)
        yield hub


def without_processes(monkeypatch: pytest.MonkeyPatch) -> list[AdditionFolder]:
    """The folders of the additions whose process would have been started."""
    folders: list[AdditionFolder] = []
    monkeypatch.setattr(background_additions, "start_process", lambda module, folder, *_: folders.append(folder))
    return folders
