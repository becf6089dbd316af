"""Reads a bundle from outside: the archive's policy, names, version, checksums, contents, before anything is kept."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.backbones.keras_config import stock_config
from core.datasets.archives.listing import Entry
from core.datasets.archives.members import Member, member_chunks
from core.datasets.archives.zips import zip_entries
from core.datasets.manifest import dataset_digest
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import GraftError, InvalidInput, Refused, Unavailable
from core.exports.bundle import FORMAT_VERSION, KIND, MODEL
from core.files.folders import CARD, KERAS_MODEL, MANIFEST
from core.models.inference.model_files import read_model
from core.recipes.recipe import Recipe
from core.runs.values import Cost

MANIFEST_LIMIT = 256 * 2**20
"""Bytes of a manifest: 300 a photo."""

_NAME = re.compile(rf"(?:validation|test)\.npz|{MODEL}[A-Za-z0-9_][A-Za-z0-9_.-]{{0,99}}")
_ID = re.compile(r"r-[0-9a-z-]{1,40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a bundle says, checked.

    Args:
        run_id, name, recipe, fingerprint, epochs_done, best_epoch, created_at, notes, tags: of the run.
        model_file: the main file of the model; model_created_at: seconds since 1970.
        cost: of the run. dataset, photos: that it was trained on.
        graft: the version that wrote it.
    """

    run_id: str
    name: str
    recipe: Recipe
    fingerprint: str
    epochs_done: int
    best_epoch: int | None
    created_at: float
    notes: str
    tags: tuple[str, ...]
    model_file: str
    model_created_at: float
    cost: Cost
    dataset: Dataset
    photos: tuple[Photo, ...]
    graft: str


def unpack(path: Path, folder: Path) -> Bundle:
    """Writes the files of the bundle at ``path`` into ``folder`` as a run's folder has them, and returns what it says.

    Raises:
        InvalidInput: it is no bundle, or its content does not fit together. Refused: it is damaged, was changed, breaks
            the policy for archives, or comes from a newer Graft. One sentence each.
    """
    members = _members(path)
    manifest = _manifest(path, members)
    _check_names(members, manifest)
    (folder / MODEL).mkdir()
    with path.open("rb") as archive:
        for name, listed in manifest["files"].items():
            _write(archive, members[name], folder / name, listed)
    try:
        found = _bundle(manifest)
        _check_model(folder, found, manifest["model"])
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise InvalidInput(
            f"The bundle cannot be read ({type(error).__name__}: {str(error)[:120]}). Export the model again."
        ) from None
    return found


def _members(path: Path) -> dict[str, Member]:
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                raise InvalidInput("The file is no bundle: it is not a ZIP archive. Choose a bundle.zip.")
        entries, _ = zip_entries(path)
    except OSError as error:
        raise InvalidInput(f"{str(path)[-120:]!r} cannot be read ({error.strerror}).") from None
    found: dict[str, Member] = {}
    for entry in entries:
        name = _text(entry)
        if not isinstance(entry.source, Member) or entry.problem or name in found:
            raise Refused(f"The bundle holds {name[:80]!r}, which is no file of a bundle. Export the model again.")
        found[name] = entry.source
    return found


def _text(entry: Entry) -> str:
    return entry.name if entry.name is not None else entry.raw_name.decode("ascii", "replace")


def _manifest(path: Path, members: dict[str, Member]) -> dict[str, Any]:
    if MANIFEST not in members:
        raise InvalidInput(f"This archive is no bundle: it has no {MANIFEST}. Choose one that Graft exported.")
    if members[MANIFEST].size > MANIFEST_LIMIT:
        raise Refused(
            f"The manifest of the bundle has {members[MANIFEST].size / 2**20:,.0f} MB, which no bundle needs."
        )
    try:
        with path.open("rb") as archive:
            content = json.loads(b"".join(member_chunks(archive, members[MANIFEST])))
        if content["kind"] != KIND:
            raise KeyError("kind")
        version = int(content["version"])
    except InvalidInput as error:
        raise Refused(f"The bundle is damaged: {MANIFEST} {error}. Copy it again.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInput(f"This archive is no bundle: its {MANIFEST} is not one of a bundle.") from None
    if version > FORMAT_VERSION:
        raise Refused(
            f"The bundle has version {version} and this Graft reads up to {FORMAT_VERSION}: it comes from a newer "
            f"Graft ({str(content.get('graft', 'unknown'))[:20]}). Update this one."
        )
    return dict(content)


def _check_names(members: dict[str, Member], manifest: dict[str, Any]) -> None:
    """Exactly the files that the manifest lists, with names that a bundle has."""
    listed = manifest.get("files")
    if not isinstance(listed, dict):
        raise InvalidInput("The manifest of the bundle lists no files. Export the model again.")
    wrong = next((name for name in listed if not _NAME.fullmatch(name)), None)
    if wrong is not None:
        raise Refused(f"The bundle holds {wrong[:80]!r}, which is no file of a bundle. Export the model again.")
    differ = sorted({*listed, MANIFEST} ^ set(members))
    if differ:
        which = "lacks" if differ[0] in listed else "has a further file,"
        raise Refused(f"The bundle is damaged or was changed: it {which} {differ[0][:80]!r}. Copy it again.")


def _write(archive: Any, member: Member, target: Path, listed: Any) -> None:
    """One file, its SHA-256 compared while it is written."""
    digest = hashlib.sha256()
    try:
        with target.open("xb") as file:
            for chunk in member_chunks(archive, member):
                digest.update(chunk)
                file.write(chunk)
    except InvalidInput as error:
        raise Refused(f"The bundle is damaged: {target.name} {error}. Copy it again.") from None
    if not isinstance(listed, dict) or digest.hexdigest() != listed.get("sha256"):
        raise Refused(
            f"The bundle is damaged or was changed: the SHA-256 of {target.name} is not the one in its manifest. "
            "Copy it again."
        )


def _bundle(manifest: dict[str, Any]) -> Bundle:
    run, dataset = manifest["run"], dict(manifest["dataset"])
    dataset |= {"class_names": tuple(dataset["class_names"]), "rejections": (), "notes": tuple(dataset["notes"])}
    photos = tuple(Photo(**photo) for photo in manifest["photos"])
    found = Bundle(
        run_id=str(run["id"]),
        name=str(run["name"])[:200],
        recipe=Recipe.from_dict(run["recipe"]),
        fingerprint=str(run["fingerprint"]),
        epochs_done=int(run["epochs_done"]),
        best_epoch=None if run["best_epoch"] is None else int(run["best_epoch"]),
        created_at=float(run["created_at"]),
        notes=str(run["notes"])[:20_000],
        tags=tuple(str(tag)[:40] for tag in run["tags"][:50]),
        model_file=str(manifest["model"]["path"]),
        model_created_at=float(manifest["model"]["created_at"]),
        cost=Cost(**manifest["cost"]),
        dataset=Dataset(**dataset),
        photos=photos,
        graft=str(manifest["graft"])[:20],
    )
    _check_values(found)
    return found


def _check_values(found: Bundle) -> None:
    """Ids and digests become names of files here, so they have no other form."""
    if not _ID.fullmatch(found.run_id) or found.model_file not in (KERAS_MODEL, CARD):
        raise ValueError("the id of the run, or the name of its model")
    if not all(_DIGEST.fullmatch(photo.digest) and photo.split in SPLITS for photo in found.photos):
        raise ValueError("a photo's digest or split")
    numbers = [value for name, value in vars(found.cost).items() if name not in ("energy_source", "stages")]
    if not all(value is None or isinstance(value, int | float) for value in numbers):
        raise ValueError("a cost that is no number")
    names = found.dataset.class_names
    if list(names) != sorted({photo.class_name for photo in found.photos}):
        raise ValueError("the classes are not those of the photos")
    if found.dataset.unlabelled == 0 and found.dataset.digest != dataset_digest(
        found.photos, grey_bits=found.dataset.grey_bits
    ):
        raise ValueError("the digest of the dataset is not that of its photos")


def _check_model(folder: Path, found: Bundle, model: dict[str, Any]) -> None:
    """The card belongs to the manifest, and the files to the card."""
    card = json.loads((folder / MODEL / CARD).read_text())
    main = folder / MODEL / found.model_file
    if card.get("run", found.run_id) != found.run_id or tuple(card["class_names"]) != found.dataset.class_names:
        raise ValueError("the card is that of another model")
    if hashlib.sha256(main.read_bytes()).hexdigest() != model["sha256"]:
        raise ValueError("the model is not the one that was registered")
    try:
        if card.get("answer") is not None:
            read_model(folder / MODEL).verify()
        if (folder / MODEL / KERAS_MODEL).exists():
            stock_config(folder / MODEL / KERAS_MODEL, KERAS_MODEL)
    except (GraftError, Unavailable) as error:
        raise InvalidInput(f"The model of the bundle cannot be used: {error}") from None
