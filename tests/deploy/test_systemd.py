"""What ``deploy/systemd/graft.service`` must say; how it was run by systemd: docs/operations.md."""

from configparser import ConfigParser
from pathlib import Path

from core.settings import REPOSITORY
from core.web.server.stopping import DEFAULT_SECONDS


class _Repeated(dict):
    """Keeps all values of a setting that is given several times."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and isinstance(self.get(key), list):
            value = self[key] + value
        super().__setitem__(key, value)


def service() -> dict[str, str]:
    parser = ConfigParser(dict_type=_Repeated, strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(REPOSITORY / "deploy" / "systemd" / "graft.service")
    return dict(parser["Service"])


def test_who_goes_on_after_a_restart_keeps_its_temporary_files():
    """systemd deletes a private /tmp at each restart, in which every later trainer of the old supervisor failed."""
    found = service()
    assert (found["KillMode"], found["PrivateTmp"]) == ("process", "yes")
    variables = dict(one.split("=", 1) for one in found["Environment"].split())
    home = Path(found["ReadWritePaths"])
    assert home == Path(variables["GRAFT_HOME"]) and home in Path(variables["TMPDIR"]).parents
    assert found["ExecStartPre"].split()[-1] == variables["TMPDIR"], "made before the pages start"


def test_systemd_waits_longer_than_the_requests_that_run():
    assert int(service()["TimeoutStopSec"]) >= DEFAULT_SECONDS + 15
