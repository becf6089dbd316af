"""Command lines for the machines of a cluster, which run under a shell there."""

import os
import shlex
import sys
from collections.abc import Mapping

from core.settings import REPOSITORY, Settings

FOLDER = "GRAFT_NODE_FOLDER"
"""Variable with the folder of Graft on the machines of the cluster, of the supervisor or of a machine; unset where it
is the same as here."""

_OF_ALL = ("GRAFT_REGISTRY", "GRAFT_ARTIFACTS", "GRAFT_FEATURES_GB")
"""Settings that are the same on every machine."""
_UNLESS_SET = ("GRAFT_CACHE", "PGPASSFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "GRAFT_TRAINER", "GRAFT_GRACE_SECONDS")
"""Variables that count where a machine of the cluster has none of its own. None is a secret: everybody who may use the
pages of the cluster sees the command line."""


def command_line(module: str, arguments: list[str], settings: Settings, environ: Mapping[str, str]) -> str:
    """``python -m module arguments`` with the settings of all machines, for ``sh``.

    Args:
        environ: of the supervisor.
    """
    given = dict(environ) | settings.variables()
    parts = [f"{name}={shlex.quote(given[name])}" for name in _OF_ALL]
    parts += [f"{name}=${{{name}:-{shlex.quote(given[name])}}}" for name in _UNLESS_SET if given.get(name)]
    names = [name for name in (*_OF_ALL, *_UNLESS_SET) if name in _OF_ALL or given.get(name)]
    run = f'cd "$folder" && exec "$python" {shlex.join(["-m", module, *arguments])}'
    return f"{'; '.join(parts)}; export {' '.join(names)}; {_installation(environ)}; {run}"


def _installation(environ: Mapping[str, str]) -> str:
    """Sets ``folder`` and ``python``: what the machine names, else what the supervisor names, else as here."""
    named = environ.get(FOLDER, "")
    default, python = named or os.fspath(REPOSITORY), f"{named}/.venv/bin/python" if named else sys.executable
    return (
        f"folder=${{{FOLDER}:-{shlex.quote(default)}}}; python=${{{FOLDER}:+${FOLDER}/.venv/bin/python}}; "
        f"python=${{python:-{shlex.quote(python)}}}"
    )
