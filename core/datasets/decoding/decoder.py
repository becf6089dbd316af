"""The child process that decodes untrusted bytes: ``python -m core.datasets.decoding.decoder FOLDER [--own]``.

It reads tasks as JSON lines on stdin, writes each decoded photo to ``FOLDER/<digest>.jpg`` and replies with one JSON
line on stdout. A task with the key ``given`` is followed by so many bytes, the file itself; the photo, of ``sent``
bytes, then follows the reply, and no file is written. The kernel limits memory, file size and time per photo, so that a
hostile photo affects only itself. The process ends when stdin is closed, so it never runs longer than its parent; with
``--own`` it then deletes the folder, which a parent that was killed cannot.
"""

import errno
import hashlib
import json
import os
import resource
import shutil
import signal
import sys
from functools import lru_cache
from io import BufferedReader, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from core.datasets.archives.members import Member, read_file, read_member
from core.datasets.decoding.kinds import kind_of
from core.datasets.decoding.photos import ISOLATED, SECONDS_PER_PHOTO, StoredPhoto, decode, exact_digest, load_plugin
from core.errors import InvalidInput

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

MEMORY_LIMIT = 2 * 2**30
WRITE_LIMIT = 64 * 2**20
TOO_SLOW = f"took longer than {SECONDS_PER_PHOTO:.0f} seconds to decode"
CRASHED = "is damaged or malicious: the process that read it crashed"


def main() -> None:
    """Decode tasks until stdin ends."""
    set_limits()
    folder = Path(sys.argv[1])
    _reply(_line({"ready": True}))
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_PHOTO)  # the kernel kills this process at timeout
        reply = _result(json.loads(line), folder)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _reply(reply)
    if "--own" in sys.argv[2:]:
        shutil.rmtree(folder, ignore_errors=True)


def set_limits() -> None:
    """Limit memory and the size of files that this process writes."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_LIMIT),
        (resource.RLIMIT_FSIZE, WRITE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _reply(reply: bytes) -> None:
    sys.stdout.buffer.write(reply)
    sys.stdout.buffer.flush()


def _line(result: dict) -> bytes:
    return json.dumps(result).encode() + b"\n"


def _result(task: dict, folder: Path) -> bytes:
    try:
        data = _read(task)
        if kind_of(data) == ISOLATED:
            return _in_own_process(task, data, folder)
        return _decoded(task, data, folder)
    except InvalidInput as refusal:
        return _line({"index": task["index"], "reason": str(refusal)})
    except MemoryError:
        return _line({"index": task["index"], "reason": "needs more memory than a photo may take"})


def _decoded(task: dict, data: bytes, folder: Path) -> bytes:
    if task.get("given") is not None:
        photo = decode(data, grey_bits=task["grey_bits"])
        return _line({"index": task["index"], "sent": len(photo.jpeg)} | _about(photo)) + photo.jpeg
    answer = {"index": task["index"], "digest": hashlib.sha256(data).hexdigest()}
    if task["exact"]:
        photo, pixels = StoredPhoto(jpeg=b"", width=0, height=0), exact_digest(data, grey_bits=task["grey_bits"])
    else:
        photo = decode(data, grey_bits=task["grey_bits"])
        pixels = hashlib.sha256(photo.jpeg).hexdigest()
        if not _write(folder, answer["digest"], photo.jpeg):
            return _line({"index": task["index"], "full": True})
    return _line(answer | {"pixels": pixels, "stored_bytes": len(photo.jpeg)} | _about(photo))


def _about(photo: StoredPhoto) -> dict:
    return {"width": photo.width, "height": photo.height, "grey_max": photo.grey_max, "route": photo.route}


def _in_own_process(task: dict, data: bytes, folder: Path) -> bytes:
    """Decode in a forked process. libheif's binding can crash at a good photo after it has read a damaged one."""
    load_plugin(ISOLATED)  # once, not in every fork
    reading, writing = os.pipe()
    own = os.fork()
    if own == 0:
        signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_PHOTO)
        try:
            reply = _decoded(task, data, folder)
        except InvalidInput as refusal:
            reply = _line({"index": task["index"], "reason": str(refusal)})
        except MemoryError:
            reply = _line({"index": task["index"], "reason": "needs more memory than a photo may take"})
        while reply:
            reply = reply[os.write(writing, reply) :]
        os._exit(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        reply = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(own, 0)[1])
    if code == 0 and reply:
        return reply
    return _line({"index": task["index"], "reason": TOO_SLOW if code == -signal.SIGALRM else CRASHED})


def _read(task: dict) -> bytes:
    if task.get("given") is not None:
        return sys.stdin.buffer.read(task["given"])
    if task.get("row") is None:
        return read_source(task)
    from core.datasets.labels.parquet_rows import photo_in_row

    return photo_in_row(_parquet(json.dumps([task["path"], task["member"]])), task["column"], task["row"])


@lru_cache(maxsize=1)
def _parquet(source: str) -> "ParquetFile":
    """Kept: the photos of a file are decoded one after the other."""
    from core.datasets.labels.parquet_rows import open_parquet

    path, member = json.loads(source)
    return open_parquet(read_source({"path": path, "member": member}))


def read_source(task: dict) -> bytes:
    """The bytes of the file or member of a task.

    Raises:
        InvalidInput: with the reason as a sentence fragment.
    """
    if task["member"] is None:
        return read_file(Path(os.fsdecode(bytes.fromhex(task["path"]))))
    fields = task["member"] | {"raw_name": bytes.fromhex(task["member"]["raw_name"])}
    return read_member(_archive(task["path"]), Member(**fields))


@lru_cache(maxsize=1)
def _archive(path: str) -> BinaryIO:
    """Kept open: an import reads thousands of members of one archive."""
    return BufferedReader(FileIO(os.fsdecode(bytes.fromhex(path))))


def _write(folder: Path, digest: str, jpeg: bytes) -> bool:
    """Store the photo; False if the disk is full. Renamed into place, because two children may write the same photo."""
    part = f"{folder}/{os.getpid()}.part"
    try:
        with FileIO(part, "w") as file:  # unbuffered: half the system calls of a buffered file
            written = file.write(jpeg)
        if written != len(jpeg):
            return False
        os.rename(part, f"{folder}/{digest}.jpg")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return False
        raise
    return True


if __name__ == "__main__":
    main()
