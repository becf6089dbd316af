"""Whatever is refused: after one click on a remedy it is not."""

import random
from collections import Counter

import pytest

from core.backbones import Availability, get
from core.backbones.token_network import Pooling
from core.files.home import run_folder
from core.planning import capacity, checks, remedies
from core.planning.decide import Decision, Level
from core.planning.grid_plan import InvalidRow
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.hyperparameters import RELEVANT
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.runs.values import Status
from tests import tiny_tokens
from tests.factories import fill, make_dataset, make_photos

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"
FROZEN, TUNING, CLASSIFIER = Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING, Pattern.CLASSIFIER


def row_of(bench, dataset, choice):
    (row,) = bench.grid_plan(dataset, choice).rows
    return row


def with_remedy(choice, row, remedy):
    return remedy.choice(choice, row.cell if isinstance(row, InvalidRow) else row.recipe)


def labels(row):
    return [remedy.label for remedy in row.remedies]


def check(bench, dataset, choice, *wanted):
    """The only row is refused and has these remedies; each of them makes it possible."""
    row = row_of(bench, dataset, choice)
    assert row.decision is Decision.REFUSED and row.remedies, row.because
    for remedy in row.remedies:
        after = row_of(bench, dataset, with_remedy(choice, row, remedy))
        assert after.decision is not Decision.REFUSED, (row.because, remedy, after.because)
    assert not wanted or labels(row) == list(wanted)


def one(backbone=LITE0, pattern=FROZEN, **chosen):
    settings = {name: chosen.pop(name) for name in list(chosen) if name in RELEVANT[pattern]}
    return GridChoice(cells=((backbone, pattern),), settings={pattern: settings} if settings else {}, **chosen)


def cascade(kind, *members):
    return GridChoice(cascade=CascadeChoice(kind=kind, members=members))


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (one(batch_size=4000), ["Set batch size to 24"]),
        (one(depth=18), ["Remove 17 blocks"]),
        (one(pattern=TUNING, depths={TUNING: (99,)}), ["Use 18 unfrozen blocks"]),
        (one(pattern=TUNING, epochs=6, head_epochs=6), ["Shorten head warm-up to 2 epochs", "Train for 12 epochs"]),
        (one(pattern=TUNING, epochs=1, head_epochs=5), ["Train without head warm-up", "Train for 10 epochs"]),
        (one(pattern=TUNING, epochs=3, head_epochs=3, batch_size=512),
         ["Shorten head warm-up to 1 epoch, and set batch size to 24",
          "Train for 6 epochs, and set batch size to 24"]),
        (one("squeezenet", Pattern.MULTI_LAYER_PROBE, cuts=16), ["Use 9 cuts"]),
        (one(pattern=Pattern.MULTI_LAYER_PROBE, cuts=99), ["Use 16 cuts"]),
        (one("efficientnet_lite00"), ["Use EfficientNet-Lite0 instead"]),
        (one("r-deleted"), ["Use EfficientNet-Lite0 instead"]),
        (one(pattern=CLASSIFIER, mapping=(("n00000000", "rose"),)), ["Discard the correction of n00000000"]),
        (one(epochs=0), ["Train for 1 epoch"]),
        (one(epochs=0, dropout=7), ["Train for 1 epoch, and set dropout to 0.95"]),
        (one(input_size=20), ["Use 32 px"]),
        (one(sizes={LITE0: (20,)}), ["Use 32 px"]),
        (one(sizes={LITE0: (5000,)}), ["Use 768 px"]),
        (one(batch_size=10**6), ["Set batch size to 4096, and set batch size to 24"]),
        (one(pattern=TUNING, depths={TUNING: (5000,)}), ["Use 18 unfrozen blocks"]),
        (cascade(Cascade.FUSION, LITE1), ["Add EfficientNet-Lite0"]),
        (cascade(Cascade.FUSION, LITE0, LITE1, LITE0), ["Combine only the first 2, each once"]),
        (cascade(Cascade.FUSION, "resnet5000", "nothing"),
         ["Use EfficientNet-Lite0 and EfficientNet-Lite1 instead"]),
    ],
)  # fmt: skip
def test_what_is_refused_has_a_remedy_that_helps(bench, filled, choice, wanted):
    assert filled.dataset.split_sizes["train"] == 24
    check(bench, filled.dataset.id, choice, *wanted)


def test_members_that_cannot_be_combined_are_left_out_or_replaced(bench, filled, settings, registry):
    other = fill(registry, settings, runs=3, name="other", per_class=8).with_status(Status.FINISHED)[0]
    failed = filled.with_status(Status.FAILED)[0]
    good = filled.with_status(Status.FINISHED)
    here = filled.dataset.id
    for wrong in (failed.id, other.id):
        check(bench, here, cascade(Cascade.ENSEMBLE, good[0].id, wrong, good[1].id), "Combine only the other 2 runs")
        check(bench, here, cascade(Cascade.ENSEMBLE, good[0].id, wrong))
        check(bench, here, cascade(Cascade.CONFIDENCE, wrong, good[0].id))
    check(bench, here, cascade(Cascade.STACKING, LITE0, "r-nothing"))
    (run_folder(settings, good[2].id).path / "validation.npz").unlink()
    check(bench, here, cascade(Cascade.ENSEMBLE, *(run.id for run in good[:3])), "Combine only the other 2 runs")


def test_a_trained_model_is_no_classifier_of_imagenet(bench, filled):
    own = filled.with_status(Status.FINISHED)[0].id
    check(bench, filled.dataset.id, one(own, CLASSIFIER))


def test_classes_that_imagenet_does_not_know_need_another_pattern(bench, registry):
    photos = make_photos(("qxzv", "wvuq"), per_class=40)
    registry.add_dataset(make_dataset(photos, id="d-odd", name="odd"), photos)
    check(bench, "d-odd", one(pattern=CLASSIFIER), "Use feature extraction instead")


def test_without_a_network_a_backbone_that_is_there_is_offered(bench, filled, monkeypatch):
    def state(backbone, settings):
        return Availability.READY if backbone.name == LITE1 else Availability.NO_NETWORK

    monkeypatch.setattr(checks, "availability", state)
    monkeypatch.setattr(remedies, "is_here", lambda *one: state(*one) is Availability.READY)
    check(bench, filled.dataset.id, one("resnet50"), "Use EfficientNet-Lite1 instead")


def test_a_deleted_model_is_replaced(bench, filled):
    own = filled.with_status(Status.FINISHED)[0].id
    bench.delete_weights([own])
    check(bench, filled.dataset.id, one(own), "Use EfficientNet-Lite0 instead")


def test_features_that_do_not_fit_need_fewer_augmentations_or_another_cut(bench, filled, monkeypatch):
    monkeypatch.setattr(capacity, "free_bytes", lambda settings: 60 * 10**6)
    check(bench, filled.dataset.id, one(pattern=TUNING, depth=17, views=8, epochs=16))


def test_memory_that_does_not_suffice_needs_a_smaller_batch_or_another_pattern(bench, filled, monkeypatch):
    monkeypatch.setattr(capacity, "memory_of", lambda name: 2 * 10**9)
    check(bench, filled.dataset.id, one(pattern=Pattern.WEIGHT_INITIALIZATION, batch_size=24))


DEFECTS = {
    "batch_size": (0, -5, 25, 4000, 10**7, 2.5, "x"),
    "depth": (-1, 18, 19, 400, 5000),
    "head_epochs": (-1, 3, 50, 20_000),
    "epochs": (0, 3, 10**6, None),
    "dropout": (-1, 2.0, "much"),
    "solver": ("magic",),
    "schedule": ("sine",),
    "views": (0, 5000),
    "seed": (-1, 2**31),
}


def test_every_refused_recipe_of_a_random_grid_has_remedies_that_help(bench, filled):
    chance, decisions = random.Random(0), Counter()
    patterns = list(OF_A_BACKBONE)
    for _ in range(80):
        pattern = chance.choice(patterns)
        possible = [name for name in DEFECTS if name in RELEVANT[pattern]]
        names = chance.sample(possible, min(len(possible), chance.randint(0, 3)))
        wrong = {name: chance.choice(DEFECTS[name]) for name in names}
        mapping = chance.choice([(), (("n00000000", "rose"),), (("n12620546", "nothing"),)])
        backbone = chance.choice([LITE0, LITE1, "efficientnet_lit0", "r-none"])
        choice = one(backbone, pattern, mapping=mapping, **wrong)
        row = row_of(bench, filled.dataset.id, choice)
        decisions[row.decision] += 1
        if row.decision is Decision.REFUSED:
            check(bench, filled.dataset.id, choice)
        else:
            assert not row.remedies
    assert decisions[Decision.REFUSED] > 40 and decisions[Decision.NEW] > 5


# --- questions ---


def test_a_question_is_answered_by_each_of_its_remedies(bench, filled, registry):
    photos = make_photos(("cranes", "qxzv"), per_class=40)
    registry.add_dataset(make_dataset(photos, id="d-odd", name="odd"), photos)
    for dataset, choice, number in (
        (filled.dataset.id, one(learning_rate=0.5), 1),
        (filled.dataset.id, one(pattern=TUNING, fine_tuning_rate=0.05), 1),
        ("d-odd", one(pattern=CLASSIFIER), 2),
    ):
        row = row_of(bench, dataset, choice)
        (asked,) = [concern for concern in row.concerns if concern.level is Level.ASK]
        assert len(asked.remedies) == number
        for remedy in asked.remedies:
            after = row_of(bench, dataset, with_remedy(choice, row, remedy))
            assert after.decision is Decision.NEW
            assert not [concern for concern in after.concerns if concern.level is Level.ASK], remedy
    assert [remedy.label for remedy in asked.remedies] == [
        "Read cranes as crane (lifting device)",
        "Read cranes as crane (wading bird)",
    ]


def test_networks_of_tokens_get_whole_patches_and_a_pooling_that_they_have(bench, filled, settings, registry):
    siglip, dinov2 = (tiny_tokens.register(settings, registry, name) for name in ("siglip", "dinov2"))
    check(bench, filled.dataset.id, one(siglip.name, pooling=Pooling.CLASS_TOKEN), "Use the network's own pooling")
    for size, nearest in ((64, 70), (60, 56), (10, 28), (768, 756)):
        check(bench, filled.dataset.id, one(dinov2.name, input_size=size), f"Use {nearest} px")


def test_the_nearest_size_of_several_networks_suits_all(settings):
    vit, dinov2 = (tiny_tokens.added(settings, name) for name in ("vit", "dinov2"))
    assert remedies.nearest_size(100, [vit, dinov2, get(LITE0)]) == 112  # of patches of 8 and of 14 px
