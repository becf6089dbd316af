"""Words in the names of folders, files and columns: which split they mean, and which mean nothing."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORDS = {
    "train": (
        "train training trained trn trains learn learning entrainement apprentissage trainieren lernen"
        " entrenamiento treino treinamento treinar addestramento обучение обучающая тренировочная"
        " 训练 训练集 训练数据 訓練 学習"
    ),
    "validation": (
        "val valid validation validate validating validierung validacion validacao validazione dev devel"
        " development eval evaluation валидация валидационная 验证 验证集 検証 検証用"
    ),
    "test": (
        "test testing tests tst tested holdout heldout testen prueba pruebas teste testes prova тест тестовая"
        " 测试 测试集 テスト 評価"
    ),
}
_SPLIT_OF = {word: split for split, words in _WORDS.items() for word in words.split()}
_SPLIT_OF |= {"trainval": "train", "traintest": "", "trainvaltest": "", "trainvalidtest": "", "valtest": ""}
_WEAK = frozenset(["learn", "learning", "dev", "devel", "development", "eval", "evaluation", "prova", "trains"])
"""Words that name a split only beside an undoubted one."""

_EVALUATION = frozenset(["eval", "evaluation"])
_SUFFIXES = ("data", "dataset", "sets", "set", "images", "image", "imgs", "img", "photos", "folder", "split", "samples")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


GENERIC = _words(
    "set sets data dataset datasets image images img imgs photo photos pic pics picture pictures jpg jpeg jpegs",
    "png pngs jpegimages frames folder folders dir files file split splits all raw new final original originals",
    "processed resized cropped full my the of for and copy archive upload input inputs class classes category",
    "categories classification classify subset subsets sample samples color colour rgb content bilder fotos",
    "imagenes immagini sub part parts batch batches fold folds chunk chunks shard shards cls loc parquet",
)
"""Words that say nothing about what a folder holds."""

NUMBERED = _words("part parts batch batches chunk chunks shard shards fold folds subset images image imgs img photos")
"""Folders of these words and a number are pieces of one set of photos."""

UNLABELLED = _words(
    "unknown unlabeled unlabelled unclassified unsorted unsup unsupervised pred preds predict prediction",
    "predictions inference infer sample samples demo demos example examples submission extra extras",
)
"""Words of folders with photos that nobody has put into a class."""

_NEVER_A_CLASS = _words("unlabeled unlabelled unclassified unsorted unsup unsupervised unannotated")
"""Words of ``UNLABELLED`` that are hardly a class beside others, as "unknown" may be."""

AUXILIARY = _words(
    "mask masks annotation annotations label labels trimap trimaps segmentation segmentations seg groundtruth",
    "ground truth gt bbox bboxes boxes xml xmls json heatmap heatmaps overlay overlays depth",
)
"""Words of folders with pictures about photos, not photos."""


@dataclass(frozen=True, kw_only=True)
class SplitWord:
    """The split that a name means.

    Args:
        split: ``train``, ``validation`` or ``test``.
        affix: the other words of the name that carry a meaning, in their order.
        weak: whether the word is one that names a split only beside an undoubted one.
        evaluation: whether the word is "eval", which means the test where no other folder does.
    """

    split: str
    affix: tuple[str, ...] = ()
    weak: bool = False
    evaluation: bool = False


def tokens(name: str) -> tuple[str, ...]:
    """The words and numbers of a name, case-folded and without accents: ``seg_trainSet2`` has seg, train, set, 2."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name))
    text = "".join(letter for letter in text if not "\u0300" <= letter <= "\u036f")
    found = re.findall(r"\d+|[^\W\d_]+", unicodedata.normalize("NFC", text))
    return tuple(
        part.casefold()
        for word in found
        for part in re.split(r"(?<=[a-zа-я])(?=[A-ZА-Я])|(?<=[A-Z])(?=[A-Z][a-z])", word)
    )


@lru_cache(maxsize=20_000)
def split_word(name: str) -> SplitWord | None:
    """The split that a name means; None where it means none, or several.

    Only whole words count: "trainer", "valley" and "contest" name no split.
    """
    parts = _joined(tokens(name))
    meanings = {part: split for part in parts if (split := _split_of(part)) is not None}
    splits = set(meanings.values())
    if splits == {"train", "validation"} and "train" in meanings and len(parts) == 2:
        splits = {"train"}  # "train_val", what is not the test
    if len(splits) != 1 or "" in splits:
        return None
    affix = tuple(
        part for part in parts if part not in meanings and part not in GENERIC and len(part) > 1 and not part.isdigit()
    )
    return SplitWord(
        split=splits.pop(),
        affix=affix,
        weak=set(meanings) <= _WEAK,
        evaluation=bool(set(meanings) & _EVALUATION),
    )


def _joined(parts: tuple[str, ...]) -> tuple[str, ...]:
    """``hold out`` and ``held out`` as one word."""
    text = " ".join(parts).replace("hold out", "holdout").replace("held out", "heldout")
    return tuple(text.split())


def _split_of(word: str) -> str | None:
    """The split of one word, also joined to a word without a meaning: ``trainset``, ``imagestrain``."""
    if word in _SPLIT_OF:
        return _SPLIT_OF[word]
    for other in _SUFFIXES:
        for rest in (word.removesuffix(other), word.removeprefix(other)):
            if rest != word and rest in _SPLIT_OF and rest not in _WEAK:
                return _SPLIT_OF[rest]
    return None


def means_nothing(name: str) -> bool:
    """Whether a name has only words without a meaning, numbers and words of a split: ``images``, ``data2``."""
    parts = _joined(tokens(name))
    words = [part for part in parts if not part.isdigit()]
    return bool(words) and all(part in GENERIC or _split_of(part) is not None for part in words)


def is_unlabelled(name: str) -> bool:
    """Whether a name says that its photos have no class."""
    words = [part for part in tokens(name) if not part.isdigit() and part not in GENERIC - UNLABELLED]
    return bool(words) and all(part in UNLABELLED or _split_of(part) is not None for part in words)


def says_unlabelled(name: str) -> bool:
    """Whether a name says so even beside class folders: "unlabelled", not "unknown" or "samples"."""
    words = [part for part in tokens(name) if not part.isdigit() and part not in GENERIC]
    return bool(words) and all(part in _NEVER_A_CLASS for part in words)


def is_auxiliary(name: str) -> bool:
    """Whether a name says that its pictures are masks, boxes or other pictures about photos."""
    words = [part for part in tokens(name) if not part.isdigit() and part not in GENERIC]
    return bool(words) and all(part in AUXILIARY for part in words)


def are_numbered_parts(names: list[str]) -> bool:
    """Whether names differ only in a number beside a word for a piece: ``images_001``, ``images_002``."""
    patterns = {tuple("0" if part.isdigit() else part for part in tokens(name)) for name in names}
    if len(names) < 2 or len(patterns) != 1:
        return False
    (pattern,) = patterns
    return "0" in pattern and bool(NUMBERED & set(pattern))
