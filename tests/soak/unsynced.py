"""A file system (FUSE) that knows what was fsynced, and copies itself as a power cut would leave it.

Contents are in ``store/live/<id>``, what was fsynced of them in ``store/durable/<id>``; names are in memory. A cut
keeps

- of every file the content at its last fsync; what was written later is kept or lost as a whole, at random;
- of names (created, renamed, linked, deleted) everything up to the last fsync of anything, as a journal does, and of
  the later ones a random number of the first.

So it covers file systems that journal their names in order (ext4, XFS), and neither torn sectors nor disks that lie
about a flush. ``syncfs`` does not reach a FUSE file system: ``sync_calls/sitecustomize.py`` sends it as an attribute.

``python -m tests.soak.unsynced STORE MOUNTPOINT``, with mfusepy and libfuse; needs root or the right to mount.
"""

import errno
import os
import random
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SYNC, CUT = "user.graft.sync", "user.graft.cut"
"""Attributes that are set to sync everything, and to copy what a power cut would leave (``seed folder``)."""
ROOT = 1

Change = list[tuple[int, str, int]]
"""Of names at once: (folder, name, id of what has the name now; 0 for nothing)."""


@dataclass
class Names:
    """Folders by id: what is in them by name."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {ROOT: {}})

    def apply(self, change: Change) -> None:
        for folder, name, node in change:
            inside = self.folders.setdefault(folder, {})
            if node:
                inside[name] = node
            else:
                inside.pop(name, None)

    def copy(self) -> "Names":
        return Names({folder: dict(inside) for folder, inside in self.folders.items()})


class Disk:
    """Contents and names, now and as far as they were synced. All methods hold its lock."""

    def __init__(self, store: Path) -> None:
        self.live, self.durable = store / "live", store / "durable"
        self.live.mkdir(parents=True)
        self.durable.mkdir()
        self.lock = threading.RLock()
        self.names, self.kept = Names(), Names()
        self.kinds: dict[int, int] = {ROOT: stat.S_IFDIR | 0o755}
        self.touched: dict[int, float] = {ROOT: time.time()}
        self._pending: list[Change] = []
        self._dirty: dict[int, list[tuple[int, int]]] = {}
        self._next = ROOT

    def find(self, path: str) -> int:
        """The id; 0 where there is nothing."""
        node = ROOT
        for part in path.split("/"):
            if part:
                node = self.names.folders.get(node, {}).get(part, 0)
        return node

    def new(self, mode: int) -> int:
        with self.lock:
            self._next += 1
            self.kinds[self._next] = mode
            self.touched[self._next] = time.time()
            if stat.S_ISDIR(mode):
                self.names.folders[self._next] = {}
            return self._next

    def change(self, change: Change) -> None:
        with self.lock:
            self.names.apply(change)
            self._pending.append(change)
            for folder, _, _ in change:
                self.touched[folder] = time.time()

    def wrote(self, node: int, start: int, length: int) -> None:
        with self.lock:
            self._dirty.setdefault(node, []).append((start, length))

    def sync(self, node: int = 0) -> None:
        """What fsync of a file or folder does; of everything without one."""
        with self.lock:
            for one in [node] if node else list(self._dirty):
                self._sync_content(one)
            for change in self._pending:
                self.kept.apply(change)
            self._pending.clear()

    def _sync_content(self, node: int) -> None:
        ranges = self._dirty.pop(node, None)
        if ranges is None:
            return
        with (self.live / str(node)).open("rb") as source, _opened(self.durable / str(node)) as target:
            for start, length in ranges:
                source.seek(start)
                target.seek(start)
                target.write(source.read(length))
            target.truncate(os.fstat(source.fileno()).st_size)

    def cut(self, target: Path, chance: random.Random) -> None:
        """Writes what would be left."""
        with self.lock:
            names = self.kept.copy()
            for change in self._pending[: chance.randint(0, len(self._pending))]:
                names.apply(change)
            self._write(ROOT, target, names, chance)

    def _write(self, folder: int, target: Path, names: Names, chance: random.Random) -> None:
        target.mkdir()
        for name, node in names.folders.get(folder, {}).items():
            if stat.S_ISDIR(self.kinds[node]):
                self._write(node, target / name, names, chance)
                continue
            live = node in self._dirty and chance.random() < 0.5
            source = (self.live if live else self.durable) / str(node)
            (target / name).write_bytes(source.read_bytes() if source.exists() else b"")


def _opened(path: Path):
    return path.open("r+b" if path.exists() else "w+b")


class Unsynced:
    """The operations that libfuse calls (see ``mfusepy.Operations``)."""

    use_ns = True

    def __init__(self, store: Path) -> None:
        self.disk = Disk(store)
        self._open: dict[int, int] = {}
        self._hidden: dict[str, int] = {}
        """Deleted files that are still open, by the name that libfuse gives them."""

    # --- names ---

    def _node(self, path: str | None, handle: int | None = None) -> int:
        node = self._open.get(handle, 0) if handle is not None else 0
        node = node or (self._hidden.get(path) or self.disk.find(path) if path else 0)
        if not node:
            raise OSError(errno.ENOENT, "nothing has this name")
        return node

    def _place(self, path: str) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        return self._node(folder or "/"), name

    def mkdir(self, path: str, mode: int) -> None:
        folder, name = self._place(path)
        self.disk.change([(folder, name, self.disk.new(stat.S_IFDIR | mode))])

    def rmdir(self, path: str) -> None:
        if self.disk.names.folders[self._node(path)]:
            raise OSError(errno.ENOTEMPTY, "the folder is not empty")
        self.disk.change([(*self._place(path), 0)])

    def unlink(self, path: str) -> None:
        if self._hidden.pop(path, 0):
            return
        self.disk.change([(*self._place(path), 0)])

    def rename(self, old: str, new: str) -> None:
        with self.disk.lock:
            node, there = self._node(old), self.disk.find(new)
            if new.rpartition("/")[2].startswith(".fuse_hidden"):  # libfuse deletes a file that is open
                self._hidden[new] = node
                self.disk.change([(*self._place(old), 0)])
                return
            if there and self.disk.names.folders.get(there):
                raise OSError(errno.ENOTEMPTY, "the folder is not empty")
            self.disk.change([(*self._place(old), 0), (*self._place(new), node)])

    def link(self, target: str, source: str) -> None:
        self.disk.change([(*self._place(target), self._node(source))])

    def readdir(self, path: str | None, handle: int) -> Iterator[tuple[str, dict, int]]:
        with self.disk.lock:
            node = self._node(path, handle)
            inside = {".": node, "..": ROOT} | self.disk.names.folders[node]
        for name, one in inside.items():
            yield name, {"st_mode": self.disk.kinds[one], "st_ino": one}, 0

    def getattr(self, path: str | None, handle: int | None = None) -> dict:
        node = self._node(path, handle)
        kind = self.disk.kinds[node]
        if stat.S_ISDIR(kind):
            at = self.disk.touched[node]
            return {"st_mode": kind, "st_ino": node, "st_nlink": 2, "st_size": 4096, "st_mtime": int(at * 1e9)}
        found = os.stat(self.disk.live / str(node))
        times = {f"st_{name}": getattr(found, f"st_{name}_ns") for name in ("mtime", "ctime", "atime")}
        size = {"st_size": found.st_size, "st_blocks": found.st_blocks}
        return times | size | {"st_mode": kind, "st_ino": node, "st_nlink": 1}

    def chmod(self, path: str, mode: int) -> None:
        node = self._node(path)
        self.disk.kinds[node] = stat.S_IFMT(self.disk.kinds[node]) | stat.S_IMODE(mode)

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        node = self._node(path)
        if node not in self.disk.names.folders:
            os.utime(self.disk.live / str(node), ns=times)

    # --- contents ---

    def _opened(self, node: int) -> int:
        handle = os.open(self.disk.live / str(node), os.O_RDWR | os.O_CREAT)
        self._open[handle] = node
        return handle

    def create(self, path: str, mode: int, fi: object = None) -> int:
        folder, name = self._place(path)
        node = self.disk.new(stat.S_IFREG | mode)
        handle = self._opened(node)
        self.disk.change([(folder, name, node)])
        return handle

    def open(self, path: str, flags: int) -> int:
        handle = self._opened(self._node(path))
        if flags & os.O_TRUNC:
            self.truncate(None, 0, handle)
        return handle

    def opendir(self, path: str) -> int:
        node, handle = self._node(path), os.open("/dev/null", os.O_RDONLY)  # a number that no other handle has
        self._open[handle] = node
        return handle

    def read(self, path: str | None, size: int, offset: int, handle: int) -> bytes:
        return os.pread(handle, size, offset)

    def write(self, path: str | None, data: bytes, offset: int, handle: int) -> int:
        written = os.pwrite(handle, data, offset)
        self.disk.wrote(self._open[handle], offset, written)
        return written

    def truncate(self, path: str | None, length: int, handle: int | None = None) -> None:
        node = self._node(path, handle)
        os.truncate(self.disk.live / str(node), length)
        self.disk.wrote(node, 0, length)

    def fsync(self, path: str | None, datasync: int, handle: int) -> None:
        self.disk.sync(self._open[handle])

    fsyncdir = fsync

    def release(self, path: str | None, handle: int) -> None:
        self._open.pop(handle, None)
        os.close(handle)

    releasedir = release

    def flush(self, path: str | None, handle: int) -> None:
        """close() syncs nothing."""

    def access(self, path: str, amode: int) -> None:
        self._node(path)

    def statfs(self, path: str) -> dict:
        found = os.statvfs(self.disk.live)
        return {key: getattr(found, key) for key in dir(found) if key.startswith("f_") and key != "f_fsid"}

    # --- the test's own calls ---

    def setxattr(self, path: str, name: str, value: bytes, options: int, position: int = 0) -> None:
        if name == SYNC:
            self.disk.sync()
        elif name == CUT:
            seed, _, target = bytes(value).decode().partition(" ")
            self.disk.cut(Path(target), random.Random(int(seed)))
        else:
            raise OSError(errno.ENOTSUP, "only the attributes of the test")

    def getxattr(self, path: str, name: str, position: int = 0) -> bytes:
        raise OSError(errno.ENODATA, "no attributes")


def main() -> None:
    import mfusepy

    store, mountpoint = map(Path, sys.argv[1:])
    mine = Unsynced(store)
    names = {name for name in dir(Unsynced) if not name.startswith("_")}
    operations = type("Operations", (mfusepy.Operations,), {name: getattr(mine, name) for name in names})
    for name in names - {"use_ns"}:
        setattr(operations, name, staticmethod(getattr(mine, name)))
    options = {"foreground": True, "use_ino": True, "fsname": "unsynced"}
    mfusepy.FUSE(operations(), str(mountpoint), **options)


if __name__ == "__main__":
    main()
