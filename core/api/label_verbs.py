"""Labelling photos without a class, for REST and MCP alike: what to label next, drafts of labels, and the version."""

from collections.abc import Mapping, Sequence

from core.advising.label_process import label_state, read_order, start_ordering
from core.curation.labelled import label_photos, set_aside
from core.curation.versions import apply_decisions
from core.datasets.pool import pool_photos
from core.errors import InvalidInput, NotFound
from core.files.here import dataset_here
from core.output.datasets import dataset_row
from core.output.labelling import order_json, pool_json
from core.workbench import Workbench

NO_MODEL = "none"
"""In place of a run: a linear head."""


def next_labels(bench: Workbench, dataset: str, *, count: int) -> dict:
    """``core label next`` as it was ordered last, without the photos that were decided on since.

    ``order_state`` and ``order_message`` are those of the job; without an order there are no photos.
    """
    found = bench.registry.dataset(dataset)
    order, state = read_order(found.id, bench.settings), label_state(found.id, settings=bench.settings)
    if order is None:
        nothing = dict.fromkeys(("run", "by", "backbone", "seconds"))
        told = pool_json(found, bench.settings) | nothing | {"left_out": [], "photos": []}
    else:
        told = order_json(found, order, bench.settings, count)
    return told | {"order_state": state.state, "order_message": state.message}


def begin_order(bench: Workbench, dataset: str, *, model: str | None, count: int = 0) -> dict:
    """Start ``core label next`` in the background; a job that runs is left alone.

    Args:
        model: a run, or ``none`` for a linear head; the recommended run by default.
    """
    found = bench.registry.dataset(dataset)
    if model is None:
        run_id = bench.model_to_label_with(found.id)
    else:
        run_id = "" if model == NO_MODEL else bench.registry.run(model).id
    start_ordering(found.id, settings=bench.settings, registry=bench.registry, run_id=run_id)
    return next_labels(bench, found.id, count=count)


def set_labels(
    bench: Workbench,
    dataset: str,
    *,
    labels: Mapping[str, str],
    excluded: Sequence[str] = (),
    new_class: bool = False,
    who: str,
) -> dict:
    """``core label set``, by digests: drafts until a version is made.

    Raises:
        InvalidInput: nothing was sent, a photo is in both, or a class is not known.
        NotFound: the pool has no such photo.
    """
    found = bench.registry.dataset(dataset)
    if not labels and not excluded:
        raise InvalidInput("Send labels: the class of each photo by its digest; or excluded: digests.")
    if both := sorted(set(labels) & set(excluded)):
        raise InvalidInput(f"A photo is labelled or excluded, not both. Received both for {both[0][:80]!r}.")
    known = pool_photos(dataset_here(bench.settings, found.id))
    if missing := [digest for digest in excluded if digest not in known]:  # before any label is kept
        raise NotFound(f"{found.name} has no photo without a class with the digest {missing[0][:80]!r}.")
    kept = label_photos(found, labels, settings=bench.settings, new_class=new_class) if labels else {}
    if excluded:
        set_aside(found, excluded, settings=bench.settings)
    bench.registry.log("api_label", {"dataset": found.id, "photos": len(labels) + len(excluded), "by": who})
    return pool_json(found, bench.settings) | {"set": {**kept, **dict.fromkeys(excluded)}}


def make_version(bench: Workbench, dataset: str, *, validation: bool, who: str) -> dict:
    """``core label make``: a version with all decisions, also those of *Check photos*.

    Raises:
        InvalidInput: nothing was decided. OverQuota: the person stores as much as each may.
    """
    found = bench.registry.dataset(dataset)
    made = apply_decisions(found, registry=bench.registry, settings=bench.settings, validation=validation)
    bench.registry.log("api_label_make", {"dataset": found.id, "made": made.id, "by": who})
    return dataset_row(bench, made) | {"made": made.notes[-1]}
