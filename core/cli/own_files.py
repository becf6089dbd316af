"""Own networks on the command line: options, the request of an addition, and what a file is (``show FILE``)."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.backbones.additions import AdditionRequest
from core.backbones.scalings import PRESETS, title_of
from core.backbones.table import scaling_of
from core.cli.verbs import table
from core.errors import InvalidInput
from core.features.own_network import inspect_own_file
from core.text.units import amount, listed, percent

_NUMBERS = ("mean", "deviation")


def add_options(verb: ArgumentParser) -> None:
    """Options of ``backbones`` that are about the scaling of pixels and own files."""
    verb.add_argument(
        "--scaling", choices=[one.name for one in PRESETS], help="add: of the pixels, where no file says it"
    )
    for name in _NUMBERS:
        verb.add_argument(
            f"--{name}", type=float, nargs=3, metavar=("R", "G", "B"), help=f"add: {name} of pixels from 0 to 1"
        )
    verb.add_argument("--bgr", action="store_true", help="add: the network wants blue, green, red")
    verb.add_argument("--last-layer", metavar="L", help="add: of an own file, where its features end")
    verb.add_argument("--input-size", type=int, metavar="PX", help="add: of an own file that leaves it free")
    verb.add_argument("--licence", metavar="L", help="add: of an own file, for display")
    verb.add_argument("--trained-on", metavar="T", help="add: of an own file, for display")


def scaling_answers(options: Namespace) -> dict[str, Any]:
    """The scaling that was typed, as answers of an ``AdditionRequest``."""
    if options.bgr and not (options.mean or options.deviation):
        raise InvalidInput("--bgr belongs to --mean and --deviation; --scaling bgr is a scaling of its own.")
    given = {"scaling": options.scaling} | {name: getattr(options, name) for name in _NUMBERS}
    found = {name: value for name, value in given.items() if value is not None}
    return found | ({"bgr": True} if options.bgr else {})


def answers_of(path: Path, options: Namespace) -> dict[str, Any]:
    """All answers for an own file."""
    given = {name: getattr(options, name) for name in ("last_layer", "input_size", "licence", "trained_on")}
    typed = {name: value for name, value in given.items() if value is not None}
    return scaling_answers(options) | typed | {"file_name": path.name}


def is_own_file(what: str) -> bool:
    """Whether a file is meant: there is one, or it is named like one."""
    path = Path(what).expanduser()
    return path.is_file() or path.suffix.lower() in (".keras", ".onnx", ".zip")


def request_of(what: str, options: Namespace) -> AdditionRequest:
    """The addition of a file.

    Raises:
        InvalidInput: it cannot be added, or the scaling of its pixels must be chosen.
    """
    path = Path(what).expanduser()
    answers = answers_of(path, options)
    network = inspect_own_file(path, answers=answers, compare=False)
    try:
        network.chosen_scaling(answers)
    except InvalidInput as question:
        raise InvalidInput(
            f"{question} `python -m core backbones show {what}` compares them on check photos."
        ) from None
    name = options.name or re.sub(r"[^a-z0-9_.-]", "-", path.stem.lower()).strip("-_.")
    return AdditionRequest(
        kind=network.kind, name=name, title=options.title, source=str(path.resolve()), answers=answers
    )


def own_row(what: str, options: Namespace) -> dict[str, Any]:
    """What a file is, as JSON."""
    path = Path(what).expanduser()
    network = inspect_own_file(path, answers=answers_of(path, options))
    sums = {"parameters": network.parameters, "multiply_adds": network.multiply_adds}
    return asdict(network) | sums


def own_text(result: dict) -> str:
    """As lines; ``result["file"]`` is of ``own_row``."""
    row = result["file"]
    sizes = "or another size" if row["any_size"] else "no other size"
    blocks = [block["name"] for block in row["blocks"]]
    scaling = row["scaling"]
    told = f"{title_of(scaling_of(scaling['scaling']))} ({scaling['source']})" if scaling else "choose --scaling"
    facts = [
        ("kind", {"keras_file": "Keras", "onnx_file": "ONNX, frozen only"}[row["kind"]]),
        ("parameters", amount(row["parameters"])),
        ("multiply-adds", amount(row["multiply_adds"])),
        ("input", f"{row['size']} px, {sizes}"),
        ("blocks", f"{len(blocks)}: {listed(blocks, 6)}"),
        ("features", f"{row['feature_size']}, after {row['last']}"),
        ("left out", listed(row["left_out"], 6) or "nothing"),
        ("classes", _classes(row)),
        ("pixels", told),
    ]
    width = max(len(name) for name, _ in facts)
    lines = [f"{row['name']}: not added yet", *(f"  {name.ljust(width)}  {value}" for name, value in facts)]
    return "\n".join([*lines, "", *_compared(row["compared"])])


def _classes(row: dict) -> str:
    return "ImageNet's" if row["imagenet"] else str(row["classes"] or "none")


def _compared(compared: Sequence[dict]) -> list[str]:
    """The check photos under each scaling."""
    rows = [
        (
            one["scaling"] or "known",
            "yes" if one["finite"] else "no",
            f"{one['spread']:.2g}",
            "–" if one["agreement"] is None else percent(one["agreement"]),
        )
        for one in compared
    ]
    heading = ("scaling", "finite", "spread", "nearest of the same class")
    return [f"Features of {compared[0]['photos']} check photos:", table(heading, rows)] if compared else []
