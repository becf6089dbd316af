"""``syncfs`` for a FUSE file system, to which the kernel does not pass it: on PYTHONPATH of processes on such a one."""

import ctypes
import os

_getitem = ctypes.CDLL.__getitem__


def _syncfs(descriptor: int) -> int:
    os.setxattr(descriptor, "user.graft.sync", b"1")
    return 0


def _found(self, name):
    return _syncfs if name == "syncfs" else _getitem(self, name)


ctypes.CDLL.__getitem__ = _found
