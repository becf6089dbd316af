"""The tables of artifacts: tokens, blobs that are needed, and blobs that are not."""

import pytest

from core.errors import Conflict
from core.registry.artifacts import Artifact


def artifact(name="datasets/d-1", token=1, digest="l1"):
    return Artifact(name=name, token=token, digest=digest, size_bytes=2**40, files=3)


def publish(registry, published, *digests):
    assert registry.expect_blobs("publish/x", [published.digest, *digests]) == []
    registry.publish_artifact(published, "publish/x")


def test_a_published_artifact_is_read_as_it_was_written(registry):
    publish(registry, artifact(), "b1", "b2")
    assert registry.artifact("datasets/d-1") == artifact()
    assert registry.artifacts("data") == registry.artifacts() == [artifact()]
    assert registry.artifacts("runs/") == [] and registry.artifact("datasets/d-2") is None


def test_a_name_is_no_pattern(registry):
    publish(registry, artifact("datasets/d_1"))
    assert registry.artifacts("datasets/d%") == [] and len(registry.artifacts("datasets/d_")) == 1


def test_a_smaller_token_is_refused_and_an_equal_one_is_not(registry):
    publish(registry, artifact(token=2))
    registry.expect_blobs("publish/y", ["l0"])
    with pytest.raises(Conflict, match="attempt 2 has taken over. Received: attempt 1"):
        registry.publish_artifact(artifact(digest="l0"), "publish/y")
    publish(registry, artifact(token=2, digest="l2"))
    assert registry.artifact("datasets/d-1").digest == "l2" and registry.doomed_blobs() == ["l1"]


def test_features_of_a_machine_whose_lease_was_taken_are_refused(registry):
    """Also before the other machine has published anything."""
    name = "features/d/w/k/ab-8192-3/00001"
    late = registry.take(name, "first")
    registry.release(late)  # as when it lapses
    now = registry.take(name, "second")
    registry.expect_blobs("publish/y", ["l0"])
    with pytest.raises(Conflict, match="00001 is not published: lease 2 has taken over. Received: lease 1"):
        registry.publish_artifact(artifact(name, late.token), "publish/y")
    publish(registry, artifact(name, now.token))
    assert registry.artifact(name).token == 2


def test_a_publication_that_was_given_up_is_refused(registry):
    registry.expect_blobs("publish/x", ["l1"])
    registry.forget_artifacts(["publish/x"])
    with pytest.raises(Conflict, match="took too long"):
        registry.publish_artifact(artifact(), "publish/x")


def test_blobs_are_doomed_when_the_last_one_that_needs_them_goes(registry):
    publish(registry, artifact(), "b1", "b2")
    publish(registry, artifact("datasets/d-2", digest="l2"), "b2", "b3")
    registry.forget_artifacts(["datasets/d-1"])
    assert registry.doomed_blobs() == ["b1", "l1"]
    registry.forget_artifacts(["datasets/d-2", "datasets/d-1"])
    assert registry.doomed_blobs() == ["b1", "b2", "b3", "l1", "l2"]


def test_a_doomed_blob_is_not_promised(registry):
    publish(registry, artifact(), "b1")
    registry.forget_artifacts(["datasets/d-1"])
    assert registry.expect_blobs("publish/y", ["b0", "b1"]) == ["b1"]
    registry.blob_was_deleted("b1")
    assert registry.expect_blobs("publish/y", ["b0", "b1"]) == []
    registry.forget_artifacts(["publish/y"])
    assert registry.doomed_blobs() == ["b0", "b1", "l1"]


def test_very_many_blobs(registry):
    digests = [f"b{number}" for number in range(2_000)]
    publish(registry, artifact(), *digests)
    registry.forget_artifacts(["datasets/d-1"])
    assert len(registry.doomed_blobs()) == 2_001
    assert len(registry.expect_blobs("publish/y", digests)) == 2_000


def test_a_publication_is_lost_when_nobody_has_its_lease(registry):
    registry.take("publish/x", "me")
    registry.expect_blobs("publish/x", ["b1"])
    assert registry.lost_publications() == []
    registry.release(registry.lease("publish/x"))
    assert registry.lost_publications() == ["publish/x"]
    registry.publish_artifact(artifact(), "publish/x")
    assert registry.lost_publications() == []
