"""What the command modules share: adding a command to the parser, and tables as text."""

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable, Sequence
from typing import Any

from core.curation.flags import Flag

Verbs = _SubParsersAction
Result = tuple[dict, bool]
"""What a command returns: its result as JSON, and whether everything requested was done."""


def add_verb(
    verbs: Verbs, name: str, command: Callable[[Namespace], Result], text: Callable[[dict], str], help: str
) -> ArgumentParser:
    """Add a command; the parsed options carry ``command`` and ``text``, which turns the result into text."""
    verb: ArgumentParser = verbs.add_parser(name, help=help, description=help)
    verb.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    verb.set_defaults(command=command, text=text)
    return verb


def add_runs(verb: ArgumentParser, nargs: str = "+") -> None:
    verb.add_argument("runs", nargs=nargs, metavar="RUN")


def add_without(verb: ArgumentParser) -> None:
    """An option whose text ``flags_of`` reads."""
    help_ = f"leave out test photos that core check found: {', '.join(Flag)} (comma-separated)"
    verb.add_argument("--without", default="", metavar="KINDS", help=help_)


def add_list(verb: ArgumentParser, option: str, metavar: str, help: str | None = None) -> None:
    """An option that takes several values and may be repeated."""
    verb.add_argument(option, nargs="+", action="extend", default=[], metavar=metavar, help=help)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [header, *[tuple(map(str, row)) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def leak_lines(result: dict) -> list[str]:
    """A line for each dataset among a list of runs that has leaked test photos."""
    return [f"{note['name']}: {note['sentence']}" for note in result["leaks"]]
