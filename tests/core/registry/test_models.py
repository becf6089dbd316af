"""Models in the registry."""

import pytest

from core.errors import NotFound
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Status
from tests.core.registry.databases import ON_SQLITE, plans_of
from tests.factories import fill, make_cost, make_dataset, make_evaluation, make_model, make_photos, make_run


def test_models_are_listed_newest_first_and_by_dataset(registry):
    first, second = fill(registry), fill(registry)
    models = registry.models()
    assert [model.run_id for model in models] == [
        run.id for run in reversed(first.runs + second.runs) if run.test_accuracy
    ]
    assert {model.dataset_id for model in registry.models(first.dataset.id)} == {first.dataset.id}


def test_the_run_of_a_model_is_found_as_the_model_is(registry):
    filled = fill(registry)
    run = filled.with_status(Status.FINISHED)[0]
    registry.set_alias(run.id, "champion")
    for ref in (run.id, registry.model(run.id).id, "flowers@champion"):
        assert registry.run_of_model(ref) == registry.model(ref).run_id == run.id
    with pytest.raises(NotFound, match="There is no model 'm-none'"):
        registry.run_of_model("m-none")


def test_a_deleted_model_leaves_its_run_and_evaluation(registry):
    finished = fill(registry).with_status(Status.FINISHED)[0]
    model = registry.model(finished.id)
    registry.delete_models_of([finished.id])
    for ref in (model.id, finished.id):
        with pytest.raises(NotFound, match=f"There is no model '{ref}'"):
            registry.model(ref)
    assert registry.run(finished.id) == finished
    assert registry.evaluation(finished.id) is not None


def test_of_some_runs_those_with_a_model_are_found(registry):
    filled = fill(registry)
    one, other = filled.with_status(Status.FINISHED)
    registry.delete_models_of([other.id])
    assert registry.having_model([run.id for run in filled.runs] + ["r-unknown"]) == {one.id}
    assert registry.having_model([]) == frozenset()


def test_networks_to_build_on_are_the_starred_and_the_newest_that_learned_something(registry):
    def finished(number: int, **changes) -> str:
        run = make_run(number, **changes)
        return registry.add_finished(run, evaluation=make_evaluation(), cost=make_cost(), model=make_model(run)).id

    registry.add_dataset(make_dataset(), make_photos())
    classifier = Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)
    starred = finished(1, starred=True)
    old, new, newest = (finished(number) for number in (2, 3, 4))
    finished(5, archived=True)
    finished(6, recipe=classifier)
    assert [model.run_id for model in registry.networks(3)] == [newest, new, starred]
    assert [model.run_id for model in registry.networks(9)] == [newest, new, old, starred]


def test_all_models_are_counted_with_their_bytes(registry):
    assert registry.models_in_all() == (0, 0)
    filled = fill(registry)
    found = [registry.model(run.id) for run in filled.with_status(Status.FINISHED)]
    assert registry.models_in_all() == (len(found), sum(model.size_bytes for model in found))


def test_the_models_of_several_runs_are_told_by_run(registry):
    filled = fill(registry)
    one, other = filled.with_status(Status.FINISHED)
    asked = [run.id for run in filled.runs] + ["r-unknown"]
    assert registry.models_of(asked) == {run.id: registry.model(run.id) for run in (one, other)}
    assert registry.datasets_of(asked) == {run.id: filled.dataset.id for run in filled.runs}


def test_a_card_is_replaced_with_the_digest_of_the_model(registry):
    model = registry.model(fill(registry).with_status(Status.FINISHED)[0].id)
    registry.replace_card(model.id, card={"b": 1, "a": 2}, sha256="0" * 64, size_bytes=2**40)
    found = registry.model(model.id)
    assert (list(found.card), found.sha256, found.size_bytes) == (["b", "a"], "0" * 64, 2**40)
    with pytest.raises(NotFound, match="There is no model 'm-none'"):
        registry.replace_card("m-none", card={}, sha256="", size_bytes=0)


def test_the_run_of_the_newest_model_is_found(registry):
    assert registry.newest_model() is None
    filled = fill(registry)
    assert registry.newest_model() == registry.models()[0].run_id
    registry.delete_models_of([run.id for run in filled.runs])
    assert registry.newest_model() is None


@ON_SQLITE
def test_the_size_of_all_models_is_summed_without_reading_their_cards(registry):
    assert plans_of(registry, registry.models_in_all) == ["SCAN models USING COVERING INDEX models_by_size"]
