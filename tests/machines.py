"""Two machines, each with a home of its own, on one registry and one store."""

from dataclasses import dataclass
from pathlib import Path

from core.artifacts import bringing
from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings


@dataclass(frozen=True)
class Machine:
    """A home with its settings, and the registry that it shares."""

    settings: Settings
    registry: Registry

    @property
    def home(self) -> Path:
        return self.settings.home


def machine(home: Path, artifacts: str, registry: Registry) -> Machine:
    """A machine whose registry is the file of another one, through a link."""
    bringing.install()
    settings = Settings(home=home, artifacts=artifacts)
    home.mkdir(parents=True)
    registry_file(settings).symlink_to(registry.database.path)
    return Machine(settings, Registry.of(settings))


def two_machines(folder: Path, registry: Registry, artifacts: str = "") -> tuple[Machine, Machine]:
    """Two machines on one store, by default the folder ``store`` in ``folder``."""
    store = folder / "store"
    store.mkdir(exist_ok=True)
    first, second = (machine(folder / name, artifacts or store.as_uri(), registry) for name in ("first", "second"))
    return first, second


def stored(store: Path) -> set[str]:
    """The digests in a folder of blobs."""
    return {path.name for path in store.rglob("*") if path.is_file()}


def write(folder: Path, **files: bytes) -> Path:
    """A folder with these files; two underscores in a name stand for a folder, and the ending is ``.bin``."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    """The visible files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
