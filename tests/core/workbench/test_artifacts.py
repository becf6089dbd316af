"""What the store has, by kind."""

from core.artifacts import parts
from core.workbench.artifacts import stored_artifacts
from tests.factories import fill
from tests.machines import two_machines


def test_counts_and_sizes_by_kind(tmp_path, registry):
    first, second = two_machines(tmp_path, registry)
    fill(first.registry, first.settings)
    only_here = stored_artifacts(first.settings, first.registry)["only_here"]
    assert only_here == parts.unpublished(first.settings, first.registry) != []
    parts.publish_missing(first.settings, first.registry, lambda name: None)
    found = stored_artifacts(second.settings, second.registry)
    kinds = {row["kind"]: row for row in found["kinds"]}
    assert kinds["datasets"]["artifacts"] == 1 and kinds["datasets"]["bytes"] > 0
    assert found["only_here"] == [] and found["to_delete"] == 0 and found["store"] == first.settings.artifacts
