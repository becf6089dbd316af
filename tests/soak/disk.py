"""A disk that can be full: a tmpfs of its own, which is made smaller; where that is not allowed, none is ever full."""

import os
import shutil
import subprocess
from pathlib import Path

ROOM = 6 * 10**9


class SmallDisk:
    """The file system of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mounted = os.geteuid() == 0 and self._mount("-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs")
        if not self.mounted:
            print("No disk of its own (that needs root): it will never be full.")

    def fill(self, left: int) -> str:
        """Only ``left`` bytes are free from now on."""
        if not self.mounted:
            return "not possible here"
        used = shutil.disk_usage(self.folder).used
        self._mount("-o", f"remount,size={used + left + 4096}")
        return f"{shutil.disk_usage(self.folder).free} bytes are free"

    def empty(self) -> None:
        """There is room again."""
        if self.mounted:
            self._mount("-o", f"remount,size={ROOM}")

    def remove(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=False)

    def _mount(self, *options: str) -> bool:
        return subprocess.run(["mount", *options, str(self.folder)], capture_output=True, check=False).returncode == 0
