"""What may be typed: every command with its arguments."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from core.cli import admin, compare, datasets, features, organise, queue, report, reproduce, runs, train
from core.recipes.recipe import Pattern
from core.runs.values import CHAMPION

_USABLE = tuple(str(pattern) for pattern in Pattern if pattern is not Pattern.CASCADE)
DESCRIPTION = "Compare transfer-learning models on your own photos."


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments; argparse prints its usage as well."""

    def error(self, message: str) -> NoReturn:
        line = " ".join(message.split())
        self.exit(2, f"{line[0].upper()}{line[1:]}. See: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """All commands; the parsed options carry ``command`` (options -> result, done) and ``text`` (result -> str)."""
    parser = _Parser(prog="python -m core", description=DESCRIPTION)
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    _photos(verbs)
    _train(verbs)
    _building(verbs)
    _training(verbs)
    _results(verbs)
    _reporting(verbs)
    _organising(verbs)
    _housekeeping(verbs)
    return parser


def _verb(verbs, name: str, command: Callable, text: Callable, help: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help, description=help)
    verb.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    verb.set_defaults(command=command, text=text)
    return verb


def _photos(verbs) -> None:
    verb = _verb(verbs, "import", datasets.import_, datasets.import_text, "import photos as a dataset")
    verb.add_argument("path", help="a ZIP, a folder with one folder per class, or: demo")
    verb.add_argument("--name", help="of the dataset; the same name again makes a new version")
    verb.add_argument("--seed", type=int, default=0, help="of the split")
    _verb(verbs, "datasets", datasets.datasets, datasets.datasets_text, "list the datasets")
    verb = _verb(verbs, "features", features.features, features.features_text, "what is stored of which photos, in MB")
    verb.add_argument("--dataset", help="only of this dataset")
    verb.add_argument("--parquet", metavar="FILE", help="write the pooled features of --dataset by --backbone there")
    verb.add_argument("--backbone", metavar="B", help="for --parquet")
    verb.add_argument("--cut", metavar="C", help="for --parquet: top, classes, or a block with .pool")
    _verb(verbs, "backbones", datasets.backbones, datasets.backbones_text, "list the pretrained networks")


def _train(verbs) -> None:
    verb = _verb(verbs, "train", train.train, train.train_text, "train backbones on a dataset in the background")
    verb.add_argument("--dataset", required=True, help="id, name or name:version")
    help_ = "names of the catalogue, or finished runs"
    verb.add_argument("--backbone", required=True, nargs="+", action="extend", metavar="B", help=help_)
    verb.add_argument("--pattern", nargs="+", action="extend", metavar="P", help=f"one or more of {', '.join(_USABLE)}")
    verb.add_argument("--depth", nargs="+", action="extend", default=[], metavar="N", help="blocks, or: all (a sweep)")
    verb.add_argument("--cascade", metavar="KIND", help="fusion or stacking, of the backbone with every --member")
    verb.add_argument("--member", nargs="+", action="extend", default=[], metavar="M", help="a backbone, or a run")
    verb.add_argument(
        "--map", nargs="+", action="extend", default=[], metavar="SYNSET=CLASS", help="for the classifier"
    )
    verb.add_argument("--epochs", type=int)
    verb.add_argument("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help="a hyperparameter")
    verb.add_argument("--repeat", type=int, default=1, metavar="K", help="with K seeds each")
    verb.add_argument("--force", action="store_true", help="train anew what is known, as a further repetition")
    verb.add_argument("--priority", type=int, default=0, help="higher starts first")
    verb.add_argument("--dry-run", action="store_true", help="only say what would happen")
    verb.add_argument("--wait", action="store_true", help="until all have ended")
    verb.add_argument("--yes", action="store_true", help="do not ask before many runs")


def _building(verbs) -> None:
    verb = _verb(
        verbs, "ensemble", reproduce.ensemble, reproduce.combined_text, "the mean of finished runs, without training"
    )
    verb.add_argument("runs", nargs="+", metavar="RUN")
    verb = _verb(
        verbs,
        "confidence",
        reproduce.confidence,
        reproduce.combined_text,
        "a cheap run answers when sure, else a costly one",
    )
    verb.add_argument("cheap", metavar="RUN")
    verb.add_argument("costly", metavar="RUN")
    verb = _verb(
        verbs, "reproduce", reproduce.reproduce, reproduce.reproduce_text, "do a finished run again and compare"
    )
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--no-wait", action="store_true", help="do not wait for its end")


def _training(verbs) -> None:
    verb = _verb(verbs, "wait", queue.wait, queue.wait_text, "wait until runs have ended")
    verb.add_argument("runs", nargs="*", metavar="RUN")
    verb.add_argument("--all", action="store_true", help="every run that waits or runs (the default)")
    verb = _verb(verbs, "cancel", queue.cancel, queue.run_text, "stop a run; it can be resumed")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--after-epoch", action="store_true", help="let it finish the epoch it is in, and keep its model")
    verb = _verb(verbs, "resume", queue.resume, queue.run_text, "go on with a failed or cancelled run")
    verb.add_argument("run", metavar="RUN")


def _results(verbs) -> None:
    verb = _verb(verbs, "runs", runs.runs, runs.runs_text, "list runs, newest first")
    verb.add_argument("--dataset", help="only of this dataset")
    verb.add_argument(
        "--search", default="", metavar="TEXT",
        help="only with all of these words in id, name, notes, tags, pattern or backbone",
    )  # fmt: skip
    verb.add_argument(
        "--tag", nargs="+", action="extend", default=[], metavar="TAG", help="only with all of these tags"
    )
    verb.add_argument("--starred", action="store_true", help="only those with a star")
    verb.add_argument("--archived", action="store_true", help="archived ones too")
    verb = _verb(verbs, "show", runs.show, runs.show_text, "all about one run")
    verb.add_argument("run", metavar="RUN")
    verb = _verb(verbs, "compare", compare.compare, compare.compare_text, "compare runs of one dataset")
    verb.add_argument("runs", nargs="+", metavar="RUN")
    verb = _verb(verbs, "predict", runs.predict, runs.predict_text, "what a model says about photos")
    verb.add_argument("--model", required=True, action="append", metavar="RUN", help="run or model; repeatable")
    verb.add_argument("photos", nargs="+", metavar="PHOTO")
    verb.add_argument("--top", type=int, default=5)


def _reporting(verbs) -> None:
    verb = _verb(verbs, "report", report.report, report.report_text, "compare runs in one HTML file to give away")
    verb.add_argument("runs", nargs="+", metavar="RUN")
    verb.add_argument("-o", "--output", required=True, metavar="FILE", help="an .html file")
    verb.add_argument("--force", action="store_true", help="overwrite the file")
    verb = _verb(verbs, "table", report.table, report.table_text, "a table of a comparison as CSV or Parquet")
    verb.add_argument("table", metavar="TABLE", help="leaderboard, costs, epochs or answers")
    verb.add_argument("runs", nargs="+", metavar="RUN")
    verb.add_argument("-o", "--output", required=True, metavar="FILE", help="a .csv or .parquet file")
    verb.add_argument("--force", action="store_true", help="overwrite the file")
    verb = _verb(verbs, "calibrate", report.calibrate, report.calibrate_text, "make a model as sure as it is right")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--undo", action="store_true", help="take the temperature back")


def _organising(verbs) -> None:
    for name, command, help in (
        ("star", organise.star, "put a star on runs"),
        ("archive", organise.archive, "put runs away: lists leave them out, nothing is deleted"),
    ):
        verb = _verb(verbs, name, command, organise.words_text, help)
        verb.add_argument("runs", nargs="+", metavar="RUN")
        verb.add_argument("--off", action="store_true", help="the other way round")
    verb = _verb(verbs, "tag", organise.tag, organise.words_text, "give runs tags or take them away")
    verb.add_argument("runs", nargs="+", metavar="RUN")
    verb.add_argument("--add", nargs="+", action="extend", default=[], metavar="TAG")
    verb.add_argument("--remove", nargs="+", action="extend", default=[], metavar="TAG")
    verb = _verb(verbs, "rename", organise.rename, organise.words_text, "call a run something else")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("name", metavar="NAME")
    verb = _verb(verbs, "note", organise.note, organise.words_text, "write the notes of a run")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("text", metavar="MARKDOWN", help="the whole note, or: - for what comes on stdin")
    _alias(verbs)
    verb = _verb(verbs, "delete", organise.delete, organise.delete_text, "delete runs, weights or a dataset")
    verb.add_argument("runs", nargs="*", metavar="RUN")
    verb.add_argument("--weights", action="store_true", help="only their models and checkpoints; the record stays")
    verb.add_argument("--model", metavar="RUN", help="only the weights of this run")
    verb.add_argument("--dataset", help="a dataset with all its runs")
    verb.add_argument("--yes", action="store_true", help="do not ask")


def _alias(verbs) -> None:
    verb = _verb(verbs, "alias", organise.alias, organise.alias_text, "the champion of a dataset, and its history")
    verb.add_argument("dataset", help="id, name or name:version")
    verb.add_argument("--name", default=CHAMPION, metavar="ALIAS", help=f"another alias than {CHAMPION}")
    verb.add_argument("--set", metavar="RUN", help="give it to this run")
    verb.add_argument("--roll-back", action="store_true", help="give it back to the run that held it before")
    verb.add_argument("--drop", action="store_true", help="take it away")
    verb.add_argument("--why", default="", metavar="TEXT", help="for the history")
    verb.add_argument("--who", default="", metavar="TEXT", help="for the history (default: your login name)")


def _housekeeping(verbs) -> None:
    verb = _verb(verbs, "stop", admin.stop, admin.stop_text, "end the supervisor; running training goes on")
    verb.add_argument("--now", action="store_true", help="also stop running training; it resumes at the next start")
    verb = _verb(verbs, "backup", admin.backup, admin.backup_text, "copy the registry while it is in use")
    verb.add_argument("path", help="a file that is not there yet")
    _verb(verbs, "doctor", admin.doctor, admin.doctor_text, "is everything here that Graft needs?")
    verb = _verb(verbs, "run", admin.run_dashboard, admin.nothing_text, "start the dashboard and the supervisor")
    verb.add_argument("--base-path", metavar="PATH", help="serve below this path: /graft (default: GRAFT_BASE_PATH)")
