"""Which test photos a comparison is without, and why."""

from core.curation.checking import read_findings
from core.curation.flags import Flag, flagged_photos
from core.curation.left_out import left_out_photos
from tests.factories import fill
from tests.findings import store_findings


def test_each_photo_is_named_with_what_the_check_found(registry, settings):
    filled = fill(registry, settings, runs=2)
    photos = {split: registry.photos(filled.dataset.id, split=split) for split in ("train", "test")}
    first, second = photos["test"][:2]
    store_findings(
        filled.dataset, settings, suspects=[first, photos["train"][1]], copies=[(photos["train"][0], first, second)]
    )
    findings, flagged = read_findings(filled.dataset, settings), flagged_photos(filled.dataset, settings)
    found = {one.digest: one for one in left_out_photos(findings, flagged, tuple(Flag))}
    assert set(found) == {first.digest, second.digest}, "training photos are not left out of a comparison"
    suspect, leak = found[first.digest].reasons
    assert suspect.startswith("Suspect: probably ") and first.class_name in suspect
    assert leak == f"Leaked: near-copy of {photos['train'][0].file} (train)"
    assert found[second.digest].reasons == (leak,)
    assert [one.reasons for one in left_out_photos(findings, flagged, (Flag.SUSPECTS,))] == [(suspect,)]
