"""``backbones``: what can be trained, and what a person adds: models of the hub, own files."""

import sys
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from core.backbones.additions import AdditionRequest
from core.backbones.hub.address import address_of
from core.backbones.scalings import title_of
from core.backbones.suggested import suggestion_of
from core.backbones.values import Backbone, Scaling
from core.cli import own_files
from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import GraftError, InvalidInput, NotFound, Unavailable
from core.jobs.background import UNFINISHED
from core.jobs.background_additions import Addition, additions, dismiss_addition
from core.output.backbones import addition_row, backbone_json, backbone_row, backbones_json, hub_json, is_added
from core.text.units import amount, listed, percent, size
from core.workbench import Workbench
from core.workbench.delete import impact_label, used_by_label

ACTIONS = ("list", "show", "add", "remove", "check")
LINE_SECONDS = 5.0
"""Between two lines of progress where stderr is no terminal."""


def add_verbs(verbs: Verbs) -> None:
    help_ = "list the backbones, or add one from the Hugging Face Hub or a file"
    verb = add_verb(verbs, "backbones", backbones, backbones_text, help_)
    verb.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    verb.add_argument(
        "what", nargs="?", metavar="WHAT", help="a name; to add: owner/name[@revision] of the hub, or a file"
    )
    verb.add_argument("--name", help="add: the name it will have")
    verb.add_argument("--title", default="", help="add: for display")
    verb.add_argument("--accept-licence", metavar="L", help="add: the licence that you accept, where one must be")
    own_files.add_options(verb)
    verb.add_argument("--wait", action="store_true", help="add: until it is added")
    verb.add_argument("--yes", action="store_true", help="remove: do not ask")


def backbones(options: Namespace) -> Result:
    """The list, or what ``options.action`` asks for."""
    workbench = Workbench.open()
    if options.action == "list":
        return backbones_json(workbench), True
    if not options.what:
        raise InvalidInput(f"Name a backbone: python -m core backbones {options.action} NAME")
    act = {"show": _show, "add": _add, "remove": _remove, "check": _check}[options.action]
    return act(workbench, options)


# --- list and show ---


def _show(workbench: Workbench, options: Namespace) -> Result:
    if own_files.is_own_file(options.what):
        return {"file": own_files.own_row(options.what, options)}, True
    known = _known(workbench, options.what)
    if known is not None:
        return backbone_json(workbench, known), True
    suggestion = suggestion_of(options.what)
    offer = workbench.describe_hub(suggestion.address if suggestion else options.what, _answers(options))
    return hub_json(offer, suggestion), True


def _known(workbench: Workbench, name: str) -> Backbone | None:
    """The backbone of that name; None where it is an address or a suggestion."""
    if "/" in name or (suggestion_of(name) and not is_added(workbench, name)):
        return None
    return workbench.backbone(name)


# --- add ---


def _add(workbench: Workbench, options: Namespace) -> Result:
    is_file = own_files.is_own_file(options.what)
    request = own_files.request_of(options.what, options) if is_file else _hub_request(workbench, options)
    addition_id = workbench.start_addition(request)
    if not options.wait:
        return {"addition": addition_id, "name": request.name, "state": "running", "message": ""}, True
    addition = _waited(workbench, addition_id, quiet=options.json)
    dismiss_addition(workbench.settings, addition_id)
    if addition.state != "done":
        raise Unavailable(addition.message)
    return addition_row(addition) | {"backbone": backbone_row(workbench.backbone(request.name))}, True


def _hub_request(workbench: Workbench, options: Namespace) -> AdditionRequest:
    """For a model of the hub: everything that can be refused is refused here, in one sentence."""
    suggestion = suggestion_of(options.what)
    if suggestion is None and "/" not in options.what:
        address_of(options.what)  # says how an address is written
    model = workbench.describe_hub(suggestion.address if suggestion else options.what, _answers(options)).model
    name = options.name or (suggestion.name if suggestion else model.name)
    model.row(name, answers=_answers(options))
    model.refuse_unaccepted(options.accept_licence)
    return AdditionRequest(
        kind="hub",
        name=name,
        title=options.title or (suggestion.title if suggestion else ""),
        source=str(model.address),
        accepted_licence=options.accept_licence if model.licence.question() else None,
        answers=_answers(options),
    )


def _answers(options: Namespace) -> dict[str, Any]:
    return own_files.scaling_answers(options)


def _waited(workbench: Workbench, addition_id: str, *, quiet: bool) -> Addition:
    """The addition once it has ended; tells its progress on stderr."""
    told, last = "", 0.0
    while True:
        addition = next((one for one in additions(workbench.settings) if one.id == addition_id), None)
        if addition is None:
            raise NotFound("The addition was dismissed somewhere else.")
        if addition.state not in UNFINISHED:
            return addition
        line = _progress(addition)
        stage = line.partition(":")[0]
        if not quiet and (stage != told or time.monotonic() - last > LINE_SECONDS):
            print(line, file=sys.stderr, flush=True)
            told, last = stage, time.monotonic()
        time.sleep(0.2)


def _progress(addition: Addition) -> str:
    if addition.state == "waiting":
        return "Waiting for another addition"
    progress = addition.progress
    if progress is None:
        return "Starting"
    counted = f": {size(progress.done)} of {size(progress.total)}" if progress.total else ""
    return f"{progress.stage}{counted}"


# --- remove and check ---


def _remove(workbench: Workbench, options: Namespace) -> Result:
    impact = workbench.preview_removal(options.what)
    if sys.stdin.isatty() and not options.yes and not options.json:
        question = f"Remove {options.what} ({impact_label(impact)})?{used_by_label(impact)} [y/N] "
        if input(question).strip().lower() not in ("y", "yes"):
            raise GraftError("Nothing was removed.")
    return {"removed": options.what} | asdict(workbench.remove_backbone(options.what)), True


def _check(workbench: Workbench, options: Namespace) -> Result:
    found = workbench.check_backbone(options.what)
    return {"checked": options.what} | asdict(found), found.good


# --- text ---


def backbones_text(result: dict) -> str:
    for key, text in _TEXTS.items():
        if key in result:
            return text(result)
    return _list_text(result)


def _list_text(result: dict) -> str:
    rows = [
        (row["name"], row["availability"], f"{row['parameters'] / 1e6:.1f} M", row["input_size"], percent(row["top1"]))
        for row in result["backbones"]
    ]
    lines = [table(("backbone", "weights", "parameters", "input", "ImageNet top-1"), rows)]
    if result["additions"]:
        lines += ["", "Being added, or failed:"]
        lines += [f"  {one['name']}  {one['state']}  {one['message']}".rstrip() for one in result["additions"]]
    known = {row["name"] for row in result["backbones"]}
    offered = [one for one in result["suggested"] if one["name"] not in known]
    if offered:
        lines += ["", "On the Hugging Face Hub (python -m core backbones add NAME):"]
        listing = [(f"  {one['name']}", f"about {amount(one['parameters'])}", one["address"]) for one in offered]
        lines.append(table(("  name", "parameters", "model"), listing))
    return "\n".join(lines)


def _known_text(result: dict) -> str:
    row = result["backbone"]
    blocks = row["blocks"]
    facts = [
        ("source", row["source"]),
        ("family", row["family"]),
        ("parameters", amount(row["parameters"])),
        ("multiply-adds", amount(row["multiply_adds"]) if row["multiply_adds"] else "unknown"),
        ("input", f"{row['input_size']} px, {row['fit']}"),
        ("blocks", f"{len(blocks)}: {listed(blocks, 6)}"),
        ("features", row["feature_size"]),
        ("classifier", _classifier(row)),
        ("trained on", row["trained_on"] or "unknown"),
        ("licence", row["licence"]),
    ]
    return "\n".join([f"{row['title']} ({row['name']})", *_aligned(facts), *_refused(result)])


def _classifier(row: dict) -> str:
    if row["text_tower"]:
        return "zero-shot, by texts"
    return "ImageNet's 1,000 classes" if row["classes"] else "none"


def _hub_text(result: dict) -> str:
    row = result["hub"]
    scaling = row["scaling"]
    facts = [
        ("address", row["address"]),
        ("architecture", f"{row['architecture']} ({row['family']}, {row['layout']})"),
        ("parameters", amount(row["parameters"]) if row["parameters"] else "known once it is added"),
        ("download", size(row["bytes"])),
        ("input", f"{row['input_size']} px, {row['fit']}"),
        ("pixels", _scaling_title(scaling) if scaling else "unknown: choose --scaling"),
        ("trained on", row["trained_on"] or "unknown"),
        ("licence", f"{row['licence']}. {row['licence_question']}".rstrip(" .")),
    ]
    return "\n".join([f"{row['name']}: not added yet", *_aligned(facts), *row["notes"], *_refused(result)])


def _aligned(facts: Sequence[tuple[str, Any]]) -> list[str]:
    width = max(len(name) for name, _ in facts)
    return [f"  {name.ljust(width)}  {value}" for name, value in facts]


def _scaling_title(scaling: Mapping[str, Any]) -> str:
    return title_of(Scaling(mean=tuple(scaling["mean"]), deviation=tuple(scaling["deviation"]), bgr=scaling["bgr"]))


def _refused(result: dict) -> list[str]:
    return [f"Not possible: {pattern}. {why}" for pattern, why in result["refused"].items()]


def _added_text(result: dict) -> str:
    if result["state"] == "done":
        return f"{result['name']} was added."
    return f"{result['name']} is being added in the background; python -m core backbones tells how it goes."


def _removed_text(result: dict) -> str:
    return f"Removed {result['removed']}: {size(result['bytes'])} freed."


def _checked_text(result: dict) -> str:
    return f"{result['checked']}: {result['found']}"


_TEXTS = {
    "checked": _checked_text,
    "removed": _removed_text,
    "hub": _hub_text,
    "file": own_files.own_text,
    "addition": _added_text,
    "backbone": _known_text,
}
