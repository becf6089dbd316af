"""Decoding bytes nobody vouches for, in child processes that can die without harm."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.members import Member
from core.datasets.photos import SECONDS_PER_PHOTO, StoredPhoto
from core.datasets.values import Rejection
from core.errors import NoSpace, Unavailable
from core.settings import REPOSITORY

TICK_SECONDS = 0.2
_LISTEN_SECONDS = 0.01
"""Pause between two looks at the answers: waking up for each would cost a tenth of the decoding itself."""

_AHEAD = 32
"""Tasks a child has in its pipe at most, so that it never waits for this process. A pipe holds 64 kB, a task 0.4."""

_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TMPDIR", "TZ")
"""What a decoder needs of the environment; passwords and tokens stay out of its reach."""

_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20)}
"""glibc would give the memory of every photo back and take it again: 110 page faults a photo instead of 5."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A photo to decode: the file at ``path``, or a member of the archive at ``path``."""

    index: int
    path: Path
    member: Member | None = None

    def line(self) -> bytes:
        member = self.member and vars(self.member) | {"raw_name": self.member.raw_name.hex()}
        return (
            json.dumps({"index": self.index, "path": os.fsencode(self.path).hex(), "member": member}).encode() + b"\n"
        )


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The photo of a task, now stored as ``<digest>.jpg``."""

    index: int
    digest: str
    width: int
    height: int
    stored_bytes: int


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why the photo of a task cannot be used, as a sentence fragment."""

    index: int
    reason: str


def decode_all(
    tasks: Sequence[Task], folder: Path, *, workers: int | None = None, keep_open: tuple[int, ...] = ()
) -> Generator[Decoded | Failed | None]:
    """Decodes tasks into ``folder`` on all cores.

    Yields:
        One answer per task as they come, and ``None`` at least every ``TICK_SECONDS``, so that the caller can stop.
        Closing the generator ends the children.

    Raises:
        NoSpace: the disk filled up. Unavailable: no decoder process can be started.
    """
    waiting = deque(tasks)
    wanted = min(workers or len(os.sched_getaffinity(0)), len(tasks))
    children: list[_Child] = []
    try:
        with selectors.DefaultSelector() as selector:
            while waiting or any(child.pending for child in children):
                while len(children) < wanted and waiting:
                    children.append(_Child(folder, keep_open, selector))
                for child in children:
                    child.feed(waiting, share=len(waiting) // (2 * wanted))
                yield None
                for key, _ in selector.select(TICK_SECONDS):
                    yield from _hear(key.data, children, waiting, selector)
                time.sleep(_LISTEN_SECONDS)
    finally:
        for child in children:
            child.end()


def _hear(
    child: "_Child", children: list["_Child"], waiting: deque[Task], selector: selectors.BaseSelector
) -> Iterator[Decoded | Failed]:
    """What a child has to say; its death costs the photo it was at, the others go back to the queue."""
    answers = child.answers()
    if answers is not None:
        yield from answers
        return
    selector.unregister(child.output)
    children.remove(child)
    reason = child.why_gone()
    if not child.ready:
        raise Unavailable(f"The photo decoder could not be started (exit code {child.process.returncode}).")
    if child.pending:
        yield Failed(index=child.pending.popleft().index, reason=reason)
    waiting.extendleft(reversed(child.pending))
    child.pending.clear()


class _Child:
    """One decoder process. It works on its tasks in order, so the first pending one is the one it is at."""

    def __init__(self, folder: Path, keep_open: tuple[int, ...], selector: selectors.BaseSelector) -> None:
        self.pending: deque[Task] = deque()
        self.ready = False
        self._rest = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.datasets.decoder", str(folder)],
            cwd=REPOSITORY,
            env=_KEEP_MEMORY | {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=keep_open,
            start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
        )
        assert self.process.stdin and self.process.stdout
        self.input, self.output = self.process.stdin, self.process.stdout
        selector.register(self.output, selectors.EVENT_READ, self)

    def feed(self, waiting: deque[Task], share: int) -> None:
        """Hands it tasks; fewer towards the end (``share``), so that all children end together."""
        while waiting and len(self.pending) < min(_AHEAD, max(2, share)):
            task = waiting.popleft()
            self.pending.append(task)
            try:
                self.input.write(task.line())
            except BrokenPipeError:  # it just died: its output ends too, and the task is dealt with there
                return

    def answers(self) -> list[Decoded | Failed] | None:
        """What it said since; None when it is gone."""
        heard = os.read(self.output.fileno(), 1 << 16)
        if not heard:
            return None
        *lines, self._rest = (self._rest + heard).split(b"\n")
        return [answer for line in lines if (answer := self._answer(json.loads(line)))]

    def _answer(self, said: dict) -> Decoded | Failed | None:
        if said.get("ready"):
            self.ready = True
            return None
        if said.get("full"):
            raise NoSpace("The disk became full while photos were stored; nothing was kept. Free some space first.")
        self.pending.popleft()
        return Failed(**said) if "reason" in said else Decoded(**said)

    def why_gone(self) -> str:
        """What to say of the photo it was at when it died by itself."""
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = None  # it closed its output but lives on
        self.end()
        if code == -signal.SIGALRM:
            return f"took longer than {SECONDS_PER_PHOTO:.0f} seconds to decode"
        return "made the decoder crash, so it is damaged or malicious"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.input.close()
        self.output.close()


def decode_untrusted(items: Sequence[tuple[str, bytes]]) -> list[StoredPhoto | Rejection]:
    """Decodes photos of a visitor, for example for a prediction.

    Args:
        items: (file name, bytes) of each photo.

    Returns:
        For each item in order, the stored photo or why it cannot be used.
    """
    found: dict[int, StoredPhoto | Rejection] = {}
    with tempfile.TemporaryDirectory(prefix="graft-") as name:
        folder = Path(name)
        tasks = [Task(index=index, path=folder / str(index)) for index in range(len(items))]
        for task, (_, data) in zip(tasks, items, strict=True):
            task.path.write_bytes(data)
        for answer in decode_all(tasks, folder):
            if isinstance(answer, Decoded):
                jpeg = (folder / f"{answer.digest}.jpg").read_bytes()
                found[answer.index] = StoredPhoto(jpeg=jpeg, width=answer.width, height=answer.height)
            elif answer is not None:
                found[answer.index] = Rejection(file=items[answer.index][0], reason=answer.reason)
    return [found[index] for index in range(len(items))]
