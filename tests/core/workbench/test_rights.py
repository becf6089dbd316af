"""What each role may do in the use cases, whoever calls them; what is somebody else's stays as it is."""

from types import SimpleNamespace

import pytest

from core.errors import Forbidden, GraftError
from core.exports.formats import Format
from core.files.home import import_folder
from core.jobs import background_additions, background_imports, background_tables
from core.people.acting import LOCAL, NOBODY, Person, Role, acting_as
from core.planning.decide import Decision
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.runs.needs import RunNeeds
from core.runs.values import Status
from core.settings import Settings
from core.workbench import Workbench
from tests.factories import fill, make_dataset, make_photos, make_run

VERA, TOM, TINA, ADA = (
    Person(name=name, role=role)
    for name, role in (("vera", Role.VIEWER), ("tom", Role.TRAINER), ("tina", Role.TRAINER), ("ada", Role.ADMIN))
)


@pytest.fixture
def bench(tmp_path) -> Workbench:
    """An empty home."""
    return Workbench.open(Settings(home=tmp_path / "own"))


@pytest.fixture
def finished(bench) -> list[str]:
    filled = fill(bench.registry, bench.settings, runs=8)
    return [run.id for run in filled.runs if run.status is Status.FINISHED]


@pytest.fixture
def of_tom(bench):
    """A dataset and a run of tom's."""
    bench.registry.add_user("tom", "trainer")
    with acting_as(TOM):
        bench.registry.add_dataset(make_dataset(), make_photos())
        return bench.registry.add_run(make_run(1))


CHANGES = {
    "star": lambda bench, run: bench.star([run.id]),
    "archive": lambda bench, run: bench.archive([run.id]),
    "tag": lambda bench, run: bench.tag([run.id], ["x"]),
    "annotate": lambda bench, run: bench.annotate(run.id, notes="x"),
    "cancel": lambda bench, run: bench.cancel(run.id),
    "resume": lambda bench, run: bench.resume(run.id),
    "move": lambda bench, run: bench.move(run.id, None),
    "prioritise": lambda bench, run: bench.prioritise(run.id, 1),
    "calibrate": lambda bench, run: bench.calibrate(run.id),
    "uncalibrate": lambda bench, run: bench.uncalibrate(run.id),
    "delete_weights": lambda bench, run: bench.delete_weights([run.id]),
    "delete_runs": lambda bench, run: bench.delete_runs([run.id]),
    "set_alias": lambda bench, run: bench.set_alias(run.id),
    "drop_alias": lambda bench, run: bench.drop_alias(run.dataset_id),
    "roll_back_alias": lambda bench, run: bench.roll_back_alias(run.dataset_id),
    "delete_dataset": lambda bench, run: bench.delete_dataset(run.dataset_id),
}
"""Changes of a run or a dataset that has an owner."""


def outcome(change, bench, run) -> str:
    """Whether it was allowed, whatever came of it then."""
    try:
        change(bench, run)
    except Forbidden:
        return "forbidden"
    except GraftError:
        pass
    return "allowed"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_has_an_owner_is_changed_by_them_and_by_admins(bench, of_tom, change, monkeypatch):
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    found = {}
    for person in (NOBODY, VERA, TINA, TOM, ADA, LOCAL):
        with acting_as(person):
            found[person.label] = outcome(change, bench, of_tom)
    assert found == {
        "nobody": "forbidden", "vera": "forbidden", "tina": "forbidden", "tom": "allowed", "ada": "allowed",
        "local": "allowed",
    }  # fmt: skip


def test_what_nobody_owns_is_changed_by_every_trainer(bench):
    bench.registry.add_dataset(make_dataset(), make_photos())
    run = bench.registry.add_run(make_run(1))
    with acting_as(TINA):
        bench.star([run.id])
    with acting_as(VERA), pytest.raises(Forbidden, match="needs the role trainer"):
        bench.star([run.id])


def test_a_dataset_with_somebody_elses_run_is_not_deleted_by_its_owner(bench, of_tom):
    with acting_as(TINA):
        other = bench.registry.add_run(make_run(2))
    with acting_as(TOM), pytest.raises(Forbidden, match=f"Run {other.id} belongs to tina"):
        bench.delete_dataset(of_tom.dataset_id)
    assert bench.registry.run(other.id)
    with acting_as(ADA):
        bench.delete_dataset(of_tom.dataset_id)
    assert bench.registry.datasets() == []


ACTS = {
    "launch": (Role.TRAINER, lambda bench: bench._launch_all([("d", None, False, "")], 0, RunNeeds())),
    "reproduce": (Role.TRAINER, lambda bench: bench.reproduce("r")),
    "start_supervisor": (Role.TRAINER, lambda bench: bench.start_supervisor()),
    "export": (Role.TRAINER, lambda bench: bench.export("r", Format.ONNX)),
    "cancel_export": (Role.TRAINER, lambda bench: bench.cancel_export("r", Format.ONNX)),
    "import_model": (Role.TRAINER, lambda bench: bench.import_model("nothing.zip")),
    "photo_map": (Role.TRAINER, lambda bench: bench.photo_map("r", compute=True)),
    "upload": (
        Role.TRAINER,
        lambda bench: background_imports.start_import("x", settings=bench.settings, own_source=True),
    ),
    "read a path": (Role.ADMIN, lambda bench: background_imports.start_import("/etc", settings=bench.settings)),
    "table of a path": (
        Role.ADMIN,
        lambda bench: background_tables.start_table("/no", [], settings=bench.settings, registry=bench.registry),
    ),
    "remove a backbone": (Role.ADMIN, lambda bench: bench.remove_backbone("x")),
    "rate": (Role.ADMIN, lambda bench: bench.set_rate(1.0)),
    "users": (Role.ADMIN, lambda bench: bench.registry.add_user("x", "viewer")),
}


@pytest.mark.parametrize(("needed", "act"), ACTS.values(), ids=ACTS)
def test_other_acts_need_a_role(bench, needed, act, monkeypatch):
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    monkeypatch.setattr(background_imports, "start_process", lambda *arguments: None)
    for person in (NOBODY, VERA, TOM, ADA):
        with acting_as(person):
            found = outcome(lambda bench, run: act(bench), bench, None)
        assert found == ("allowed" if person.may(needed) else "forbidden"), person.label


def test_jobs_belong_to_whoever_began_them(bench, monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(background_imports, "start_process", lambda *arguments: started.append(arguments))
    archive = tmp_path / "photos.zip"
    archive.write_bytes(b"x")
    with acting_as(TOM):
        job = background_imports.start_import(archive, settings=bench.settings, own_source=True)
    acts = (
        lambda: background_imports.cancel_import(bench.settings, job),
        lambda: background_imports.answer_import(bench.settings, job),
        lambda: background_imports.dismiss_import(bench.settings, job),
    )
    for person in (VERA, TINA):
        for act in acts:
            with acting_as(person), pytest.raises(Forbidden):
                act()
    assert import_folder(bench.settings, job).request.exists()
    with acting_as(TOM):
        acts[-1]()
    assert not import_folder(bench.settings, job).path.exists()


def test_the_log_says_who_launched_exported_and_changed_an_alias(bench, finished, monkeypatch):
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    monkeypatch.setattr("core.exports.background.start_process", lambda *arguments, **options: None)
    ada = Person(name="ada", role=Role.ADMIN)
    with acting_as(ada):
        bench.set_alias(finished[0])
        bench.set_alias(finished[1])
        bench.roll_back_alias(bench.registry.run(finished[0]).dataset_id)
        bench.drop_alias(bench.registry.run(finished[0]).dataset_id)
        again = bench.reproduce(finished[0])
        bench.cancel(again.id)
        bench.export(finished[0], Format.BUNDLE)
        bench.delete_runs([finished[3]])
    entries = bench.registry.log_entries(8)
    assert {entry.who for entry in entries} == {"ada"}
    assert [entry.action for entry in reversed(entries)] == [
        "set_alias", "set_alias", "roll_back_alias", "drop_alias", "reproduce", "cancel", "export", "delete runs",
    ]  # fmt: skip
    assert bench.registry.alias_history(bench.registry.run(finished[0]).dataset_id)[0].who == "ada"


def test_a_launch_is_logged_once_with_its_new_runs(bench, monkeypatch):
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    runs = iter(make_run(number) for number in (1, 2))
    new = SimpleNamespace(decision=Decision.NEW)
    monkeypatch.setattr(bench, "_planner", lambda dataset: SimpleNamespace(plan=lambda recipe: new))
    monkeypatch.setattr("core.workbench.launch.replace", lambda plan, **changes: plan)
    monkeypatch.setattr(bench, "_launch", lambda plan, priority, needs: next(runs))
    monkeypatch.setattr(bench, "_store_forecasts", lambda launched, waiting: None)
    with acting_as(TOM), pytest.raises(StopIteration):  # the third fails; the two before it were launched
        bench._launch_all([("d", None, False, "")] * 3, 0, RunNeeds())
    (entry,) = bench.registry.log_entries()
    assert (entry.who, entry.action, len(entry.detail["runs"])) == ("tom", "launch", 2)


def test_owners_are_the_acting_person_and_local_ones_have_none(bench, of_tom):
    assert (of_tom.owner, bench.registry.dataset(of_tom.dataset_id).owner) == ("tom", "tom")
    assert bench.registry.add_run(make_run(2)).owner == ""


def test_planning_and_reading_need_no_more_than_a_viewer(bench, of_tom):
    with acting_as(VERA):
        bench.preview_deletion([of_tom.id])
        bench.grid_plan(of_tom.dataset_id, GridChoice())
        bench.lineage(of_tom.id)
        background_additions.additions(bench.settings)


def test_launching_the_recipe_of_somebody_elses_interrupted_run_makes_a_run_of_ones_own(bench, monkeypatch):
    """Otherwise a trainer would start again what its owner has stopped, and could not stop it."""
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    filled = fill(bench.registry, bench.settings, runs=1)
    choice = GridChoice(cells=(("efficientnet_lite0", Pattern.INTEGRATED_EXTRACTOR),))
    with acting_as(TOM):
        ((_, first),) = bench.launch_grid(bench.grid_plan(filled.dataset.id, choice))
    while (claimed := bench.registry.claim("slot", "token")) is not None and claimed.id != first.id:
        pass
    bench.registry.end(first.id, claimed.attempt, Status.FAILED, "A fault.")
    for person, decision in ((TINA, Decision.NEW), (TOM, Decision.RESUMED), (ADA, Decision.RESUMED)):
        with acting_as(person):
            assert [one.decision for one in bench.grid_plan(filled.dataset.id, choice).plans] == [decision], person
    with acting_as(TINA):
        ((_, own),) = bench.launch_grid(bench.grid_plan(filled.dataset.id, choice))
    assert own.owner == "tina" and own.id != first.id
    assert bench.registry.run(first.id).status is Status.FAILED
