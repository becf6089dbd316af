"""The addition of a model of the hub: described, downloaded, and converted where it is convolutional."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.backbones.additions import AdditionProgress, AdditionRequest, Prepared, Report
from core.backbones.hub.address import address_of
from core.backbones.hub.client import HubClient
from core.backbones.hub.described import HubModel, describe
from core.backbones.hub.download import download, sweep
from core.backbones.values import Backbone
from core.errors import GraftError
from core.features import converted, hub
from core.features.measuring import measured
from core.features.staged import conversion
from core.files.home import hub_downloads
from core.settings import load_settings


def preparing(request: AdditionRequest, folder: Path, report: Report) -> Prepared:
    """Download the model at ``request.source``; see ``core.backbones.additions.Preparing``."""
    report(AdditionProgress(stage="Asking the hub"))
    client = HubClient(address_of(request.source).name)
    model = describe(request.source, client)
    model.refuse_unaccepted(request.accepted_licence)
    row = model.row(request.name, request.title, request.answers)
    downloads = hub_downloads(load_settings())
    sweep(downloads)
    place = downloads / f"{model.address.owner}--{model.address.repository}@{model.address.revision}"
    if row.tokens is None and model.staged is None:
        download(model.repository, model.chosen.described, place, client, report)
        with _removed_where_refused(place):
            converted.refuse_unknown(place, row)
    download(model.repository, model.chosen.files, place, client, report)
    report(AdditionProgress(stage="Building the network"))
    if row.tokens is None:
        with _removed_where_refused(place):
            row = _converted(model, row, place, folder)
    kept = model.chosen.files if row.tokens else model.chosen.described
    for file in kept:
        (place / file.name).replace(folder / file.name)
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    return Prepared(backbone=measured(row, hub.network(row, folder)), facts=_facts(model))


@contextmanager
def _removed_where_refused(place: Path) -> Iterator[None]:
    """Without the downloaded files where they are no network that can be added: trying again would not help."""
    try:
        yield
    except GraftError:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _converted(model: HubModel, row: Backbone, place: Path, folder: Path) -> Backbone:
    """Writes the network that is stored; one in stages by Graft itself, others with keras-hub."""
    if model.staged is not None:
        return conversion.convert(place, folder, row, model.staged)
    return converted.convert(place, folder, row)


def _facts(model: HubModel) -> dict:
    """What ``AddedBackbone.facts`` keeps of a model of the hub."""
    return {
        "hub": {
            "endpoint": model.endpoint,
            "address": str(model.address),
            "layout": str(model.layout),
            "architecture": model.architecture,
            "gated": model.licence.gated,
            "licence_link": model.licence.link,
            "files": [
                {"path": file.path, "bytes": file.size, "sha256": file.sha256, "blob": file.blob}
                for file in model.chosen.files
            ],
        },
        "crop_pct": model.preprocessing.crop_pct,
        "about": model.notes(),
    }
