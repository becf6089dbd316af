"""Deletions as JSON."""

from core.output.deletions import deletion_json
from core.workbench.delete import DeletionImpact


def test_one_reference_is_text_and_several_are_a_list():
    impact = DeletionImpact(runs=1, models=1, bytes=10, aliases=("champion of flowers version 1",))
    one = deletion_json("run", ["r-1"], impact)
    assert one["deleted"] == "r-1" and one["kind"] == "run" and one["bytes"] == 10
    assert list(one["aliases"]) == ["champion of flowers version 1"]
    assert deletion_json("model", ("r-1", "r-2"), impact)["deleted"] == ["r-1", "r-2"]
    assert not one["dry_run"] and deletion_json("run", ["r-1"], impact, dry_run=True)["dry_run"]
