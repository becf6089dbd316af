"""What people do while processes are killed: through the command line, and the use cases behind the pages."""

import os
import random
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from core.curation.background import start_check
from core.errors import GraftError
from core.exports.formats import Format
from core.jobs.background import UNFINISHED
from core.jobs.background_imports import dismiss_import, import_jobs, start_import
from core.jobs.background_tables import dismiss_table, start_table, tables
from core.registry import Registry
from core.runs.values import Run, Status
from core.settings import REPOSITORY
from core.workbench import Workbench
from tests.soak.home import NAMES, SoakHome, dataset_of, launch_one, write_photos

FORMATS = (Format.LITERT, Format.LITERT_PIXELS, Format.KERAS, Format.BUNDLE)


class People:
    """Those who use one home; ``runs`` are the runs of the recipes by name, ``cancelled`` those that they cancelled."""

    names: Sequence[str] = NAMES
    """Of the recipes that they launch."""

    def __init__(self, home: SoakHome, chance: random.Random) -> None:
        self.home, self.chance = home, chance
        self.runs: dict[str, str] = {}
        self.commands: list[subprocess.Popen] = []
        self.web: subprocess.Popen | None = None
        self._bench: Workbench | None = None
        self._archives = 0

    @property
    def bench(self) -> Workbench:
        if self._bench is None:
            self._bench = self.home.open()
        return self._bench

    def come_back(self) -> Workbench:
        """Opens the home anew, as a restarted server does: what killed processes left is cleaned up."""
        if self._bench is not None:
            self._bench.registry.close()
        self._bench = None
        return self.bench

    @property
    def registry(self) -> Registry:
        return self.bench.registry

    # --- what they do ---

    def acts(self) -> list[tuple[int, Callable[[], str]]]:
        """What they may do, and how often beside the others."""
        return [
            (4, self.launch), (3, self.resume), (3, self.upload), (2, self.import_by_command), (3, self.export),
            (3, self.ask_for_table), (2, self.check), (3, self.delete), (2, self.cancel), (2, self.visit),
            (2, self.dismiss), (2, self.calibrate), (2, self.predict), (1, self.delete_dataset),
        ]  # fmt: skip

    def act(self) -> str:
        """Something at random; what it was."""
        weights, choices = zip(*self.acts(), strict=True)
        (act,) = self.chance.choices(choices, weights)
        try:
            return act()
        except GraftError as error:
            return f"{act.__name__}: {error}"[:160]
        except OSError as error:
            return f"{act.__name__}: {error}"

    def launch(self) -> str:
        """All recipes that have no run; those of deleted runs get a new one."""
        known = {run.id for run in self.registry.runs()}
        self.runs = {name: run for name, run in self.runs.items() if run in known}
        before = dict(self.runs)
        for name in self.names:
            if (run := launch_one(self.bench, name, self.runs)) is not None:
                self.runs[name] = run
        return f"launched {sorted(set(self.runs.items()) - set(before.items()))}"

    def resume(self) -> str:
        """What failed or was cancelled, as a person does who reads "Resume to go on at epoch 5"."""
        resumed = []
        for run in self.registry.runs():
            if run.status in (Status.FAILED, Status.KILLED):
                with suppress(GraftError):
                    self.bench.resume(run.id)
                    resumed.append(run.id)
        return f"resumed {resumed}"

    def upload(self) -> str:
        archive = self._new_archive()
        upload = self.home.settings.home / "uploads" / f"upload-soak-{self._archives}"
        try:
            shutil.copy(archive, upload)  # the disk may be full
            job = start_import(upload, settings=self.home.settings, name=archive.stem, own_source=True)
        finally:
            upload.unlink(missing_ok=True)
        return f"import {job} of {archive.name}"

    def import_by_command(self) -> str:
        archive = self._new_archive()
        return self._command("import", str(archive), "--name", archive.stem)

    def _new_archive(self) -> Path:
        """One of a few, so that the same photos also come twice."""
        self._archives += 1
        number = self.chance.randrange(1, 7)
        path = self.home.folder / f"more-{number}.zip"
        return (
            path if path.exists() else write_photos(path, first=1000 * number, count=self.chance.choice((4, 40, 150)))
        )

    def export(self) -> str:
        run, format_ = self._finished(), self.chance.choice(FORMATS)
        if run is None:
            return "nothing to export"
        self.bench.export(run.id, format_)
        return f"export {run.id} {format_}"

    def ask_for_table(self) -> str:
        run = self._finished()
        if run is None:
            return "no model for a table"
        archive = self.home.folder / "photos.zip"
        table = start_table(archive, [run.id], settings=self.home.settings, registry=self.registry)
        return f"table {table} by {run.id}"

    def check(self) -> str:
        dataset = self.chance.choice(self.registry.datasets())
        start_check(dataset.id, settings=self.home.settings, registry=self.registry)
        return f"check {dataset.id}"

    def delete(self) -> str:
        run = self.chance.choice([*self.registry.runs(), None])
        if run is None:
            return "nothing to delete"
        some = self.chance.choice(((), (), ("--weights",)))
        return self._command("delete", run.id, *some, "--yes")

    def delete_dataset(self) -> str:
        main = dataset_of(self.bench)
        others = [one.id for one in self.registry.datasets() if one.id != main]
        return self._command("delete", "--dataset", self.chance.choice(others), "--yes") if others else "no dataset"

    def cancel(self) -> str:
        running = [run for run in self.registry.runs() if not run.status.ended]
        if not running:
            return "nothing to cancel"
        run = self.chance.choice(running)
        if self.chance.random() < 0.5:
            self.bench.cancel(run.id)
        else:
            self.bench.stop_after_epoch(run.id)
        return f"cancelled {run.id}"

    def calibrate(self) -> str:
        run = self._finished()
        return self._command("calibrate", run.id, *self.chance.choice(((), ("--undo",)))) if run else "no model"

    def predict(self) -> str:
        run = self._finished()
        if run is None:
            return "no model to predict with"
        return self._command("predict", "--model", run.id, str(self.home.folder / "photos.zip"))

    def dismiss(self) -> str:
        """Imports and tables that have ended."""
        for job in import_jobs(self.home.settings):
            if job.state != "running":
                dismiss_import(self.home.settings, job.id)
        for table in tables(self.home.settings):
            if table.state not in UNFINISHED:
                dismiss_table(self.home.settings, table.id)
        return "dismissed"

    def visit(self) -> str:
        """The server, which is started where it does not run."""
        if self.web is None or self.web.poll() is not None:
            self.web = self._serve()
            return f"started the server, process {self.web.pid}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.home.port}/healthz", timeout=5) as answer:
                return f"visited: {answer.status}"
        except OSError as error:
            return f"visited: {error}"

    def _serve(self) -> subprocess.Popen:
        with (self.home.folder / "web.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, str(REPOSITORY / "app.py")],
                cwd=REPOSITORY,
                env=os.environ | self.home.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    # --- parts ---

    def _finished(self) -> Run | None:
        runs = [run for run in self.registry.runs(status=Status.FINISHED) if self.bench.has_model(run.id)]
        return self.chance.choice(runs) if runs else None

    def _command(self, *arguments: str) -> str:
        self.commands = [one for one in self.commands if one.poll() is None]
        if len(self.commands) > 3:
            return "enough commands run"
        self.commands.append(self.home.start(*arguments))
        return f"core {' '.join(arguments)}"


def free_port(chance: random.Random) -> int:
    while True:
        port = chance.randrange(10_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
