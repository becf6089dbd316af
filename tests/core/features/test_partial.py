"""An array that grows on disk survives a kill at any time."""

import json

import numpy as np
import pytest

from core.features.partial import PartialArray
from core.runs.costs import Spent


def rows(start: int, stop: int) -> np.ndarray:
    return np.arange(start * 3, stop * 3, dtype=np.float32).reshape(-1, 3)


def test_a_killed_computation_goes_on_after_the_last_rows_known_to_be_on_disk(tmp_path):
    first = PartialArray(tmp_path / ".partial", (6, 3))
    first.append(rows(0, 2), Spent(wall_seconds=1))
    first.sync(Spent(wall_seconds=1, cpu_seconds=2))
    first.append(rows(2, 4), Spent(wall_seconds=2))  # not synced when the kill comes
    del first
    second = PartialArray(tmp_path / ".partial", (6, 3))
    assert second.done == 2
    second.append(rows(2, 6), Spent())
    second.finish(tmp_path / "whole", {"engine": "test"}, Spent(wall_seconds=5, cpu_seconds=7))
    assert np.array_equal(np.load(tmp_path / "whole" / "features.npy"), rows(0, 6))
    meta = json.loads((tmp_path / "whole" / "meta.json").read_text())
    assert meta["cost"] == {"wall_seconds": 6, "cpu_seconds": 9}
    assert sorted(path.name for path in (tmp_path / "whole").iterdir()) == ["features.npy", "meta.json"]


def test_killed_when_all_is_computed_nothing_is_computed_again(tmp_path, monkeypatch):
    first = PartialArray(tmp_path / ".partial", (6, 3))
    first.append(rows(0, 6), Spent())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("core.files.atomic.publish", killed)
        first.finish(tmp_path / "whole", {}, Spent(wall_seconds=5))
    second = PartialArray(tmp_path / ".partial", (6, 3))
    assert second.done == 6 and not (tmp_path / "whole").exists()
    second.finish(tmp_path / "whole", {}, Spent(wall_seconds=1))
    assert np.array_equal(np.load(tmp_path / "whole" / "features.npy"), rows(0, 6))
    assert json.loads((tmp_path / "whole" / "meta.json").read_text())["cost"]["wall_seconds"] == 6


def killed(*arguments):
    raise KeyboardInterrupt


def test_leftovers_of_another_shape_are_not_continued(tmp_path):
    first = PartialArray(tmp_path / ".partial", (6, 3))
    first.append(rows(0, 2), Spent())
    first.sync(Spent())
    assert PartialArray(tmp_path / ".partial", (7, 3)).done == 0


def test_leftovers_of_another_precision_are_not_continued(tmp_path):
    first = PartialArray(tmp_path / ".partial", (6, 3))
    first.append(rows(0, 2), Spent())
    first.sync(Spent())
    assert PartialArray(tmp_path / ".partial", (6, 3), "float16").done == 0


def test_maps_grow_as_vectors_do(tmp_path):
    maps = np.arange(2 * 4 * 4 * 3, dtype=np.float16).reshape(2, 4, 4, 3)
    first = PartialArray(tmp_path / ".partial", maps.shape, "float16")
    first.append(maps[:1], Spent())
    first.sync(Spent())
    second = PartialArray(tmp_path / ".partial", maps.shape, "float16")
    second.append(maps[second.done :], Spent())
    second.finish(tmp_path / "whole", {}, Spent())
    assert np.array_equal(np.load(tmp_path / "whole" / "features.npy"), maps)


@pytest.mark.parametrize("damage", ["", "{", '{"done": 2}'])
def test_a_torn_counter_starts_anew(tmp_path, damage):
    first = PartialArray(tmp_path / ".partial", (6, 3))
    first.append(rows(0, 2), Spent())
    first.sync(Spent())
    (tmp_path / ".partial" / "rows.json").write_text(damage)
    assert PartialArray(tmp_path / ".partial", (6, 3)).done == 0
