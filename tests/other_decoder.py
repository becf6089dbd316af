"""A decoder process that does something else when it reads certain photos."""

import subprocess
import sys

from core.datasets.decoding import sandbox


def decoder_that(tmp_path, monkeypatch, does: str, bad: bytes = b"BAD") -> None:
    """Puts a decoder in place that ``does`` something when it reads a photo that begins with ``bad``."""
    root = tmp_path / "other"
    (root / "core").mkdir(parents=True)
    (root / "core" / "__init__.py").write_text(f"__path__ = [{str(sandbox.REPOSITORY / 'core')!r}]\n")
    (root / "core" / "wrapped.py").write_text(
        "import os, signal, time, ctypes\n"
        "from core.datasets.decoding import decoder\n"
        "honest = decoder.decode\n"
        "def decode(data, **options):\n"
        f"    if data.startswith({bad!r}):\n        {does}\n"
        "    return honest(data, **options)\n"
        "decoder.decode = decode\ndecoder.SECONDS_PER_PHOTO = 3\ndecoder.main()\n"
    )
    real = subprocess.Popen

    def start(command, **options):
        program = str(root / "core" / "wrapped.py")
        options["env"] = options["env"] | {"PYTHONPATH": str(sandbox.REPOSITORY)}
        return real([sys.executable, program, *command[3:]], **options)

    monkeypatch.setattr(sandbox.subprocess, "Popen", start)
