"""The decoder as a process: it replies in JSON lines and ends with its input."""

import hashlib
import json
import subprocess
import sys

from core.settings import REPOSITORY
from tests.photo_files import jpeg


def test_a_decoder_ends_when_its_parent_is_gone(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "core.datasets.decoding.decoder", str(tmp_path)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b'{"ready": true}\n'
    process.stdin.close()
    assert process.wait(20) == 0
    process.stdout.close()


def test_every_task_gets_one_reply_and_accepted_photos_are_stored_under_their_digest(tmp_path):
    (tmp_path / "good").write_bytes(jpeg(1))
    (tmp_path / "bad").write_bytes(b"no photo")
    tasks = [
        {"index": n, "path": bytes(tmp_path / name).hex(), "member": None, "grey_bits": 16, "exact": False}
        for n, name in enumerate(("good", "bad"))
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "core.datasets.decoding.decoder", str(tmp_path)],
        cwd=REPOSITORY,
        input="".join(json.dumps(task) + "\n" for task in tasks),
        capture_output=True,
        text=True,
    )
    ready, good, bad = map(json.loads, ended.stdout.splitlines())
    assert ready == {"ready": True} and ended.returncode == 0
    assert good["digest"] == hashlib.sha256(jpeg(1)).hexdigest() and (good["width"], good["height"]) == (24, 16)
    assert (tmp_path / f"{good['digest']}.jpg").stat().st_size == good["stored_bytes"]
    assert bad == {"index": 1, "reason": "is a text file, not a photo"}
