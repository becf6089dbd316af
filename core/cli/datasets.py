"""``import`` and ``datasets``."""

import sys
from argparse import Namespace
from dataclasses import asdict

from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.importing import ImportProgress
from core.datasets.values import Dataset
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "import", import_, import_text, "import photos as a dataset")
    verb.add_argument("path", help="a ZIP, a folder with one folder per class, or: demo")
    verb.add_argument("--name", help="of the dataset; the same name again makes a new version")
    verb.add_argument("--seed", type=int, default=0, help="of the split")
    verb.add_argument("--layout", help="how to read the upload, where there are several ways")
    verb.add_argument("--encoding", help="of the file names in an archive, e.g. shift_jis; otherwise found out")
    add_verb(verbs, "datasets", datasets, datasets_text, "list the datasets")


def import_(options: Namespace) -> Result:
    workbench = Workbench.open()
    progress = None if options.json or not sys.stderr.isatty() else _show_progress
    dataset, known = workbench.import_photos(
        options.path,
        options.name,
        seed=options.seed,
        layout=options.layout,
        encoding=options.encoding,
        progress=progress,
    )
    result = _row(dataset) | {
        "accepted": dataset.photo_count,
        "notes": list(dataset.notes),
        "rejected": [asdict(rejection) for rejection in dataset.rejections],
        "seconds": round(dataset.seconds, 3),
        "already_there": known,
    }
    return result, True


def _show_progress(progress: ImportProgress) -> None:
    print(f"\r{progress.stage}: {progress.done} of {progress.total} photos ", end="", file=sys.stderr, flush=True)


def import_text(result: dict) -> str:
    split = ", ".join(f"{count} {name}" for name, count in result["splits"].items())
    lines = [
        f"{result['name']} (version {result['version']}, {result['dataset']}): {result['accepted']} photos, "
        f"{len(result['classes'])} classes; {split}.",
        *(f"  {note}" for note in result["notes"]),
        *(f"  refused {rejection['file']}: {rejection['reason']}" for rejection in result["rejected"]),
    ]
    if result["already_there"]:
        lines.append("A dataset with exactly these photos exists already; nothing was added.")
    return "\n".join(lines)


def datasets(options: Namespace) -> Result:
    return {"datasets": list(map(_row, Workbench.open().registry.datasets()))}, True


def _row(dataset: Dataset) -> dict:
    about = {name: getattr(dataset, name) for name in ("name", "version", "digest")}
    counts = {"classes": dataset.class_sizes, "splits": dataset.split_sizes, "unlabelled": dataset.unlabelled}
    return {"dataset": dataset.id} | about | counts


def datasets_text(result: dict) -> str:
    rows = [
        (row["dataset"], f"{row['name']}:{row['version']}", sum(row["splits"].values()), len(row["classes"]))
        for row in result["datasets"]
    ]
    return table(("dataset", "name", "photos", "classes"), rows)
