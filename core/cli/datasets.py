"""``import`` and ``datasets``."""

import sys
import time
from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.layout import Ambiguous
from core.datasets.layouts.layout_summary import LayoutSummary
from core.datasets.progress import ImportProgress
from core.jobs.imports import preview_import
from core.output.datasets import dataset_row, datasets_json, imported_json, layouts_json
from core.settings import load_settings
from core.text.units import count, listed
from core.workbench import Workbench

LINE_SECONDS = 5.0
"""Between two lines of progress where stderr is no terminal."""


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "import", import_, import_text, "import photos as a dataset")
    verb.add_argument("path", help="a ZIP or TAR, a folder with one folder per class, or: demo")
    verb.add_argument("--name", help="of the dataset; the same name again makes a new version")
    verb.add_argument("--seed", type=int, default=0, help="of the split")
    verb.add_argument("--layout", metavar="ID", help="how to read the upload, where there are several ways")
    verb.add_argument("--encoding", help="of the file names in an archive, e.g. shift_jis; otherwise found out")
    verb.add_argument("--preview", action="store_true", help="show how the upload would be read; store nothing")
    verb = add_verb(verbs, "datasets", datasets, datasets_text, "list the datasets, or show one")
    verb.add_argument("dataset", nargs="?", metavar="DATASET", help="id, name or name:version")


def import_(options: Namespace) -> Result:
    if options.preview:
        choice = preview_import(options.path, settings=load_settings(), encoding=options.encoding)
        if options.layout is None:
            return layouts_json(options.path, choice.question, choice.layouts), True
        return layouts_json(options.path, "", [choice.chosen(options.layout)]), True
    workbench = Workbench.open()
    printer = None if options.json else ProgressPrinter()
    try:
        dataset, known_upload = workbench.import_photos(
            options.path,
            options.name,
            seed=options.seed,
            layout=options.layout,
            encoding=options.encoding,
            progress=printer,
        )
    except Ambiguous as question:
        print(f"{question} Nothing was stored.", file=sys.stderr)
        return layouts_json(options.path, str(question), question.layouts), False
    finally:
        if printer:
            printer.close()
    return imported_json(workbench, dataset, known_upload, options.name), True


class ProgressPrinter:
    """Prints progress on stderr: one line that is written over on a terminal, else a line every few seconds."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = time.monotonic()
        self._width = 0

    def __call__(self, progress: ImportProgress) -> None:
        counted = f": {progress.done} of {progress.total} photos" if progress.total else " ..."
        line = f"{progress.stage}{counted}"
        if self._terminal:
            print(f"\r{line.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(line)
        elif time.monotonic() - self._last >= LINE_SECONDS:
            self._last = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Clear the line of a terminal."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
            self._width = 0


def import_text(result: dict) -> str:
    if "layouts" in result:
        return _alternatives_text(result)
    split = ", ".join(f"{count} {name}" for name, count in result["splits"].items())
    unlabelled = f" {result['unlabelled']} unlabelled, kept aside." if result["unlabelled"] else ""
    lines = [
        *([result["message"]] if result["message"] else []),
        f"{result['name']} (version {result['version']}, {result['dataset']}): {result['accepted']} photos, "
        f"{len(result['classes'])} classes; {split}.{unlabelled}",
        *(f"  {note}" for note in result["notes"]),
        *(f"  {problem['text']}" for problem in result["problems"]),
        *([] if result["checked"] or not result["splits"]["test"] else [_unchecked(result)]),
        *(f"  refused {rejection['file']}: {rejection['reason']}" for rejection in result["rejected"]),
    ]
    return "\n".join(lines)


def _unchecked(result: dict) -> str:
    name = f"{result['name']}:{result['version']}"
    return f"  Near-copies of test photos in other splits were not looked for: core check {name}"


def _alternatives_text(result: dict) -> str:
    layouts = [LayoutSummary.from_json(layout | {"samples": {}}) for layout in result["layouts"]]
    if not result["question"]:
        return "\n".join([f"{result['path']} is read as follows; nothing was stored.", *_layout_lines(layouts[0], "")])
    ways = "one way only" if len(layouts) == 1 else count(len(layouts), "way")
    lines = [f"{result['path']} can be read in {ways}:"]
    for number, layout in enumerate(layouts, 1):
        lines += _layout_lines(layout, f"{number}. ")
        lines.append(f"   choose it with: --layout {layout.id}")
    return "\n".join(lines)


def _layout_lines(layout: LayoutSummary, number: str) -> list[str]:
    classes = [f"{name} ({files})" for name, files in layout.classes.items()]
    splits = [f"{files} {name}" for name, files in layout.splits.items()]
    return [
        f"{number}{layout.title}",
        f"   {count(len(classes), 'class', 'classes')}: {listed(classes, 10)}",
        f"   split: {', '.join(splits)}" if splits else "   split: drawn by Graft, 70/15/15",
        *([f"   {layout.unlabelled} unlabelled, kept aside"] if layout.unlabelled else []),
        *([f"   {layout.rejected} left out"] if layout.rejected else []),
        *(f"   {note}" for note in layout.notes),
    ]


def datasets(options: Namespace) -> Result:
    bench = Workbench.open()
    if options.dataset:
        return dataset_row(bench, bench.registry.dataset(options.dataset)), True
    return datasets_json(bench), True


def datasets_text(result: dict) -> str:
    rows = [
        (
            row["dataset"],
            f"{row['name']}:{row['version']}",
            sum(row["splits"].values()),
            len(row["classes"]),
            row["unlabelled"],
        )
        for row in result.get("datasets", [result])
    ]
    return table(("dataset", "name", "photos", "classes", "unlabelled"), rows)
