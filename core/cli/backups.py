"""``backup`` and ``restore``."""

import argparse
import time
from argparse import Namespace
from pathlib import Path

from core.backups.making import make_backup
from core.backups.restoring import restore
from core.backups.snapshots import BackupPart, Snapshot
from core.backups.store import BackupFolder
from core.backups.verifying import verify
from core.cli.verbs import Result, Verbs, add_verb, table
from core.registry import Registry
from core.settings import load_settings
from core.text.units import amount, count, listed, size
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "backup", backup, backup_text, "save registry, models and datasets while they are in use")
    verb.add_argument("folder", help="a folder outside of the home, new, empty or with backups")
    verb.add_argument("--models", action="store_true", help="also models, predictions, curves and added backbones")
    verb.add_argument("--datasets", action="store_true", help="also the photos of all datasets")
    verb.add_argument("--keep", type=_number, metavar="N", help="delete all but the newest N backups of these parts")
    action = verb.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="only say which backups there are")
    action.add_argument("--verify", action="store_true", help="only read all backups and compare every checksum")
    verb = add_verb(verbs, "restore", restore_home, restore_text, "fill an empty home from a backup")
    verb.add_argument("folder", help="a folder of backups")
    verb.add_argument("--snapshot", default="", metavar="ID", help="which one (backup --list); the newest by default")


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"it must be at least 1. Received: {number}")
    return number


def backup(options: Namespace) -> Result:
    path = Path(options.folder)
    if options.list:
        folder = BackupFolder.open(path)
        return {"folder": str(folder.path), "snapshots": [_described(one) for one in folder.snapshots()]}, True
    if options.verify:
        found = verify(path)
        result = {"snapshots": found.snapshots, "blobs": found.blobs, "bytes": found.bytes}
        return result | {"damaged": list(found.damaged)}, not found.damaged
    parts = [part for part in BackupPart if getattr(options, part)]
    bench = Workbench.open()
    made = make_backup(bench.settings, bench.registry, path, parts, options.keep)
    folder = BackupFolder.open(path)
    return _described(made.snapshot) | {
        "folder": str(folder.path),
        "written_bytes": made.written_bytes,
        "forgotten": list(made.forgotten),
        "problem": made.problem,
        "private": folder.is_private,
    }, True


def _described(snapshot: Snapshot) -> dict:
    return {
        "snapshot": snapshot.id,
        "created_at": snapshot.created_at,
        "version": snapshot.version,
        "schema": snapshot.schema,
        "database": snapshot.database,
        "parts": list(snapshot.parts),
        "files": snapshot.files,
        "bytes": snapshot.size_bytes,
        "missing": list(snapshot.missing),
    }


def backup_text(result: dict) -> str:
    if "damaged" in result:
        read = f"{count(result['snapshots'], 'backup')}, {count(result['blobs'], 'blob')}, {size(result['bytes'])} read"
        return "\n".join([f"{read}: {'damaged' if result['damaged'] else 'all is whole'}.", *result["damaged"]])
    if "snapshots" in result:
        rows = [(one["snapshot"], _time(one), _has(one), size(one["bytes"])) for one in result["snapshots"]]
        return table(("backup", "made", "has", "size"), rows) if rows else "There are no backups."
    lines = [
        f"Backup {result['snapshot']} in {result['folder']}: {_has(result)}, {count(result['files'], 'file')}, "
        f"{size(result['bytes'])}; {size(result['written_bytes'])} were written."
    ]
    if result["forgotten"]:
        lines.append(f"{count(len(result['forgotten']), 'older backup')} deleted.")
    if result["missing"]:
        lines.append(
            f"{amount(len(result['missing']))} of what the registry names is missing in the home, or is not what the "
            f"registry says: {listed(result['missing'], 5)}."
        )
    if result["problem"]:
        lines.append(f"Older backups stay as they are: {result['problem']}")
    if not result["private"]:
        lines.append("Others may read this folder, which has hashes of passwords: chmod 700 it.")
    return "\n".join(lines)


def _has(one: dict) -> str:
    return ", ".join(["registry", *one["parts"]])


def _time(one: dict) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(one["created_at"]))


def restore_home(options: Namespace) -> Result:
    settings = load_settings()
    restored = restore(settings, Path(options.folder), options.snapshot)
    Registry.of(settings).close()  # it opens
    return _described(restored.snapshot) | {
        "home": str(settings.home),
        "datasets": restored.datasets,
        "runs": restored.runs,
        "models": restored.models,
        "interrupted": list(restored.interrupted),
    }, True


def restore_text(result: dict) -> str:
    numbers = [(result["datasets"], "dataset"), (result["runs"], "run"), (result["models"], "model")]
    lines = [
        f"Backup {result['snapshot']} was restored into {result['home']}: "
        f"{', '.join(count(number, noun) for number, noun in numbers)}. All people have to sign in again."
    ]
    left_out = [part for part in BackupPart if part not in result["parts"]]
    if left_out:
        lines.append(f"It has no {' and no '.join(left_out)}: copy those folders from elsewhere.")
    if result["interrupted"]:
        number = len(result["interrupted"])
        verb = "was" if number == 1 else "were"
        lines.append(f"{count(number, 'run')} {verb} interrupted, and can be resumed: python -m core resume RUN")
    return "\n".join(lines)
