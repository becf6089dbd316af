"""The command list of the README is the parser's, and every command named in the documentation exists."""

import argparse
import re
from pathlib import Path

import pytest

from core.cli.parser import parser

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "README.md").read_text()
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def parsers() -> dict[str, argparse.ArgumentParser]:
    (verbs,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return verbs.choices


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


def unknown_options(command: str, text: str) -> set[str]:
    return options_in(text) - set(parsers()[command]._option_string_actions)


def listed() -> list[tuple[str, str]]:
    """(command, what follows it) of the README's list, in which " | " separates commands."""
    block = README.split("## The command line")[1].split("```")[1]
    lines = re.sub(r"\n {2,}", " ", block).strip().splitlines()
    parts = [part for line in lines for part in line.removeprefix("python -m core ").split(" | ")]
    return [(name, rest) for names, _, rest in (part.partition(" ") for part in parts) for name in names.split("|")]


def test_the_readme_lists_exactly_the_commands_of_the_parser():
    assert sorted(name for name, _ in listed()) == sorted(parsers())


@pytest.mark.parametrize(("command", "rest"), listed(), ids=lambda value: value.split(" ")[0])
def test_every_option_in_the_list_exists(command, rest):
    assert not unknown_options(command, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_documentation_exists(page):
    for command, rest in re.findall(r"python -m core +([a-z-]+)([^`|\n]*)", page.read_text()):
        assert command in parsers(), f"{page.name} names {command}"
        assert not unknown_options(command, rest), f"{page.name}: {command}{rest}"
