"""What an account may store: asked before something begins, refused in one sentence, and never for nobody."""

from dataclasses import replace

import pytest

from core.advising.label_process import start_adding
from core.curation import collection, versions
from core.curation.collection import PhotoFilter
from core.errors import InvalidInput, OverQuota
from core.exports import background as exports
from core.exports.formats import Format
from core.files.home import uploads_folder
from core.files.uploads import AnnouncedFile, begin_upload
from core.jobs import background, background_additions, background_imports
from core.jobs.background_additions import start_addition
from core.jobs.background_imports import start_import
from core.jobs.quota import QuotaUse, quota_use, quota_uses, require_quota
from core.people.acting import Person, Role, acting_as
from core.planning.grid_plan import grid_plan
from core.recipes.hyperparameters import Hyperparameters
from core.registry.stored_sizes import StoredByOwner
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.core.backbones.test_additions import a_request
from tests.factories import fill, make_run

ANNA = Person(name="anna", role=Role.ADMIN)
LIMIT = 10_000_000


@pytest.fixture
def settings(settings):
    return replace(settings, user_limit_bytes=LIMIT)


@pytest.fixture
def filled(registry, settings):
    """A dataset and runs that all are Anna's."""
    with acting_as(ANNA):
        return fill(registry, settings, runs=8)


@pytest.fixture
def started(monkeypatch) -> list:
    """The processes that were started: none really is."""
    found: list = []
    for module in (background, background_imports, background_additions, exports):
        monkeypatch.setattr(module, "start_process", lambda *arguments: found.append(arguments))
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: found.append(("supervisor",)))
    return found


def up_to(registry, settings, filled, used: int) -> None:
    """Makes Anna store so much, of which the dataset is a part."""
    run = filled.with_status(Status.FINISHED)[0]
    registry.record_sizes({run.id: used - filled.dataset.size_bytes})
    assert quota_use(settings, registry, "anna").used == used


def recipe(filled, number: int):
    run = filled.with_status(Status.FINISHED)[0]
    return replace(run.recipe, hyperparameters=Hyperparameters(epochs=12, seed=number))


def an_archive(tmp_path):
    path = tmp_path / "photos.zip"
    path.write_bytes(b"\0" * 5000)
    return path


def launch(bench, filled, tmp_path):
    return bench.launch_grid(grid_plan(bench.plan(filled.dataset.id, [recipe(filled, 77)]), 1))


def resume(bench, filled, tmp_path):
    return bench.resume(filled.with_status(Status.FAILED)[0].id)


def export(bench, filled, tmp_path):
    return bench.export(filled.with_status(Status.FINISHED)[0].id, Format.ONNX)


def add(bench, filled, tmp_path):
    return start_addition(a_request(), settings=bench.settings, registry=bench.registry)


def import_archive(bench, filled, tmp_path):
    return start_import(an_archive(tmp_path), settings=bench.settings)


def add_to_a_pool(bench, filled, tmp_path):
    return start_adding(filled.dataset.id, an_archive(tmp_path), settings=bench.settings, registry=bench.registry)


BEGUN = {
    launch: "launched", resume: "resumed", export: "exported", add: "added", import_archive: "imported",
    add_to_a_pool: "added",
}  # fmt: skip


@pytest.mark.parametrize("begin", BEGUN, ids=lambda begin: begin.__name__)
def test_nothing_that_stores_more_begins_beyond_the_quota(settings, registry, filled, started, tmp_path, begin):
    bench = Workbench(settings, registry)
    up_to(registry, settings, filled, LIMIT)
    before = [(run.id, run.status) for run in registry.runs()]
    with acting_as(ANNA):
        with pytest.raises(OverQuota) as refused:
            begin(bench, filled, tmp_path)
        assert started == [] and [(run.id, run.status) for run in registry.runs()] == before
        run = filled.with_status(Status.FINISHED)[0]
        named = f"the largest are run {run.id} (9.9 MB) and dataset flowers:1 (130 kB)"
        coming = " and 5.0 kB would come" if begin in (import_archive, add_to_a_pool) else ""
        assert str(refused.value) == (
            f"anna has 10 MB of the 10 MB that each person may store (GRAFT_USER_GB){coming}. Nothing was "
            f"{BEGUN[begin]}: delete datasets, runs or their weights, {named}, or ask an admin."
        )
        up_to(registry, settings, filled, LIMIT - 5000)
        begin(bench, filled, tmp_path)
        assert started


@pytest.mark.parametrize("make", [collection.make_collection, versions.apply_decisions], ids=lambda make: make.__name__)
def test_no_dataset_is_made_of_another_one_beyond_the_quota(settings, registry, filled, make):
    up_to(registry, settings, filled, LIMIT)
    more = ["part", PhotoFilter(most=3)] if make is collection.make_collection else []
    with acting_as(ANNA), pytest.raises(OverQuota, match="Nothing was made"):
        make(filled.dataset, *more, registry=registry, settings=settings)


def test_no_bundle_is_imported_beyond_the_quota(settings, registry, filled, tmp_path):
    bench = Workbench(settings, registry)
    up_to(registry, settings, filled, LIMIT)
    with acting_as(ANNA):
        with pytest.raises(OverQuota, match="Nothing was imported"):
            bench.import_model(an_archive(tmp_path))
        up_to(registry, settings, filled, LIMIT - 1)
        with pytest.raises(InvalidInput):  # it was looked at: it is no bundle
            bench.import_model(an_archive(tmp_path))


def test_what_is_reused_stores_nothing_and_may_always_be_launched(settings, registry, filled, started):
    up_to(registry, settings, filled, LIMIT)
    run = filled.with_status(Status.FINISHED)[0]
    bench = Workbench(settings, registry)
    with acting_as(ANNA):
        ((_, found),) = bench.launch_grid(grid_plan(bench.plan(filled.dataset.id, [run.recipe]), 1))
    assert found.id == run.id


def test_the_owner_of_a_run_pays_for_its_export_whoever_exports(settings, registry, filled, started):
    up_to(registry, settings, filled, LIMIT)
    with acting_as(Person(name="tom", role=Role.TRAINER)), pytest.raises(OverQuota, match="^anna has 10 MB"):
        Workbench(settings, registry).export(filled.with_status(Status.FINISHED)[0].id, Format.ONNX)
    assert started == []


def test_the_owner_of_a_dataset_pays_for_photos_that_are_added_to_its_pool(settings, registry, filled, started):
    up_to(registry, settings, filled, LIMIT)
    with acting_as(Person(name="tom", role=Role.TRAINER)), pytest.raises(OverQuota, match="^anna has 10 MB"):
        start_adding(filled.dataset.id, "a.zip", settings=settings, registry=registry, own_source=True)
    assert started == []


def test_uploads_count_since_they_were_announced(settings, registry):
    uploads_folder(settings).mkdir(parents=True)
    begin_upload(settings, AnnouncedFile(owner="anna", name="a.zip", size=4_000_000))
    begin_upload(settings, AnnouncedFile(owner="tom", name="b.zip", size=1))
    assert quota_use(settings, registry, "anna").used == 4_000_000
    assert {name: use.used for name, use in quota_uses(settings, registry).items()} == {"anna": 4_000_000, "tom": 1}
    with pytest.raises(OverQuota, match=r"anna has 4\.0 MB .* and 6\.0 MB would come.*Nothing was uploaded"):
        require_quota(settings, registry, owner="anna", adds=6_000_001, begun="uploaded")
    require_quota(settings, registry, owner="anna", adds=6_000_000)


def test_without_a_quota_or_an_account_nothing_is_asked(settings, registry, filled):
    up_to(registry, settings, filled, 10 * LIMIT)
    require_quota(settings)  # as on the command line
    with acting_as(ANNA):
        require_quota(replace(settings, user_limit_bytes=0))
        with pytest.raises(OverQuota):
            require_quota(settings)


def test_a_run_that_waits_or_trains_is_not_held_up(settings, registry, filled):
    with acting_as(ANNA):
        run = registry.add_run(make_run(50, dataset=filled.dataset))
    up_to(registry, settings, filled, 10 * LIMIT)
    with acting_as(ANNA):
        assert registry.request_cancel(run.id, Cancel.NOW).status is Status.KILLED


def test_what_is_stored_is_told_by_its_parts():
    stored = StoredByOwner(owner="anna", datasets=2_000_000, runs=500_000)
    assert QuotaUse(stored=stored, uploads=1_500_000, limit=10**10).sentence == (
        "4.0 MB of 10 GB stored (datasets 2.0 MB, runs 500 kB, uploads 1.5 MB)"
    )
    assert QuotaUse(stored=StoredByOwner(owner="anna")).sentence == "nothing stored"
