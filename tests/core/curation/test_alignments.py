"""Many pairs on several cores, with the results of one."""

import os
import subprocess
import sys
import time
from textwrap import dedent

import pytest

from core.curation import alignments as module
from core.curation.alignments import alignments
from core.curation.pictures import picture_of
from core.jobs.processes import identity_of
from core.settings import REPOSITORY
from tests.core.curation.test_alignment import noise

PAIRS = [(first, second) for first in range(5) for second in range(first + 1, 6)]


@pytest.fixture(scope="module")
def pixels():
    """Three pictures and a crop of each."""
    images = [one for seed in range(3) for one in (noise(seed), noise(seed).crop((20, 20, 380, 380)))]
    return [picture_of(image.copy()).pixels for image in images]


def test_several_processes_find_what_one_finds_in_the_same_order(pixels, monkeypatch):
    monkeypatch.setattr(module, "_PART", 4)
    alone = list(alignments(pixels, PAIRS))
    assert list(alignments(pixels, PAIRS, least=1, cores=2)) == alone
    assert sum(one.correlation > 0.95 for one in alone) == 3


def test_few_pairs_start_no_process(pixels, monkeypatch):
    monkeypatch.setattr(module, "ProcessPoolExecutor", None)
    assert len(list(alignments(pixels, PAIRS, cores=2))) == len(PAIRS)
    assert len(list(alignments(pixels, PAIRS, least=1, cores=1))) == len(PAIRS)
    assert list(alignments([], [], least=0, cores=1)) == []


def test_where_the_processes_are_killed_the_rest_is_done_here(pixels, monkeypatch):
    monkeypatch.setattr(module, "_PART", 4)
    monkeypatch.setattr(module, "_end_with_parent", sys.exit)  # every process ends before its first part
    assert list(alignments(pixels, PAIRS, least=1, cores=2)) == list(alignments(pixels, PAIRS))


def test_processes_end_with_a_parent_that_was_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        dedent("""
        import multiprocessing, os, signal
        import numpy as np
        from core.curation import alignments as module

        if __name__ == "__main__":
            module._PART = 4
            pixels = np.random.default_rng(0).integers(0, 255, (8, 64, 64, 3), np.uint8)
            next(module.alignments(pixels, [(0, 1)] * 400, least=1, cores=2))
            print(*(child.pid for child in multiprocessing.active_children()), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    # A pipe would stay open as long as the processes live. Python's resource tracker may complain of the kill.
    with (tmp_path / "out").open("w") as out, (tmp_path / "errors").open("w") as errors:
        subprocess.run([sys.executable, str(script)], cwd=REPOSITORY, env=environment, stdout=out, stderr=errors)
    children = [int(pid) for pid in (tmp_path / "out").read_text().split()]
    assert len(children) == 2
    deadline = time.monotonic() + 60
    while any(identity_of(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(identity_of(pid) for pid in children)
