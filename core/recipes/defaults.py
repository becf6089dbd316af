"""Sensible hyperparameters for a dataset, a backbone and a pattern: pure functions, each with its source."""

from dataclasses import replace

from core.recipes.recipe import RELEVANT, Hyperparameters, Pattern, Schedule


def suggest_hyperparameters(
    *, train_photos: int, classes: int, pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR, blocks: int = 18
) -> Hyperparameters:
    """Defaults computed from the data's size and the pattern.

    Args:
        train_photos, classes: of the dataset. blocks: of the backbone.
    """
    head = Hyperparameters(
        learning_rate=3e-3,
        epochs=_epochs(train_photos),
        batch_size=_batch_size(train_photos),
        views=_views(train_photos),
    )
    return _CHANGES.get(pattern, lambda numbers, blocks: numbers)(head, blocks)


def _epochs(train_photos: int) -> int:
    """Few photos need more passes, and on stored features they are cheap: about 60,000 photos seen in 10 to 40."""
    return max(10, min(40, 60_000 // max(train_photos, 1)))


def _batch_size(train_photos: int) -> int:
    """At least eight steps an epoch, so that the learning rate means the same on small sets."""
    for size in (64, 32, 16):
        if train_photos >= 8 * size:
            return size
    return 8


def _views(train_photos: int) -> int:
    """Augmentation pays where photos are few; each view costs one more forward pass over the training photos."""
    return 4 if train_photos < 1000 else 2 if train_photos < 5000 else 1


def _fine_tuning(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(
        head,
        epochs=15,
        head_epochs=5,
        depth=min(2, max(blocks, 1)),
        fine_tuning_rate=3e-4,
        schedule=Schedule.COSINE,
        clip_norm=1.0,
    )


def _weight_initialization(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(
        head, epochs=5, views=5, batch_size=min(head.batch_size, 32), learning_rate=3e-4, schedule=Schedule.COSINE,
        clip_norm=1.0,
    )  # fmt: skip


def _from_scratch(head: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(_weight_initialization(head, blocks), epochs=10, views=10, learning_rate=1e-3)


_CHANGES = {
    Pattern.FINE_TUNING: _fine_tuning,
    Pattern.WEIGHT_INITIALIZATION: _weight_initialization,
    Pattern.FROM_SCRATCH: _from_scratch,
}


def fitting(numbers: Hyperparameters) -> Hyperparameters:
    """With so few epochs that the head alone would take more than half of them, it takes a third."""
    if 2 * numbers.head_epochs <= numbers.epochs:
        return numbers
    return replace(numbers, head_epochs=numbers.epochs // 3)


# --- why ---

_EVERYWHERE: dict[str, str] = {
    "epochs": "About 60,000 photos seen, in 10 to 40 passes: on stored features a pass takes less than a second.",
    "batch_size": "At least eight steps an epoch, so that the learning rate means the same on few photos.",
    "learning_rate": "A new head alone bears three times Adam's usual 0.001 (Kingma and Ba 2015).",
    "dropout": "0.2 before the output, as Keras' guide to transfer learning has it (keras.io, transfer_learning).",
    "hidden_units": "None: on good features a linear head is hard to beat (Kornblith et al. 2019).",
    "label_smoothing": "None: a linear head is held back enough by dropout; 0.1 is usual in large training "
    "(Szegedy et al. 2016).",
    "views": "4 under 1,000 training photos, 2 under 5,000, else 1: each costs one more pass through the network.",
    "patience": "Never: the best epoch is kept in any case. 5 saves time where epochs are long.",
    "class_weights": "Off: accuracy counts every photo alike. Switch it on where rare classes matter most.",
    "clip_norm": "None: a head alone does not explode at this rate.",
    "seed": "0; repeat with other seeds to see how much is luck.",
    "depth": "0: the last block's features carry most of the meaning (Kornblith et al. 2019); a depth sweep shows "
    "whether that holds for your photos.",
    "mixed_precision": "Off: it pays on GPUs with tensor cores only (Micikevicius et al. 2018).",
    "warmup": "The first tenth of the steps, before the rate falls (Goyal et al. 2017).",
}

_FINE_TUNING: dict[str, str] = {
    "epochs": "5 for the head alone, then 10 for the blocks: fine-tuning overfits where photos are few.",
    "head_epochs": "5: an untrained head would send large gradients into the pretrained blocks "
    "(keras.io, transfer_learning).",
    "depth": "The top 2 blocks: the upper ones are the most special to ImageNet (Yosinski et al. 2014).",
    "fine_tuning_rate": "A tenth of the head's rate, so that little of what was learned is lost.",
    "schedule": "Cosine (Loshchilov and Hutter 2017): the last steps are small ones.",
    "rate_decay": "1, all blocks alike; 0.4 per block is the other common choice (Howard and Ruder 2018: 1/2.6).",
    "unfreeze_every": "0, all at once; block by block is gentler and slower (Howard and Ruder 2018).",
    "clip_norm": "1: a single odd batch cannot undo the pretrained weights (Pascanu et al. 2013).",
}

_WHOLE_NETWORK: dict[str, str] = {
    "epochs": "5: from pretrained weights a few passes suffice, and each takes minutes on a CPU.",
    "views": "One per epoch: pixels are rendered anew anyway, so augmentation costs nothing.",
    "batch_size": "At most 32: a whole network's batch has to fit into memory.",
    "learning_rate": "0.0003: all layers learn, so smaller than for a head.",
    "schedule": "Cosine (Loshchilov and Hutter 2017): the last steps are small ones.",
    "rate_decay": "1, all blocks alike; below 1 the lower blocks change less (Howard and Ruder 2018).",
    "clip_norm": "1: a single odd batch cannot undo the weights (Pascanu et al. 2013).",
}

_REASONS: dict[Pattern, dict[str, str]] = {
    Pattern.STANDALONE_EXTRACTOR: {
        "solver": "Logistic regression, its strength chosen on validation: the usual measure of features "
        "(Kornblith et al. 2019).",
    },
    Pattern.FINE_TUNING: _FINE_TUNING,
    Pattern.WEIGHT_INITIALIZATION: _WHOLE_NETWORK,
    Pattern.FROM_SCRATCH: _WHOLE_NETWORK
    | {
        "epochs": "10: enough to see what pretraining gives, far too few to learn to see.",
        "learning_rate": "Adam's usual 0.001 (Kingma and Ba 2015).",
    },
}


def reasons(pattern: Pattern) -> dict[str, str]:
    """Why every hyperparameter that ``pattern`` looks at has its default; one or two sentences with the source."""
    known = _EVERYWHERE | _REASONS.get(pattern, {})
    return {name: known[name] for name in RELEVANT[pattern]}
