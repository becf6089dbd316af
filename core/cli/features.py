"""``features``: what is stored, and its export."""

from argparse import Namespace
from pathlib import Path

from core.backbones.token_network import Pooling
from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "features", features, features_text, "list the stored features with their sizes")
    verb.add_argument("--dataset", help="only of this dataset")
    verb.add_argument("--parquet", metavar="FILE", help="write the pooled features of --dataset by --backbone to FILE")
    verb.add_argument("--backbone", metavar="B", help="for --parquet")
    verb.add_argument("--cut", metavar="C", help="for --parquet: top, classes, or a block with .pool")
    verb.add_argument("--size", type=int, default=0, metavar="PX", help="for --parquet: input size, default: its own")
    verb.add_argument(
        "--fit", choices=[str(fit) for fit in Fit], help="for --parquet: how photos became the input, default: squash"
    )
    verb.add_argument("--pooling", choices=[str(one) for one in Pooling], help="for --parquet: of tokens, default: own")


def features(options: Namespace) -> Result:
    workbench = Workbench.open()
    if options.parquet:
        return _exported(workbench, options)
    if options.backbone or options.cut or options.size or options.fit or options.pooling:
        raise InvalidInput(
            "--backbone, --cut, --size, --fit and --pooling are options of --parquet. Add --parquet FILE."
        )
    dataset_id = workbench.registry.dataset(options.dataset).id if options.dataset else None
    rows = [row for row in workbench.features() if dataset_id in (None, row.dataset_id)]
    total = sum(row.stored.bytes for row in rows)
    limit = workbench.settings.features_limit_bytes
    return {
        "features": [row.to_dict() for row in rows],
        "bytes": total,
        "mb": total / 1e6,
        "limit_mb": limit / 1e6,
    }, True


def _exported(workbench: Workbench, options: Namespace) -> Result:
    if not options.dataset or not options.backbone:
        raise InvalidInput("--parquet needs --dataset D and --backbone B (and --cut C, default: top).")
    target = Path(options.parquet).expanduser()
    if not target.parent.is_dir():
        raise InvalidInput(f"There is no folder {str(target.parent)!r} to write into.")
    fit = Fit(options.fit) if options.fit else None
    rows = workbench.export_features(
        options.dataset,
        options.backbone,
        target,
        cut=options.cut or "top",
        size=options.size,
        fit=fit,
        pooling=Pooling(options.pooling or Pooling.OWN),
    )
    return {"parquet": str(target), "rows": rows, "bytes": target.stat().st_size}, True


def features_text(result: dict) -> str:
    if "parquet" in result:
        return f"{result['rows']} rows were written to {result['parquet']} ({result['bytes'] / 1e6:.1f} MB)."
    if not result["features"]:
        return "No features are stored."
    rows = [
        (
            row["dataset"],
            row["title"],
            _input(row),
            row["cut"],
            row["split"],
            row["view"],
            row["rows"],
            f"{row['mb']:.1f}",
        )
        for row in result["features"]
    ]
    header = ("dataset", "backbone", "input", "cut", "split", "view", "photos", "MB")
    return "\n".join([table(header, rows), f"{result['mb']:.1f} MB of at most {result['limit_mb']:.0f} MB."])


def _input(row: dict) -> str:
    """``320 px crop``, and the pooling where it was chosen; of a run's predictions, whose networks have their own
    inputs, "-"."""
    pooling = "" if row["pooling"] == Pooling.OWN else f" {row['pooling']}"
    return f"{row['size']} px {row['fit']}{pooling}" if row["size"] else "-"
