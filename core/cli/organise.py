"""``star``, ``archive``, ``tag``, ``rename`` and ``note``."""

import sys
from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_list, add_runs, add_verb
from core.errors import InvalidInput
from core.output.runs import marks_row
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    for name, command, help in (
        ("star", star, "star runs"),
        ("archive", archive, "archive runs: lists omit them, nothing is deleted"),
    ):
        verb = add_verb(verbs, name, command, marks_text, help)
        add_runs(verb)
        verb.add_argument("--off", action="store_true", help="undo it")
    verb = add_verb(verbs, "tag", tag, marks_text, "add tags to runs, or remove them")
    add_runs(verb)
    add_list(verb, "--add", "TAG")
    add_list(verb, "--remove", "TAG")
    verb = add_verb(verbs, "rename", rename, marks_text, "rename a run")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("name", metavar="NAME")
    verb = add_verb(verbs, "note", note, marks_text, "write the notes of a run")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("text", metavar="MARKDOWN", help="the whole note, or: - to read it from stdin")


def star(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.star(options.runs, on=not options.off)
    return _marks(workbench, options.runs), True


def archive(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.archive(options.runs, on=not options.off)
    return _marks(workbench, options.runs), True


def tag(options: Namespace) -> Result:
    if not (options.add or options.remove):
        raise InvalidInput("Give --add TAG, --remove TAG, or both.")
    workbench = Workbench.open()
    workbench.tag(options.runs, options.add, options.remove)
    return _marks(workbench, options.runs), True


def rename(options: Namespace) -> Result:
    workbench = Workbench.open()
    workbench.annotate(options.run, name=options.name)
    return _marks(workbench, [options.run]), True


def note(options: Namespace) -> Result:
    workbench = Workbench.open()
    text = sys.stdin.read() if options.text == "-" else options.text
    workbench.annotate(options.run, notes=text)
    return _marks(workbench, [options.run]), True


def _marks(workbench: Workbench, references: list[str]) -> dict:
    runs = {run.id: run for run in map(workbench.registry.run, references)}
    return {"runs": [marks_row(run) for run in runs.values()]}


def marks_text(result: dict) -> str:
    lines = []
    for row in result["runs"]:
        marks = ["starred"] * row["starred"] + ["archived"] * row["archived"] + [f"#{tag}" for tag in row["tags"]]
        lines.append(f"{row['run']}  {row['name']}  {', '.join(marks)}".rstrip())
    return "\n".join(lines)
