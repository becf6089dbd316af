"""Sensible hyperparameters for a dataset, a backbone and a pattern: pure functions, each with its source."""

from dataclasses import replace

from core.recipes import Hyperparameters, Pattern, Schedule


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
