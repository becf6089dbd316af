"""Suggested hyperparameters for a dataset, a backbone and a pattern, and the reason and source of each."""

from dataclasses import replace

from core.backbones.values import Backbone
from core.datasets.decoding.fit import Fit
from core.datasets.values import Dataset
from core.recipes.hyperparameters import RELEVANT, BestEpoch, Hyperparameters, Schedule
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern

SUGGESTED_FIT = Fit.SQUASH
"""How new recipes fit a photo into the square; see docs/decisions/0011-input-size.md."""


def suggest_hyperparameters(
    *, train_photos: int, classes: int, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, blocks: int = 18
) -> Hyperparameters:
    """Defaults computed from the data's size and the pattern.

    Args:
        train_photos, classes: of the dataset. blocks: of the backbone.
    """
    head = Hyperparameters(
        learning_rate=1e-3,
        epochs=_epochs(train_photos),
        batch_size=_batch_size(train_photos),
        views=_views(train_photos, pattern),
        fit=SUGGESTED_FIT,
        normalize=True,
        zero_head=True,
        full_search=True,
    )
    return _CHANGES.get(pattern, lambda hp, blocks: hp)(head, blocks)


def usual_for(dataset: Dataset, pattern: Pattern, backbone: Backbone | None) -> Hyperparameters:
    """``suggest_hyperparameters`` for a dataset and a backbone, None where it is not known.

    The model of a run sees photos in the way in which it was trained.
    """
    suggested = suggest_hyperparameters(
        train_photos=dataset.split_sizes["train"],
        classes=len(dataset.class_names),
        pattern=pattern,
        blocks=len(backbone.blocks) if backbone and backbone.blocks else 18,
    )
    return replace(suggested, fit=backbone.fit) if backbone and backbone.is_trained else suggested


def _epochs(train_photos: int) -> int:
    """About 60,000 photos in 10 to 40 passes: few photos need more of them, and on cached features they are cheap."""
    return max(10, min(40, 60_000 // max(train_photos, 1)))


def _batch_size(train_photos: int) -> int:
    """At least eight steps per epoch, so that one learning rate suits small and large datasets; with fewer than 64
    photos 8 a step, or all of them."""
    for size in (64, 32, 16):
        if train_photos >= 8 * size:
            return size
    return max(1, min(8, train_photos))


def _views(train_photos: int, pattern: Pattern) -> int:
    """A new head on frozen features was not more accurate with several views, each of which costs one more forward pass
    over the training photos (docs/decisions/0014-views.md); blocks that are trained overfit where photos are few."""
    if pattern not in TRAINS_TOP_BLOCKS:
        return 1
    return 4 if train_photos < 1000 else 2 if train_photos < 5000 else 1


def _fine_tuning(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(
        head,
        epochs=15,
        head_epochs=5,
        depth=min(2, max(blocks, 1)),
        fine_tuning_rate=3e-4,
        best_by=BestEpoch.CALIBRATED,
        schedule=Schedule.COSINE,
        clip_norm=1.0,
    )


def _multi_layer_probe(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(head, cuts=max(2, min(4, blocks)))


def _weight_initialization(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(
        head, epochs=5, views=5, batch_size=min(head.batch_size, 32), learning_rate=3e-4, schedule=Schedule.COSINE,
        clip_norm=1.0,
    )  # fmt: skip


def _from_scratch(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(_weight_initialization(head, blocks), epochs=10, views=10, learning_rate=1e-3)


_CHANGES = {
    Pattern.FINE_TUNING: _fine_tuning,
    Pattern.MULTI_LAYER_PROBE: _multi_layer_probe,
    Pattern.PARAMETER_EFFICIENT: _fine_tuning,
    Pattern.WEIGHT_INITIALIZATION: _weight_initialization,
    Pattern.FROM_SCRATCH: _from_scratch,
}


def fitting(hp: Hyperparameters) -> Hyperparameters:
    """Shortens a head warm-up of more than half of the epochs to a third of them."""
    if 2 * hp.head_epochs <= hp.epochs:
        return hp
    return replace(hp, head_epochs=hp.epochs // 3)


# --- why ---

_EVERYWHERE: dict[str, str] = {
    "epochs": "About 60,000 photos in 10 to 40 passes: on cached features a pass takes less than a second.",
    "batch_size": "At least eight steps per epoch, so that one learning rate suits few and many photos.",
    "learning_rate": "Adam's usual 0.001 (Kingma and Ba 2015), which suits normalized features "
    "(docs/decisions/0012-heads.md).",
    "dropout": "0.2 before the output, as Keras' guide to transfer learning has it (keras.io, transfer_learning).",
    "hidden_units": "None: on good features a linear head is hard to beat (Kornblith et al. 2019).",
    "label_smoothing": "None: dropout regularises a linear head enough; 0.1 is usual in large training "
    "(Szegedy et al. 2016).",
    "views": "1: each further one costs one more forward pass, and a new head was not more accurate with them "
    "(docs/decisions/0014).",
    "augmentation": "Flips and crops: a photographed object can stand anywhere in the photo.",
    "best_by": "The loss: it uses more of the validation photos than the accuracy, which few photos give in steps.",
    "patience": "Never: the best epoch is kept anyway. 5 saves time where epochs are slow.",
    "normalize": "On: features of SqueezeNet are ten times as large as those of EfficientNet-Lite, and one "
    "learning rate suits both only when they are scaled (docs/decisions/0012-heads.md).",
    "zero_head": "On: a random start never leaves the directions in which the training features do not vary "
    "(docs/decisions/0012-heads.md).",
    "class_weights": "Off: accuracy weights all photos equally. Switch it on where rare classes matter most.",
    "clip_norm": "None: training only a head is stable at this rate.",
    "seed": "0; repetitions with other seeds show the variance.",
    "depth": "0: the features of the last block transfer best (Kornblith et al. 2019); a depth sweep "
    "shows whether that holds for your photos.",
    "mixed_precision": "Off: it is faster only on GPUs with tensor cores (Micikevicius et al. 2018).",
    "input_size": "The size the network was trained at. A larger one shows smaller things, and costs more in "
    "proportion to its area (Touvron et al. 2019).",
    "pooling": "The network's own: it was trained so that this vector describes the photo.",
    "fit": "Squash: nothing of a photo is lost, and every earlier run has it.",
    "warmup": "The first tenth of the steps, before the rate falls (Goyal et al. 2017).",
}

_FINE_TUNING: dict[str, str] = {
    "epochs": "5 for the head, then 10 with unfrozen blocks: fine-tuning overfits where photos are few.",
    "head_epochs": "5: an untrained head would send large gradients into the pretrained blocks "
    "(keras.io, transfer_learning).",
    "views": "4 under 1,000 training photos, 2 under 5,000, else 1: each costs one more forward pass.",
    "depth": "The top 2 blocks: the upper ones are the most specific to ImageNet (Yosinski et al. 2014).",
    "best_by": "The calibrated loss: fine-tuning raises the confidence, and with it the loss of the few wrong photos, "
    "while accuracy still rises (docs/decisions/0013). Where no epoch is better than the head's, the head is kept.",
    "fine_tuning_rate": "A tenth of the head's rate: ten times less learns less in ten epochs, three times more was "
    "worse than the head on demo (docs/decisions/0013).",
    "schedule": "Cosine (Loshchilov and Hutter 2017): the last steps are small.",
    "rate_decay": "1, equal rates; 0.4 per block is the other common choice (Howard and Ruder 2018: 1/2.6).",
    "unfreeze_every": "0, all at once; block by block is gentler and slower (Howard and Ruder 2018).",
    "clip_norm": "1: a single outlier batch cannot destroy the pretrained weights (Pascanu et al. 2013).",
}

_PARAMETER_EFFICIENT: dict[str, str] = {
    "adapter": "LoRA: it exists for every network with dense layers or convolutions (Hu et al. 2021).",
    "rank": "8: a small rank is enough, since a new task changes kernels in few directions (Hu et al. 2021).",
    "fine_tuning_rate": "That of fine-tuning: at 0.001 LoRA was less accurate on demo and clothing "
    "(docs/decisions/0016); normalization and biases can take 0.001.",
}

_WHOLE_NETWORK: dict[str, str] = {
    "epochs": "5: from pretrained weights a few passes are enough, and each takes minutes on a CPU.",
    "views": "One per epoch: the photos are decoded again anyway, so augmentation costs nothing.",
    "batch_size": "At most 32: the activations of the whole network have to fit into memory.",
    "learning_rate": "0.0003: all layers are trained, so smaller than for a head.",
    "schedule": "Cosine (Loshchilov and Hutter 2017): the last steps are small.",
    "rate_decay": "1, equal rates; below 1 the lower blocks change less (Howard and Ruder 2018).",
    "clip_norm": "1: a single outlier batch cannot destroy the weights (Pascanu et al. 2013).",
}

_REASONS: dict[Pattern, dict[str, str]] = {
    Pattern.STANDALONE_EXTRACTOR: {
        "solver": "Logistic regression, its strength chosen on validation: the usual measure of features "
        "(Kornblith et al. 2019).",
        "full_search": "On: the best C is never at the end of the path, and every fit converges "
        "(docs/decisions/0012-heads.md).",
    },
    Pattern.MULTI_LAYER_PROBE: {
        "cuts": "4, from a quarter of the network on: 8 were not more accurate (docs/decisions/0016).",
    },
    Pattern.DISTILLATION: {
        "teacher_weight": "Half: labels can be wrong, and so can the teacher (Hinton et al. 2015 use both).",
    },
    Pattern.QUANTIZATION: {
        "precision": "int8: the smallest and the fastest one; what it loses is measured on the test photos.",
    },
    Pattern.FINE_TUNING: _FINE_TUNING,
    Pattern.PARAMETER_EFFICIENT: _FINE_TUNING | _PARAMETER_EFFICIENT,
    Pattern.WEIGHT_INITIALIZATION: _WHOLE_NETWORK,
    Pattern.FROM_SCRATCH: _WHOLE_NETWORK
    | {
        "epochs": "10: enough to show what pretraining gives, far too few to train a network.",
        "learning_rate": "Adam's usual 0.001 (Kingma and Ba 2015).",
    },
}


def reasons(pattern: Pattern) -> dict[str, str]:
    """Why each hyperparameter that ``pattern`` uses has its default: one or two sentences with the source."""
    known = _EVERYWHERE | _REASONS.get(pattern, {})
    return {name: known[name] for name in RELEVANT[pattern]}
