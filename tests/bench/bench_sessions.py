"""Fifty sessions over real WebSockets for two minutes, while a run trains: errors, times of pages, what the run loses.

A session behaves as a browser with a person: it opens a page, waits for the end of its script, and sends the reruns
that the page asks for (live progress) until the person has looked at it for 4 to 12 seconds and opens the next one.
Sessions, server and trainer share this machine. The run trains alone before and after, so that its loss is measured in
the same minutes. The CPU of the sessions, which in a house with other machines is theirs, is printed beside that of the
web process. ``python -m tests.bench.bench_sessions [SESSIONS [SECONDS]]``
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from core.jobs import stop_supervisor
from core.jobs.processes import cpu_seconds
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.workbench import Workbench
from tests.bench.homes import open_home
from tests.bench.visiting import Rerun, look_at, served
from tests.browser.conftest import Server
from tests.choices import launch, recipes

PAGES = ("", "datasets", "backbones", "train", "runs", "runs", "compare", "models", "predict", "board")
LOOKS = (4.0, 12.0)
"""Seconds between two pages of a person."""
TARGET_MS, TARGET_LOSS = 300, 0.15


@dataclass
class Seen:
    """What all sessions saw: milliseconds of pages and of reruns for live progress, errors."""

    pages: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass
class Session:
    """One open page."""

    socket: ClientConnection
    seen: Seen
    page: str = ""
    live: dict[str, float] = field(default_factory=dict)
    """Fragments that the page wants to be run again, and every how many seconds."""

    async def open(self, page: str) -> None:
        self.page, self.live = page, {}
        self.seen.pages.append(await self._run(""))

    async def look(self, seconds: float) -> None:
        """Sends the reruns of the page's live parts."""
        end, due = time.monotonic() + seconds, {name: time.monotonic() + every for name, every in self.live.items()}
        while (now := time.monotonic()) < end:
            following = min((at for at in due.values()), default=end)
            await asyncio.sleep(max(0.0, min(following, end) - now))
            for name in [name for name, at in due.items() if at <= time.monotonic()]:
                self.seen.live.append(await self._run(name))
                if name in self.live:
                    due[name] = time.monotonic() + self.live[name]
                else:
                    del due[name]

    async def _run(self, fragment: str) -> float:
        """Milliseconds from the request to the end of its script."""
        message, shown, began = BackMsg(), Rerun(0.0), time.perf_counter()
        message.rerun_script.page_name, message.rerun_script.fragment_id = self.page, fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(await asyncio.wait_for(self.socket.recv(), 60))
            kind = answer.WhichOneof("type")
            if kind == "auto_rerun":
                self.live[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
            elif kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                look_at(answer.delta.new_element, shown)
            elif kind == "session_event" and answer.session_event.WhichOneof("type") == "script_compilation_exception":
                shown.failures.append("a script cannot be compiled")
            elif kind == "script_finished":
                self.seen.errors.update(f"/{self.page}: {failure}" for failure in shown.failures)
                return 1000 * (time.perf_counter() - began)


async def person(server: Server, seen: Seen, end: float, chance: random.Random) -> None:
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    await asyncio.sleep(chance.uniform(0.0, LOOKS[1]))
    try:
        async with connect(address, origin=server.url, max_size=None) as socket:
            session = Session(socket, seen)
            while time.monotonic() < end:
                await session.open(chance.choice(PAGES))
                await session.look(chance.uniform(*LOOKS))
    except Exception as error:  # noqa: BLE001 whatever ends a session is counted
        seen.errors[f"{type(error).__name__}: {error}"] += 1


async def everybody(server: Server, sessions: int, seconds: float) -> Seen:
    seen, end = Seen(), time.monotonic() + seconds
    await asyncio.gather(*(person(server, seen, end, random.Random(number)) for number in range(sessions)))
    return seen


def start_training(bench: Workbench) -> str:
    """A run of many short epochs."""
    settings = {Pattern.FROM_SCRATCH: {"epochs": 10_000, "input_size": 64, "batch_size": 32}}
    dataset = bench.registry.datasets()[0].id
    found = recipes(bench, dataset, ["squeezenet"], [Pattern.FROM_SCRATCH], settings=settings)
    run = launch(bench, dataset, found)[0][1].id
    while len(bench.registry.epochs(run)) < 3:
        if bench.registry.run(run).status in (Status.FAILED, Status.KILLED):
            sys.exit(bench.registry.run(run).reason)
        time.sleep(0.5)
    return run


def epochs_in(bench: Workbench, run: str, seconds: float) -> float:
    """Epochs per second while nobody else does anything."""
    begin, before = time.monotonic(), len(bench.registry.epochs(run))
    time.sleep(seconds)
    return (len(bench.registry.epochs(run)) - before) / (time.monotonic() - begin)


def main(sessions: int = 50, seconds: float = 120.0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = open_home(Path(folder) / "home", "demo")
        try:
            run = start_training(bench)
            with served(bench.settings.home, Path(folder) / "server.log") as server:
                asyncio.run(everybody(server, 2, 20.0))  # pages are imported, caches are filled
                before = epochs_in(bench, run, seconds / 2)
                begin, done = time.monotonic(), len(bench.registry.epochs(run))
                web, own = cpu_seconds([server.process.pid]), time.process_time()
                seen = asyncio.run(everybody(server, sessions, seconds))
                during = (len(bench.registry.epochs(run)) - done) / (time.monotonic() - begin)
                web, own = cpu_seconds([server.process.pid]) - web, time.process_time() - own
                after = epochs_in(bench, run, seconds / 2)
                memory = server.health()["rss_bytes"] / 1e6
        finally:
            stop_supervisor(bench.settings, now=True)
    tell(sessions, seen, during, (before, after), memory)
    each = 1000 / max(1, len(seen.pages) + len(seen.live))
    print(f"CPU: web process {web:.0f} s ({web * each:.0f} ms a page or rerun), sessions {own:.0f} s")


def tell(sessions: int, seen: Seen, during: float, alone: tuple[float, float], memory: float) -> None:
    loss = 1 - during / (sum(alone) / 2) if any(alone) else float("nan")
    for name, times in (("pages", seen.pages), ("live reruns", seen.live)):
        if times:
            middle, most = np.quantile(times, (0.5, 0.99))
            print(f"{sessions} sessions, {len(times)} {name}: median {middle:.0f} ms, 99 % within {most:.0f} ms")
    print(f"errors: {dict(seen.errors) or 'none'}; web process {memory:.0f} MB")
    print(f"epochs/s of the run: {alone[0]:.2f} alone, {during:.2f} with sessions, {alone[1]:.2f} alone again")
    print(f"median under {TARGET_MS} ms: {'yes' if np.median(seen.pages) < TARGET_MS else 'NO'}")
    print(f"the run loses {100 * loss:.0f} %, under {100 * TARGET_LOSS:.0f} %: {'yes' if loss < TARGET_LOSS else 'NO'}")


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, float), sys.argv[1:], strict=False)))
