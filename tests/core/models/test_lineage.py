"""What a recipe builds on: the catalogue, and what other runs have left."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.added import AddedBackbone
from core.backbones.inputs import with_input
from core.backbones.saved import from_card, row_for_card
from core.backbones.token_network import Pooling
from core.errors import InvalidInput, NotFound
from core.models.lineage import backbone_of, parents_of, source_title, weights_digest_of
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import depths
from core.recipes.recipe import Recipe
from core.runs.values import Model, Status
from tests import tiny_tokens
from tests.factories import make_cost, make_dataset, make_evaluation, make_photos, make_run

LITE0 = "efficientnet_lite0"


@pytest.fixture
def finished(registry):
    """Adds a finished run with a model to the registry."""
    photos = make_photos()
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)

    def finished(run_id: str, *, file: str = "model.keras", row: dict | None = None) -> Model:
        registry.add_run(make_run(dataset=dataset, id=run_id, status=Status.SCHEDULED, name="Parent"))
        run = registry.claim("cpu", run_id)
        card = {
            "title": "Parent",
            "recipe": run.recipe.to_dict(),
            "backbone": {"name": LITE0, "row": row},
            "model": {"file": file, "sha256": "a" * 64, "bytes": 5},
        }
        model = Model(
            id=f"m-{run_id}",
            run_id=run_id,
            dataset_id=dataset.id,
            path=f"runs/{run_id}/model/{file}",
            sha256="a" * 64,
            size_bytes=5,
            card=card,
            created_at=1.0,
        )
        registry.finish(run_id, run.attempt, evaluation=make_evaluation(), cost=make_cost(), model=model, best_epoch=1)
        return model

    return finished


def row(depth: int = 0) -> dict:
    return row_for_card(get(LITE0), depth=depth, parameters=3, multiply_adds=4)


def test_a_name_of_the_catalogue_is_its_row(registry, settings):
    assert backbone_of(LITE0, registry, settings) == get(LITE0)


def test_an_added_backbone_is_found_by_its_name_and_is_no_parent(registry, settings):
    added = replace(get(LITE0), name="tiny-vit", title="Tiny ViT", short=None, source="hub:graft/tiny-vit@abc")
    registry.add_backbone(AddedBackbone(backbone=added, files=(), added_at=1.0))
    assert backbone_of("tiny-vit", registry, settings) == added
    assert source_title("tiny-vit", registry) == "Tiny ViT"
    recipe = Recipe(backbone="tiny-vit")
    assert parents_of(recipe) == () and weights_digest_of(recipe, registry, settings) == added.weights_digest


def test_the_id_of_a_finished_run_is_its_model(registry, settings, finished):
    finished("r-one", row=row())
    backbone = backbone_of("r-one", registry, settings)
    assert backbone.name == "r-one" and backbone.title == "Parent (r-one)" and backbone.top1 is None
    assert backbone.source == f"model:{settings.home}/runs/r-one/model/model.keras"
    assert backbone.weights_digest == "sha256:" + "a" * 64
    assert (backbone.blocks, backbone.block_shapes) == (get(LITE0).blocks, get(LITE0).block_shapes)
    assert (backbone.parameters, backbone.multiply_adds, backbone.feature_size) == (3, 4, 1280)


def test_a_model_without_its_top_blocks_is_a_smaller_backbone(registry, settings, finished):
    finished("r-one", row=row(depth=2))
    backbone = backbone_of("r-one", registry, settings)
    assert backbone.blocks == get(LITE0).blocks[:-2] and backbone.feature_size == backbone.block_shapes[-1][-1]
    assert len(depths(Pattern.FINE_TUNING, backbone.blocks)) == 16
    assert backbone.block_parameters == get(LITE0).block_parameters[:-2]
    assert backbone.block_multiply_adds == get(LITE0).block_multiply_adds[:-2]


def test_a_run_without_a_model_is_no_backbone(registry, settings):
    photos = make_photos()
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)
    registry.add_run(make_run(dataset=dataset, id="r-new", status=Status.SCHEDULED, name="Young"))
    with pytest.raises(InvalidInput, match=r"Young \(r-new\) has no model"):
        backbone_of("r-new", registry, settings)


def test_a_name_nobody_knows_is_answered_with_the_names(registry, settings):
    with pytest.raises(NotFound, match="no backbone or run 'alexnet'.*efficientnet_lite0.*or the id of a finished"):
        backbone_of("alexnet", registry, settings)


def test_a_name_that_is_written_nearly_so_is_suggested(registry, settings):
    with pytest.raises(NotFound, match=r"'efficientnet-lite0'\. Did you mean 'efficientnet_lite0'\?"):
        backbone_of("efficientnet-lite0", registry, settings)


def test_a_backbone_where_a_run_is_needed_is_called_one_and_not_suggested(registry, settings):
    stacked = Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("efficientnet_lite1",))
    with pytest.raises(InvalidInput, match="'efficientnet_lite1' is a backbone, and a finished run is needed here"):
        weights_digest_of(stacked, registry, settings)


def test_a_model_that_combines_others_is_no_backbone_but_can_be_stacked(registry, settings, finished):
    finished("r-mean", file="card.json")
    with pytest.raises(InvalidInput, match="combines the predictions of other runs"):
        backbone_of("r-mean", registry, settings)
    stacked = Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-mean",))
    assert weights_digest_of(stacked, registry, settings) == f"{get(LITE0).weights_digest}+sha256:{'a' * 64}"


def test_the_digest_of_a_recipe_names_everything_it_builds_on_in_order(registry, settings, finished):
    finished("r-one", row=row())
    plain = Recipe(backbone=LITE0)
    assert weights_digest_of(plain, registry, settings) == get(LITE0).weights_digest
    fusion = Recipe(backbone="r-one", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(LITE0,))
    assert weights_digest_of(fusion, registry, settings) == f"sha256:{'a' * 64}+{get(LITE0).weights_digest}"


@pytest.mark.parametrize(
    "recipe, parents",
    [
        (Recipe(backbone=LITE0), ()),
        (Recipe(backbone="r-one"), ("r-one",)),
        (Recipe(backbone="r-one", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(LITE0,)), ("r-one",)),
        (Recipe(backbone="r-a", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-b",)), ("r-a", "r-b")),
        (
            Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-a", "r-b")),
            ("r-a", "r-b"),
        ),
    ],
)
def test_the_runs_a_recipe_builds_on_are_its_parents(recipe, parents):
    assert parents_of(recipe) == parents


def test_a_classifier_as_it_was_added_is_that_backbone_as_long_as_it_is_there(finished, registry, settings):
    added = tiny_tokens.register(settings, registry, "vit")
    model = finished("r-vit")
    model.card["backbone"]["name"] = added.name
    model.card["recipe"] |= {"pattern": "classifier"}
    path = settings.home / model.path
    found = from_card("r-vit", model.card, path, lambda name: registry.added_backbone(name).backbone)
    assert found == replace(added, title="Parent (r-vit)")
    with pytest.raises(InvalidInput, match=r"is tiny-vit as it was added, which was removed. Add it again."):
        from_card("r-vit", model.card, path, lambda name: None)


def test_the_row_of_a_saved_network_of_tokens_keeps_how_it_pools(settings):
    siglip = tiny_tokens.added(settings, "siglip")
    numbers = {"parameters": 3, "multiply_adds": 4}
    whole = row_for_card(siglip, **numbers)["tokens"]
    assert (whole["depth"], whole["attention_pool"]) == (3, True)
    for shorter in (
        row_for_card(siglip, depth=1, **numbers), row_for_card(with_input(siglip, pooling=Pooling.MEAN), **numbers),
    ):  # fmt: skip
        tokens = shorter["tokens"]
        assert (tokens["depth"], tokens["attention_pool"], tokens["pooling"]) == (3, False, "mean")
    assert row_for_card(get(LITE0), **numbers)["tokens"] is None
