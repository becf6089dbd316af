"""Decoding untrusted bytes in child processes, so that a crash affects one photo only: many photos of an import.

Single photos of a prediction: ``core.datasets.decoding.warm``.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core.datasets.archives.members import Member, ParquetRow
from core.datasets.decoding.decoder import CRASHED, TOO_SLOW
from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.layout import UploadFile
from core.errors import NoSpace, Unavailable
from core.settings import REPOSITORY

TICK_SECONDS = 0.2
_PAUSE_SECONDS = 0.01
"""Pause between two reads of results: waking up for each of them would cost a tenth of the decoding time."""

_QUEUE_LENGTH = 128
"""Most tasks in the pipe of a child, enough for 50 ms of the smallest photos. A pipe holds 64 kB, a task has about
0.4 kB; of longer tasks it holds fewer, and the parent waits until the child has read some.
"""

_PIPE_BYTES = 2**16
"""That a pipe holds."""

_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TMPDIR", "TZ")
"""Variables that a decoder gets; no others, because the environment may hold passwords and tokens."""

_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
"""Without the first two glibc returns the memory of every photo to the kernel: 110 page faults a photo instead of 5.
Without the third pyarrow reserves address space beyond the limit of a decoder."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A photo to decode: the file at ``path``, or a member of the archive at ``path``.

    With ``row`` that file or member is a Parquet file, and the photo lies in this row of ``column``.

    Args:
        grey_bits: see ``photos.decode``.
        exact: store nothing, only find the digest of all its pixels (``photos.exact_digest``).
    """

    index: int
    path: Path
    member: Member | None = None
    column: str = ""
    row: int | None = None
    grey_bits: int | None = FULL_GREY
    exact: bool = False

    def line(self) -> bytes:
        member = self.member and vars(self.member) | {"raw_name": self.member.raw_name.hex()}
        task = {"index": self.index, "path": os.fsencode(self.path).hex(), "member": member}
        how = {"column": self.column, "row": self.row, "grey_bits": self.grey_bits, "exact": self.exact}
        return json.dumps(task | how).encode() + b"\n"


def task_of(index: int, file: UploadFile, upload: Path) -> Task:
    """The task to decode a file of the upload at ``upload``, an archive or a folder."""
    if isinstance(file.source, ParquetRow):
        packed = task_of(index, replace(file, source=file.source.file), upload)
        return replace(packed, column=file.source.column, row=file.source.row)
    if isinstance(file.source, Path):
        return Task(index=index, path=file.source.absolute())
    return Task(index=index, path=upload, member=file.source)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The photo of a task, now stored as ``<digest>.jpg``.

    Args:
        pixels: SHA-256 (hex) of the stored JPEG, or of all pixels of an ``exact`` task, which stores none.
        width, height, grey_max, route: as of a ``StoredPhoto``.
    """

    index: int
    digest: str
    pixels: str
    width: int
    height: int
    stored_bytes: int
    grey_max: int | None
    route: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why the photo of a task cannot be used, as a sentence fragment."""

    index: int
    reason: str


def decode_all(
    tasks: Sequence[Task], folder: Path, *, workers: int | None = None, keep_open: tuple[int, ...] = ()
) -> Generator[Decoded | Failed | None]:
    """Decode tasks into ``folder`` on all cores.

    Yields:
        One result per task in the order of completion, and ``None`` at least every ``TICK_SECONDS``, so that the caller
        can stop. Closing the generator ends the children.

    Raises:
        NoSpace: the disk filled up. Unavailable: no decoder process can be started.
    """
    waiting = deque(tasks)
    wanted = min(workers or len(os.sched_getaffinity(0)), len(tasks))
    children: list[DecoderProcess] = []
    try:
        with selectors.DefaultSelector() as selector:
            while waiting or any(child.pending for child in children):
                while len(children) < wanted and waiting:
                    child = DecoderProcess(folder, keep_open)
                    selector.register(child.output, selectors.EVENT_READ, child)
                    children.append(child)
                for child in children:
                    child.feed(waiting, share=len(waiting) // (2 * wanted))
                yield None
                for key, _ in selector.select(TICK_SECONDS):
                    yield from _collect(key.data, children, waiting, selector)
                time.sleep(_PAUSE_SECONDS)
    finally:
        for child in children:
            child.end()


def _collect(
    child: "DecoderProcess", children: list["DecoderProcess"], waiting: deque[Task], selector: selectors.BaseSelector
) -> Iterator[Decoded | Failed]:
    """New results of a child. If it has ended, its current photo fails and its other tasks return to the queue."""
    results = child.results()
    if results is not None:
        yield from results
        return
    selector.unregister(child.output)
    children.remove(child)
    reason = child.failure_reason()
    if not child.ready:
        raise child.not_started()
    if child.pending:
        yield Failed(index=child.pending.popleft().index, reason=reason)
    waiting.extendleft(reversed(child.pending))
    child.pending.clear()


def environment() -> dict[str, str]:
    """The variables of a child process that reads untrusted bytes."""
    return _MALLOC | {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


class DecoderProcess:
    """One decoder process. It decodes its tasks in order, so the first pending one is the current one.

    Args:
        folder: of the decoded photos. keep_open: descriptors that the process inherits.
        own: the folder is the process's own: it deletes it where this process is gone.
    """

    def __init__(self, folder: Path, keep_open: tuple[int, ...] = (), *, own: bool = False) -> None:
        self.pending: deque[Task] = deque()
        self.ready = False
        self._rest = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.datasets.decoding.decoder", str(folder), *(["--own"] if own else [])],
            cwd=REPOSITORY,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=keep_open,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
        )
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout

    def feed(self, waiting: deque[Task], share: int) -> None:
        """Send tasks; fewer towards the end (``share``), so that all children end at the same time."""
        room = min(_QUEUE_LENGTH, max(2, share)) - len(self.pending)
        tasks = [waiting.popleft() for _ in range(min(room, len(waiting)))]
        self._send(tasks)

    def ask(self, task: Task) -> Decoded | Failed:
        """Decode one file and wait for it; nothing else may be pending. A process that ended has ``ended`` True.

        Raises:
            NoSpace: the disk is full. Unavailable: the process could not be started.
        """
        self._send([task])
        while (found := self.results()) is not None:
            if found:
                return found[0]
        reason = self.failure_reason()
        if not self.ready:
            raise self.not_started()
        return Failed(index=task.index, reason=reason)

    def decode(self, given: bytes, grey_bits: int | None) -> StoredPhoto | Failed:
        """As ``ask``, but file and photo come and go through the pipes; nothing is written to the folder.

        Args:
            grey_bits: see ``photos.decode``.

        Raises:
            Unavailable: the process could not be started.
        """
        task = {"index": 0, "given": len(given), "exact": False, "grey_bits": grey_bits}
        self._write(json.dumps(task).encode() + b"\n" + given)
        while (line := self._until(lambda rest: rest.find(b"\n") + 1)) is not None:
            reply = json.loads(line)
            if reply.pop("ready", False):
                self.ready = True
                continue
            if "reason" in reply:
                return Failed(**reply)
            jpeg = self._bytes(reply.pop("sent"))
            if jpeg is None:
                break
            reply.pop("index")
            return StoredPhoto(jpeg=jpeg, **reply)
        reason = self.failure_reason()
        if not self.ready:
            raise self.not_started()
        return Failed(index=0, reason=reason)

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def not_started(self) -> Unavailable:
        return Unavailable(f"The photo decoder could not be started (exit code {self.process.returncode}).")

    def _send(self, tasks: Sequence[Task]) -> None:
        self.pending.extend(tasks)
        self._write(b"".join(task.line() for task in tasks))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        with suppress(BrokenPipeError):  # it has just ended; who reads the results handles that
            while rest:
                rest = rest[self.input.write(rest) :]

    def _bytes(self, size: int) -> bytes | None:
        return self._until(lambda rest: size if len(rest) >= size else 0)

    def _until(self, end: Callable[[bytes], int]) -> bytes | None:
        """What the process sends up to ``end`` of all that has arrived (0: more is needed); None if it has ended."""
        while not (size := end(self._rest)):
            data = os.read(self.output.fileno(), _PIPE_BYTES)
            if not data:
                return None
            self._rest += data
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def results(self) -> list[Decoded | Failed] | None:
        """Results since the last call; None if the process has ended."""
        data = os.read(self.output.fileno(), _PIPE_BYTES)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [result for line in lines if (result := self._result(json.loads(line)))]

    def _result(self, reply: dict) -> Decoded | Failed | None:
        if reply.get("ready"):
            self.ready = True
            return None
        if reply.get("full"):
            raise NoSpace("The disk became full while photos were stored; nothing was kept. Free some space first.")
        self.pending.popleft()
        return Failed(**reply) if "reason" in reply else Decoded(**reply)

    def failure_reason(self) -> str:
        """Why the current photo failed, if the process has ended by itself."""
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = None  # it closed its output but still runs
        self.end()
        return TOO_SLOW if code == -signal.SIGALRM else CRASHED

    def end(self) -> None:
        with suppress(ProcessLookupError):  # with the process that a HEIC photo has of its own
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.input.close()
        self.output.close()
