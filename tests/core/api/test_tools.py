"""The table of tools."""

import pytest

from core.api.tools import TOOLS
from core.registry.tokens import Scope


def test_names_are_unique_and_every_tool_says_what_it_does():
    assert len({verb.name for verb in TOOLS}) == len(TOOLS)
    assert all(verb.does.endswith(".") for verb in TOOLS)


@pytest.mark.parametrize("name", ["train", "shrink", "delete_run", "delete_dataset"])
def test_what_trains_or_deletes_is_a_dry_run_unless_it_is_told_otherwise(name):
    (verb,) = [verb for verb in TOOLS if verb.name == name]
    assert verb.asked.model_fields["dry_run"].default is True and verb.scope is Scope.TRAIN


def test_what_reads_needs_the_scope_read_and_the_rest_more():
    scopes = {verb.name: verb.scope for verb in TOOLS}
    reading = {name for name in scopes if name.startswith(("list_", "get_", "compare_"))}
    assert {name for name, scope in scopes.items() if scope is Scope.READ} == reading
    assert [name for name, scope in scopes.items() if scope is Scope.PREDICT] == ["predict", "explain"]
