"""Make the home of an earlier version that the migration tests open: ``make_home.py CODE PHOTOS TARGET``.

CODE is a checkout of that version (0.3.0: commit 6e64696, 0.4.0: c90c7b1, 0.5.0: f1c1540, 0.6.0: 5055704, 0.7.0 to
0.11.0: the commits "Release ..."), PHOTOS the archive of demo photos, TARGET the .tar.xz to write. The home of 0.3.0
was made without the run "resumed".
Run it with an interpreter that has the requirements of that commit. It takes about five minutes on two cores:
everything is done by the old command line, then every value is recorded as the old code prints it (expected.json),
and what is large (features, weights, projector files) is left out of the archive.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

from PIL import Image

CLASSES, PER_CLASS, WITHOUT_A_CLASS, LONGEST_SIDE = ("animal", "fish", "monument"), 14, 2, 160
LEFT_OUT = ("features", "weights", "uploads", "supervisor.log", "supervisor.lock", "supervisor.json")
LARGEST_FILE = 150_000
MANY_EPOCHS = ("--epochs", "2000", "--set", "batch_size=1")
ENDED = ("FINISHED", "FAILED", "KILLED")
TABLES = ("leaderboard", "costs", "epochs", "answers")


class OldGraft:
    """The command line of that version on one home."""

    def __init__(self, code: Path, home: Path):
        self.code, self.home = code, home
        self.environment = os.environ | {"GRAFT_HOME": str(home), "GRAFT_GPUS": "none", "PYTHONPATH": str(code)}

    def __call__(self, *arguments: str, fails: bool = False) -> dict:
        """What a command prints with ``--json``."""
        argv = [sys.executable, "-m", "core", *arguments, "--json"]
        done = subprocess.run(argv, cwd=self.code, env=self.environment, capture_output=True, text=True)
        print(f"{'-' if done.returncode else '+'} {' '.join(arguments)[:150]}", flush=True)
        if bool(done.returncode) != fails:
            raise SystemExit(done.stdout + done.stderr)
        return json.loads(done.stdout.replace(str(self.home), "$HOME")) if done.stdout.strip() else {}

    def train(self, *arguments: str, fails: bool = False) -> str:
        """The id of the run that was trained to its end."""
        return self("train", "--dataset", "small", *arguments, "--wait", fails=fails)["runs"][0]["run"]

    def table(self, name: str, runs: list[str]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            self("table", name, *runs, "-o", f"{folder}/table.csv")
            return Path(folder, "table.csv").read_text()


def make_photos(archive: Path, folder: Path) -> None:
    """The first photos of some classes, and the next ones of each without a class, small."""
    with zipfile.ZipFile(archive) as file:
        for class_name in CLASSES:
            names = sorted(n for n in file.namelist() if n.startswith(f"{class_name}/") and n.endswith(".jpg"))
            for name in names[:PER_CLASS]:
                save_small(file.read(name), folder / "photos" / name)
            for name in names[PER_CLASS : PER_CLASS + WITHOUT_A_CLASS]:
                save_small(file.read(name), folder / "unlabelled" / Path(name).name)


def save_small(data: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    photo = Image.open(BytesIO(data)).convert("RGB")
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    photo.save(path, quality=70)


def make_runs(graft: OldGraft) -> dict[str, str]:
    """A run of every pattern by a short name."""
    lite0 = ("--backbone", "efficientnet_lite0")
    runs = {"frozen": graft.train(*lite0, "--epochs", "3", "--set", "seed=7")}
    runs["longer"] = graft.train(*lite0, "--epochs", "5", "--set", "seed=7")
    runs["repetition"] = graft.train(*lite0, "--epochs", "3", "--set", "seed=8", "views=2")
    runs["classic"] = graft.train(*lite0, "--pattern", "standalone_extractor")
    runs["classifier"] = graft.train(*lite0, "--pattern", "classifier")
    runs["tuned"] = graft.train(*lite0, "--pattern", "fine_tuning", "--depth", "1", "--epochs", "4")
    runs["whole"] = graft.train(*lite0, "--pattern", "weight_initialization", "--epochs", "1")
    runs["scratch"] = graft.train(*lite0, "--pattern", "from_scratch", "--epochs", "1")
    fusion = ("--cascade", "fusion", "--member", "efficientnet_lite1", "--epochs", "3")
    runs["fusion"] = graft.train(*lite0, *fusion)
    runs["on top"] = graft.train("--backbone", runs["tuned"], "--epochs", "2")
    runs["ensemble"] = graft("ensemble", runs["classic"], runs["tuned"])["run"]
    runs["confidence"] = graft("confidence", runs["frozen"], runs["tuned"])["run"]
    runs["again"] = graft("reproduce", runs["frozen"])["run"]
    if (graft.code / "core/workbench/shrink.py").exists():
        runs |= smaller(graft, runs)
    runs["resumed"] = interrupted(graft, lite0, seed=20, epochs=400)
    graft("cancel", runs["resumed"])
    graft("resume", runs["resumed"])
    wait_for_the_end(graft, runs["resumed"])
    runs["failed"] = failing(graft, lite0)
    runs["cancelled"] = interrupted(graft, lite0, seed=21)
    graft("cancel", runs["cancelled"])
    runs["interrupted"] = interrupted(graft, lite0, seed=22)
    waiting = graft("train", "--dataset", "small", *lite0, "--epochs", "4", "--set", "seed=23", "--priority", "-1")
    runs["waiting"] = waiting["runs"][0]["run"]
    if (graft.code / "core/people").exists():
        people_and_parts(graft)
    graft("stop", "--now")
    return runs


def smaller(graft: OldGraft, runs: dict[str, str]) -> dict[str, str]:
    """A model with fewer bits, and one that was trained on what another predicts; and a token."""
    graft("tokens", "create", "lab", "--scope", "predict")
    quantized = graft("shrink", runs["frozen"], "--precision", "float16")
    distilled = graft("shrink", runs["longer"], "--into", "squeezenet")
    return {"quantized": quantized["runs"][0]["run"], "distilled": distilled["runs"][0]["run"]}


def people_and_parts(graft: OldGraft) -> None:
    """An account, and a dataset of a part of the photos."""
    graft("users", "add", "ada", "--role", "trainer")
    graft("collections", "small", "--name", "two", "--class", *CLASSES[:2])


def knowledge(graft: OldGraft, unlabelled: Path) -> None:
    """A check, a shortlist, and photos without a class of which one is labelled and one excluded."""
    graft("check", "small")
    graft("shortlist", "small")
    graft("label", "add", "small", str(unlabelled))
    first, second, *_ = sorted(path.name for path in unlabelled.iterdir())
    graft("label", "set", "small", f"{first}={CLASSES[0]}", f"{second}=")


def failing(graft: OldGraft, backbone: tuple[str, ...]) -> str:
    """A run that fails because a photo of the dataset is gone, which is put back afterwards."""
    photo = next(path for path in sorted((graft.home / "datasets").rglob("*.jpg")) if path.stat().st_size)
    aside = graft.home.parent / "aside.jpg"
    shutil.move(photo, aside)
    run = graft.train(*backbone, "--pattern", "from_scratch", "--epochs", "1", "--set", "seed=5", fails=True)
    shutil.move(aside, photo)
    return run


def interrupted(graft: OldGraft, backbone: tuple[str, ...], seed: int, epochs: int = 2000) -> str:
    """A run of many epochs that has done a few."""
    many = ("--epochs", str(epochs), "--set", "batch_size=1", f"seed={seed}")
    run = graft("train", "--dataset", "small", *backbone, *many)["runs"][0]["run"]
    while graft("show", run)["epochs_done"] < 12:
        time.sleep(0.5)
    return run


def wait_for_the_end(graft: OldGraft, run: str) -> None:
    while graft("show", run)["status"] not in ENDED:
        time.sleep(1)


def organise(graft: OldGraft, runs: dict[str, str]) -> None:
    graft("rename", runs["frozen"], "Äpfel und Birnen")
    graft("rename", runs["classic"], "ÉCLAIR à la carte")
    graft("note", runs["frozen"], "# Äpfel\n\nGut **genug**, siehe [Seite](https://example.org).\n\n- eins\n- zwei\n")
    graft("note", runs["failed"], "The learning rate was far too high.")
    graft("star", runs["frozen"], runs["fusion"])
    graft("tag", runs["frozen"], runs["classic"], runs["tuned"], "--add", "Obst", "für später")
    graft("tag", runs["fusion"], "--add", "two backbones")
    graft("tag", runs["tuned"], "--remove", "für später")
    graft("archive", runs["scratch"], runs["whole"])
    graft("calibrate", runs["tuned"])
    for name, why in (("frozen", "The first that was good enough."), ("tuned", "More accurate."), ("fusion", "")):
        graft("alias", "small", "--set", runs[name], "--why", why, "--who", "Ada")
    graft("alias", "small", "--roll-back", "--why", "Too slow.", "--who", "Zoë")
    graft("alias", "small", "--name", "phone", "--set", runs["classic"], "--who", "Ada")
    graft("delete", "--model", runs["again"], "--yes")


def expected(graft: OldGraft, runs: dict[str, str]) -> dict:
    """Every value as that version prints it."""
    shown = {run: graft("show", run) for run in runs.values()}
    compared = [run for run, row in shown.items() if row["status"] == "FINISHED" and row["evaluation"]]
    lite0 = ("train", "--dataset", "small", "--backbone", "efficientnet_lite0", "--dry-run")
    plans = {
        "frozen": ("--epochs", "3", "--set", "seed=7"),
        "longer": ("--epochs", "5", "--set", "seed=7"),
        "extended": ("--epochs", "9", "--set", "seed=7"),
        "classic": ("--pattern", "standalone_extractor"),
        "classifier": ("--pattern", "classifier"),
        "tuned": ("--pattern", "fine_tuning", "--depth", "1", "--epochs", "4"),
        "whole": ("--pattern", "weight_initialization", "--epochs", "1"),
        "fusion": ("--cascade", "fusion", "--member", "efficientnet_lite1", "--epochs", "3"),
        "cancelled": (*MANY_EPOCHS, "seed=21"),
        "interrupted": (*MANY_EPOCHS, "seed=22"),
        "new": ("--epochs", "3", "--set", "seed=99"),
    }
    learned = (graft.code / "core/curation/labels.py").exists()
    return {
        "names": runs,
        "labels": graft("label", "show", "small") if learned else None,
        "shortlist": graft("shortlist", "small", "--last") if learned else None,
        "datasets": graft("datasets"),
        "runs": graft("runs", "--archived"),
        "starred": graft("runs", "--starred"),
        "tagged": graft("runs", "--tag", "Obst"),
        "alias": graft("alias", "small"),
        "calibrated": {runs[name]: graft("calibrate", runs[name])["calibration"] for name in ("tuned", "classic")},
        "show": shown,
        "compared": compared,
        "compare": graft("compare", *compared),
        "pair": graft("compare", runs["frozen"], runs["tuned"]),
        "tables": {name: graft.table(name, compared) for name in TABLES},
        "plans": {name: graft(*lite0, *arguments)["runs"][0] for name, arguments in plans.items()},
        "arguments": plans,
    }


def packed(home: Path, target: Path) -> None:
    """Everything below the home that is small, in an archive whose bytes depend on the content alone."""
    with tarfile.open(target, "w:xz", preset=9) as archive:
        for path in sorted(home.rglob("*")):
            relative = path.relative_to(home)
            if not path.is_file() or set(relative.parts) & set(LEFT_OUT):
                continue
            if path.stat().st_size > LARGEST_FILE and relative.name not in ("expected.json", "registry.db"):
                print("left out:", relative, path.stat().st_size)
                continue
            member = archive.gettarinfo(path, str(relative))
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            with path.open("rb") as file:
                archive.addfile(member, file)


def main() -> None:
    code, photos, target = (Path(argument).resolve() for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        graft = OldGraft(code, home)
        make_photos(photos, Path(folder))
        graft("import", str(Path(folder, "photos")), "--name", "small")
        runs = make_runs(graft)
        if (code / "core/curation/labels.py").exists():
            knowledge(graft, Path(folder, "unlabelled"))
        organise(graft, runs)
        (home / "expected.json").write_text(json.dumps(expected(graft, runs), ensure_ascii=False))
        with closing(sqlite3.connect(home / "registry.db")) as registry:
            registry.execute("VACUUM INTO ?", [str(home / "copy.db")])
        shutil.move(home / "copy.db", home / "registry.db")
        packed(home, target)


if __name__ == "__main__":
    main()
