"""``requirements*.lock``: what ``make setup`` installs is what the requirements say, with hashes."""

import re
from importlib.metadata import PackageNotFoundError, distribution, version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.settings import REPOSITORY
from tests.supply.locks import INCLUDES, Locked, lock_file, locked, read


def required(name: str) -> list[Requirement]:
    """The lines of a requirements file and of those it includes."""
    lines = (REPOSITORY / f"{name}.txt").read_text().splitlines()
    found = [
        Requirement(line.partition(" #")[0]) for line in lines if line.strip() and not line.startswith(("#", "-r"))
    ]
    included = [line.removeprefix("-r ").removesuffix(".txt") for line in lines if line.startswith("-r ")]
    return [*found, *(each for other in included for each in required(other))]


@pytest.mark.parametrize("name", INCLUDES)
def test_a_lock_has_the_versions_that_the_requirements_pin(name):
    found = locked(name)
    for each in required(name):
        one = found.get(canonicalize_name(each.name))
        assert one is not None, f"{each} is not in {name}.lock: make lock"
        assert one.requirement.specifier == each.specifier, f"{name}.lock has {one.requirement}, not {each}: make lock"
        assert each.extras <= one.requirement.extras or not one.requirement.extras


@pytest.mark.parametrize("name", INCLUDES)
def test_every_package_of_a_lock_has_one_version_and_a_hash_of_each_file(name):
    text = lock_file(name).read_text()
    assert "--require-hashes" in text and "--only-binary :all:" in text
    for one in read(text):
        assert re.fullmatch(r"==[^*,]+", str(one.requirement.specifier)), one.requirement
        assert one.hashes and all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in one.hashes), one.name


def test_locks_that_are_installed_together_agree():
    versions: dict[str, set[str]] = {}
    for name in INCLUDES:
        for one in read(lock_file(name).read_text()):
            versions.setdefault(one.name, set()).add(one.version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_nothing_that_a_package_of_the_lock_needs_here_is_missing_in_it(name):
    """pip refuses a lock that lacks one; here it is seen without a download."""
    found = locked(name)
    missing = {
        f"{one.name} needs {need}"
        for one in found.values()
        for need in needs(one)
        if canonicalize_name(need.name) not in found or version(need.name) not in need.specifier
    }
    assert missing == set()


def needs(one: Locked) -> list[Requirement]:
    """What an installed package needs on this machine, with the extras that the lock names."""
    try:
        texts = distribution(one.name).requires or []
    except PackageNotFoundError:  # not for this machine
        assert one.requirement.marker is not None and not one.requirement.marker.evaluate(), (
            f"{one.name} is not installed"
        )
        return []
    extras = ("", *one.requirement.extras)
    every = [Requirement(text) for text in texts]
    return [need for need in every if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras)]
