"""The models in memory: at most so many bytes, the least recently used leaves first."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from core.errors import Unavailable
from core.files.folders import CARD
from core.models.inference.model_files import ModelFiles, read_model
from core.models.predict import Predictor
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """A model in memory, and what its files and its card were when it was loaded.

    Args:
        stamps: of the card and of every file; where none has changed, the card need not be read again.
    """

    state: tuple
    predictor: Predictor
    stamps: dict[Path, "_Stamp"]


class ModelMemory:
    """Loads models and keeps them. Safe to call from several threads; a model that loads slowly delays no other.

    Args:
        limit_bytes: of all models together; files that several models share count once. The model used last stays even
            where it alone takes more.
    """

    def __init__(self, limit_bytes: int = Settings.models_limit_bytes) -> None:
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._models: OrderedDict[Path, _Loaded] = OrderedDict()
        self._loading: dict[Path, threading.Lock] = {}

    def load(self, folder: Path) -> Predictor:
        """The model in ``folder``. Its files are checked every time (by date and size; hashed once per process).

        Raises:
            Unavailable: a file is missing or damaged.
        """
        if (unchanged := self._unchanged(folder)) is not None:
            return unchanged
        try:
            stamps = {folder / CARD: _stamp(folder / CARD)}
            model = read_model(folder)
            stamps |= {path: _stamp(path) for path in map(folder.joinpath, model.digests)}
            model.verify()
        except Unavailable:  # deleted meanwhile: its memory is free at once
            self._forget(folder)
            raise
        return self._load(model, folder, stamps)

    @property
    def used_bytes(self) -> int:
        with self._lock:
            return self._sum()

    def clear(self) -> None:
        with self._lock:
            self._models.clear()

    def __len__(self) -> int:
        return len(self._models)

    def _unchanged(self, folder: Path) -> Predictor | None:
        with self._lock:
            found = self._models.get(folder)
            if found is None or any(_stamp(path) != stamp for path, stamp in found.stamps.items()):
                return None
            self._models.move_to_end(folder)
            return found.predictor

    def _load(self, model: ModelFiles, folder: Path, stamps: dict[Path, "_Stamp"]) -> Predictor:
        state = _state(model)
        with self._lock:
            turn = self._loading.setdefault(folder, threading.Lock())
        with turn:  # several threads load a model once
            found = self._models.get(folder)
            predictor = found.predictor if found is not None and found.state == state else Predictor(model)
            self._keep(folder, _Loaded(state=state, predictor=predictor, stamps=stamps))
        return predictor

    def _keep(self, folder: Path, loaded: _Loaded) -> None:
        with self._lock:
            self._models.pop(folder, None)
            self._models[folder] = loaded
            while len(self._models) > 1 and self._sum() > self.limit_bytes:
                self._models.popitem(last=False)

    def _forget(self, folder: Path) -> None:
        with self._lock:
            self._models.pop(folder, None)
            self._loading.pop(folder, None)

    def _sum(self) -> int:
        files: dict[str, int] = {}
        for one in self._models.values():
            files |= one.predictor.memory
        return sum(files.values())


def _state(model: ModelFiles) -> tuple:
    return model.node, tuple(model.digests.items()), model.class_names, model.temperature, model.grey_bits


_Stamp = tuple[int, int, int] | None


def _stamp(path: Path) -> _Stamp:
    """Time, size and identity of a file; None where it is gone."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
