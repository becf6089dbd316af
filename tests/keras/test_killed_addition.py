"""A process that adds a backbone is killed (SIGKILL) in its download; then the backbone is added again."""

import signal
import subprocess
import sys
import time

import pytest

from core.backbones import obtain
from core.files.home import added_folders, addition_folders, hub_downloads
from core.jobs import processes
from core.settings import REPOSITORY
from tests import staged_networks
from tests.added import serving_hub

pytestmark = pytest.mark.keras

WEIGHTS = "model.safetensors"


@pytest.fixture
def hub(monkeypatch, settings):
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    with serving_hub(monkeypatch) as hub:
        hub.add("graft/tiny", staged_networks.repository_of("resnet"), card={"license": "mit"})
        yield hub


def add() -> subprocess.Popen:
    command = [sys.executable, "-m", "core", "backbones", "add", "graft/tiny", "--wait"]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def once(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_an_addition_that_was_killed_goes_on_where_its_download_was_and_leaves_nothing(hub, settings, registry):
    content = hub.repositories["graft/tiny"].files[WEIGHTS]
    begun = len(content) * 9 // 10
    hub.faults.crawl_after[WEIGHTS] = begun
    first = add()
    part = once(lambda: next((one for one in hub_downloads(settings).glob(f"*/.{WEIGHTS}.part")), None))
    once(lambda: part.stat().st_size >= begun)
    (folder,) = addition_folders(settings)
    (adding,) = processes.processes_that_hold(folder.alive_lock)
    processes.signal_process(adding, signal.SIGKILL)
    said, _ = first.communicate(timeout=300)
    assert first.returncode != 0 and "The addition was killed before it was done" in said

    have = part.stat().st_size
    assert begun <= have < len(content) and content.startswith(part.read_bytes())
    assert registry.added_backbones() == [] and list(added_folders(settings)) == []
    hub.faults.crawl_after.clear()
    hub.asked.clear()

    again = add()
    said, _ = again.communicate(timeout=300)
    assert again.returncode == 0, said
    asked = [wanted for file, wanted in hub.asked if file == WEIGHTS]
    assert asked == [f"bytes={have}-"], "only the rest was asked for"
    (added,) = registry.added_backbones()
    backbone = added.backbone
    assert backbone.name == "tiny" and obtain(backbone, settings).is_dir()  # its files have their digest
    assert list(hub_downloads(settings).iterdir()) == [] and list(addition_folders(settings)) == []
    stored = {path.name for path in added_folders(settings)[0].parent.iterdir() if not path.name.endswith(".lock")}
    assert stored == {"tiny", ".record-tiny.json", ".downloads"}
