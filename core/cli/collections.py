"""``collections``: a named part of the photos of a dataset, as a dataset of its own."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_list, add_verb, table
from core.curation.collection import WITHOUT, PhotoFilter, collected, make_collection
from core.errors import InvalidInput
from core.output.collections import collection_json, collections_json, planned_json
from core.text.units import count
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    help_ = "make a dataset of some photos of another one, by a filter; list those that were made"
    verb = add_verb(verbs, "collections", collections, collections_text, help_)
    verb.add_argument("dataset", nargs="?", metavar="DATASET", help="id, name or name:version; without it: list")
    verb.add_argument("--name", help="of the collection")
    add_list(verb, "--class", "CLASS", "only these classes")
    verb.add_argument("--files", default="", metavar="PATTERN", help="only files like this, with * and ?")
    verb.add_argument(
        "--smallest", type=int, default=0, metavar="PX", help="only photos whose shorter side has so many"
    )
    verb.add_argument(
        "--without", default="", metavar="KINDS", help=f"without what core check found: {','.join(WITHOUT)}"
    )
    verb.add_argument("--most", type=int, default=0, metavar="N", help="at most so many photos a class")
    verb.add_argument("--dry-run", action="store_true", help="only say which photos it would have")


def collections(options: Namespace) -> Result:
    bench = Workbench.open()
    if not options.dataset:
        return collections_json(bench), True
    dataset = bench.registry.dataset(options.dataset)
    chosen = PhotoFilter(
        classes=tuple(dict.fromkeys(getattr(options, "class"))),
        files=options.files,
        smallest=options.smallest,
        without=tuple(dict.fromkeys(word.strip() for word in options.without.split(",") if word.strip())),
        most=options.most,
    )
    if options.dry_run:
        photos = collected(dataset, chosen, registry=bench.registry, settings=bench.settings)
        return planned_json(dataset, chosen, photos), True
    if not options.name:
        raise InvalidInput("Name the collection: --name NAME")
    made, new = make_collection(dataset, options.name, chosen, registry=bench.registry, settings=bench.settings)
    return collection_json(bench, made) | {"made": new}, True


def collections_text(result: dict) -> str:
    if "collections" in result:
        rows = [_cells(row) for row in result["collections"]]
        return table(("dataset", "name", "photos", "classes", "part of"), rows)
    split = ", ".join(f"{number} {name}" for name, number in result["splits"].items())
    size = f"{count(sum(result['splits'].values()), 'photo')}, {len(result['classes'])} classes; {split}."
    if "made" not in result:
        return f"It would have {size}"
    known = "" if result["made"] else " Exactly these photos were here already; nothing was added."
    return f"{result['name']} (version {result['version']}, {result['dataset']}): {size}{known}"


def _cells(row: dict) -> tuple[str, ...]:
    photos, classes = sum(row["splits"].values()), len(row["classes"])
    return row["dataset"], f"{row['name']}:{row['version']}", str(photos), str(classes), row["part_of"]
