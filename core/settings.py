"""What the environment sets: the folder of all state, the port, limits. Paths below it: ``core.files.home``."""

import math
import os
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import InvalidInput

REPOSITORY = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]

SLURM = "slurm"
"""``GRAFT_LAUNCHER`` where trainers are jobs of Slurm."""

BACKUP_PARTS = ("models", "datasets")
"""What a backup may have besides the registry."""


class Login(StrEnum):
    """Whether people must sign in (``GRAFT_LOGIN``).

    ``auto``: where other machines can reach the address of the server, and only there. ``required``: everywhere, as
    behind a proxy on the same machine. ``off``: never; such an address is then refused.
    """

    AUTO = "auto"
    REQUIRED = "required"
    OFF = "off"


class FactorRule(StrEnum):
    """Who must have a second factor besides a password (``GRAFT_SECOND_FACTOR``); everybody may."""

    VOLUNTARY = "voluntary"
    ADMINS = "admins"
    EVERYBODY = "everybody"

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that must."""
        if self is FactorRule.EVERYBODY:
            return ("viewer", "trainer", "admin")
        return ("admin",) if self is FactorRule.ADMINS else ()


_LIMITS = {
    "GRAFT_FEATURES_GB": ("features_limit_bytes", "The limit of stored features"),
    "GRAFT_ENGINES_GB": ("engines_limit_bytes", "The limit of exported engine files"),
    "GRAFT_CHECKPOINTS_GB": ("checkpoints_limit_bytes", "The limit of checkpoints"),
    "GRAFT_MODELS_GB": ("models_limit_bytes", "The limit of the memory of models"),
    "GRAFT_USER_GB": ("user_limit_bytes", "The quota of an account"),
    "GRAFT_LOG_MB": ("log_limit_bytes", "The limit of a log"),
    "GRAFT_LOG_DAYS": ("log_days", "The days for which earlier logs are kept"),
    "GRAFT_STALL_MINUTES": ("stall_minutes", "The minutes without a step"),
    "GRAFT_RUN_HOURS": ("run_hours", "The time limit of a run"),
    "GRAFT_RUN_GB": ("run_limit_bytes", "The memory limit of a run"),
    "GRAFT_FREE_GB": ("low_space_bytes", "The disk space that stays free"),
}
"""Limits by their variables: the field, and what it is called."""


@dataclass(frozen=True, kw_only=True)
class OpenId:
    """The OpenID provider that people may sign in with.

    Args:
        issuer: its address (``GRAFT_OIDC_ISSUER``), below which ``/.well-known/openid-configuration`` is.
        client: how the provider calls Graft (``GRAFT_OIDC_CLIENT_ID``).
        secret_file: holds the secret of the client (``GRAFT_OIDC_SECRET_FILE``); None for a client without one.
        title: on the sign-in page (``GRAFT_OIDC_NAME``); the host of the issuer by default.
        newcomers: role of people whom no admin has added (``GRAFT_OIDC_ROLE``): ``viewer`` or ``trainer``; "" (written
            ``none``, the default) refuses them.
        admins, trainers, viewers: ``claim=value,value`` (``GRAFT_OIDC_ADMINS``, ...): who has this claim has the role,
            decided anew at every sign-in; who has none of them is a newcomer. "" where roles are given in Graft.
    """

    issuer: str
    client: str
    secret_file: Path | None = None
    title: str = ""
    newcomers: str = ""
    admins: str = ""
    trainers: str = ""
    viewers: str = ""

    def __post_init__(self) -> None:
        if not _is_web_address(self.issuer) or not (self.issuer.startswith("https://") or is_here(self.issuer)):
            raise InvalidInput(
                "GRAFT_OIDC_ISSUER must be an address that begins with https:// (http:// on this machine alone). "
                f"Received: {without_secret(self.issuer)!r}"
            )
        if not self.client:
            raise InvalidInput("GRAFT_OIDC_CLIENT_ID is not set: it is what the provider calls Graft.")
        if self.newcomers not in ("", "viewer", "trainer"):
            raise InvalidInput(f"GRAFT_OIDC_ROLE must be one of: none, viewer, trainer. Received: {self.newcomers!r}")
        for name, rule in (("ADMINS", self.admins), ("TRAINERS", self.trainers), ("VIEWERS", self.viewers)):
            if rule and not re.fullmatch(r"[\w.:/-]+=[^=]*[^=,\s][^=]*", rule):
                raise InvalidInput(f"GRAFT_OIDC_{name} must be claim=value, or claim=value,value. Received: {rule!r}")
        object.__setattr__(self, "title", self.title or urlsplit(self.issuer).hostname or "OpenID")

    @property
    def rules(self) -> list[tuple[str, str, frozenset[str]]]:
        """(role, claim, values) where roles are decided by claims, the highest role first; else none."""
        found = []
        for role, rule in (("admin", self.admins), ("trainer", self.trainers), ("viewer", self.viewers)):
            claim, _, values = rule.partition("=")
            if rule:
                found.append((role, claim, frozenset(one.strip() for one in values.split(",") if one.strip())))
        return found

    def variables(self) -> dict[str, str]:
        """See ``Settings.variables``."""
        return {
            "GRAFT_OIDC_ISSUER": self.issuer,
            "GRAFT_OIDC_CLIENT_ID": self.client,
            "GRAFT_OIDC_SECRET_FILE": str(self.secret_file or ""),
            "GRAFT_OIDC_NAME": self.title,
            "GRAFT_OIDC_ROLE": self.newcomers or "none",
            "GRAFT_OIDC_ADMINS": self.admins,
            "GRAFT_OIDC_TRAINERS": self.trainers,
            "GRAFT_OIDC_VIEWERS": self.viewers,
        }


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Home folder, port, limits, and what several machines share; everything below ``home`` belongs to Graft.

    Args:
        home: folder of all state (``GRAFT_HOME``).
        port: TCP port of the dashboard (``GRAFT_PORT``).
        features_limit_bytes: stored features beyond this are evicted, oldest use first (``GRAFT_FEATURES_GB``).
        engines_limit_bytes: exported engine files that no model shares are evicted beyond this, oldest use first
            (``GRAFT_ENGINES_GB``).
        checkpoints_limit_bytes: checkpoints of finished runs beyond this are evicted, of the run that ended first at
            first (``GRAFT_CHECKPOINTS_GB``); 0: none.
        models_limit_bytes: memory of the models that predict; beyond it they leave, oldest use first
            (``GRAFT_MODELS_GB``).
        user_limit_bytes: what each account may store in datasets, runs and uploads (``GRAFT_USER_GB``); 0: any number.
        log_limit_bytes: a longer log is cut (``GRAFT_LOG_MB``); 0: never.
        log_keep: how many earlier parts of the log of a process in the background stay (``GRAFT_LOG_KEEP``).
        log_days: for how long they stay (``GRAFT_LOG_DAYS``); 0: for ever.
        stall_minutes: a run without a step for so long is ended (``GRAFT_STALL_MINUTES``); 0: never.
        run_hours: a run that has trained for so long is ended (``GRAFT_RUN_HOURS``); 0: never.
        run_limit_bytes: a run whose processes together have more memory is ended (``GRAFT_RUN_GB``); 0: never.
        low_space_bytes: with less free space on the disk of the home no waiting run starts (``GRAFT_FREE_GB``); 0: they
            start always; None: 2 GB, and at most 2 % of the disk.
        registry: ``postgresql://user@host/database`` (``GRAFT_REGISTRY``); "" is the SQLite file in the home. The
            password is read from the file that ``PGPASSFILE`` names.
        artifacts: ``file:///folder`` or ``s3://bucket/prefix`` (``GRAFT_ARTIFACTS``), where machines find each other's
            datasets, checkpoints and models; "" is the home alone.
        launcher: ``ray:http://head:8265`` or ``slurm`` (``GRAFT_LAUNCHER``); "" starts trainers on this machine.
        cache: folder of stored features and fetched datasets (``GRAFT_CACHE``); None is the home.
        login: whether people must sign in (``GRAFT_LOGIN``).
        second_factor: who of those with a password must have a second factor (``GRAFT_SECOND_FACTOR``).
        url: where browsers find Graft, ``https://graft.lab/photos`` (``GRAFT_URL``), without a slash at its end; "" is
            the address it listens on.
        openid: the provider that people may sign in with, besides passwords.
        backup: folder of the scheduled backups (``GRAFT_BACKUP``); None makes none.
        backup_hours: between two of them (``GRAFT_BACKUP_HOURS``).
        backup_keep: how many stay (``GRAFT_BACKUP_KEEP``).
        backup_parts: of ``BACKUP_PARTS``, what they have besides the registry (``GRAFT_BACKUP_PARTS``: names with
            commas, or ``registry`` for nothing else).
    """

    home: Path = REPOSITORY / "models"
    port: int = 8501
    features_limit_bytes: int = 10 * 10**9
    engines_limit_bytes: int = 5 * 10**9
    checkpoints_limit_bytes: int = 0
    models_limit_bytes: int = 2 * 10**9
    user_limit_bytes: int = 0
    log_limit_bytes: int = 20 * 10**6
    log_keep: int = 2
    log_days: float = 90.0
    stall_minutes: float = 60.0
    run_hours: float = 0.0
    run_limit_bytes: int = 0
    low_space_bytes: int | None = None
    registry: str = ""
    artifacts: str = ""
    launcher: str = ""
    cache: Path | None = None
    login: Login = Login.AUTO
    second_factor: FactorRule = FactorRule.VOLUNTARY
    url: str = ""
    openid: OpenId | None = None
    backup: Path | None = None
    backup_hours: float = 24.0
    backup_keep: int = 7
    backup_parts: tuple[str, ...] = BACKUP_PARTS

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise InvalidInput(f"The port must be between 1 and 65535. Received: port={self.port}")
        for variable, (name, title) in _LIMITS.items():
            if (getattr(self, name) or 0) < 0:
                raise InvalidInput(f"{title} ({variable}) must not be negative. Received: {getattr(self, name)}")
        if self.log_keep < 0:
            raise InvalidInput(f"GRAFT_LOG_KEEP must not be negative. Received: {self.log_keep}")
        _check_addresses(self)
        _check_url(self.url)
        if self.openid is not None and not self.url:
            raise InvalidInput(
                "GRAFT_OIDC_ISSUER needs GRAFT_URL: the address to which the provider sends people back."
            )
        _check_backup(self)

    def variables(self) -> dict[str, str]:
        """The environment by which another process gets these settings from ``load_settings``."""
        return {
            "GRAFT_HOME": str(self.home.resolve()),
            "GRAFT_PORT": str(self.port),
            **{variable: _written(getattr(self, name), variable) for variable, (name, _) in _LIMITS.items()},
            "GRAFT_LOG_KEEP": str(self.log_keep),
            "GRAFT_REGISTRY": self.registry,
            "GRAFT_ARTIFACTS": self.artifacts,
            "GRAFT_LAUNCHER": self.launcher,
            "GRAFT_CACHE": str(self.cache or ""),
            "GRAFT_LOGIN": str(self.login),
            "GRAFT_SECOND_FACTOR": str(self.second_factor),
            "GRAFT_URL": self.url,
            **(self.openid.variables() if self.openid is not None else {"GRAFT_OIDC_ISSUER": ""}),
            "GRAFT_BACKUP": str(self.backup or ""),
            "GRAFT_BACKUP_HOURS": repr(self.backup_hours),
            "GRAFT_BACKUP_KEEP": str(self.backup_keep),
            "GRAFT_BACKUP_PARTS": ",".join(self.backup_parts) or "registry",
        }


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Settings from the variables that ``Settings`` names."""
    environ = dict(os.environ) if environ is None else environ
    chosen: dict = {}
    if environ.get("GRAFT_HOME"):
        chosen["home"] = _folder(environ, "GRAFT_HOME")
    if environ.get("GRAFT_PORT"):
        chosen["port"] = _whole_number(environ, "GRAFT_PORT")
    for variable, (name, _) in _LIMITS.items():
        if environ.get(variable):
            number = _number(environ, variable) * _unit(variable)
            chosen[name] = round(number) if _unit(variable) > 1 else number
    if environ.get("GRAFT_LOG_KEEP"):
        chosen["log_keep"] = _whole_number(environ, "GRAFT_LOG_KEEP")
    if environ.get("GRAFT_CACHE"):
        chosen["cache"] = _folder(environ, "GRAFT_CACHE")
    if environ.get("GRAFT_LOGIN"):
        chosen["login"] = _one_of(Login, environ, "GRAFT_LOGIN")
    if environ.get("GRAFT_SECOND_FACTOR"):
        chosen["second_factor"] = _one_of(FactorRule, environ, "GRAFT_SECOND_FACTOR")
    chosen["openid"] = _openid(environ)
    if environ.get("GRAFT_BACKUP"):
        chosen["backup"] = _folder(environ, "GRAFT_BACKUP")
    if environ.get("GRAFT_BACKUP_HOURS"):
        chosen["backup_hours"] = _number(environ, "GRAFT_BACKUP_HOURS")
    if environ.get("GRAFT_BACKUP_KEEP"):
        chosen["backup_keep"] = _whole_number(environ, "GRAFT_BACKUP_KEEP")
    if environ.get("GRAFT_BACKUP_PARTS"):
        names = [name.strip().lower() for name in environ["GRAFT_BACKUP_PARTS"].split(",")]
        chosen["backup_parts"] = tuple(name for name in names if name not in ("", "registry"))
    chosen["url"] = environ.get("GRAFT_URL", "").strip().rstrip("/")
    for name, default in (("registry", "sqlite"), ("artifacts", "home"), ("launcher", "local")):
        value = environ.get(f"GRAFT_{name.upper()}", "").strip()
        chosen[name] = "" if value == default else value
    return Settings(**chosen)


def _unit(variable: str) -> int:
    """What a variable counts in, in the unit of its field."""
    return {"GB": 10**9, "MB": 10**6}.get(variable.rpartition("_")[2], 1)


def _written(value: float | None, variable: str) -> str:
    """As ``load_settings`` reads it; "" of what was not chosen."""
    return "" if value is None else repr(value / _unit(variable))


def _check_backup(settings: Settings) -> None:
    if not 0 < settings.backup_hours < math.inf:
        raise InvalidInput(f"GRAFT_BACKUP_HOURS must be above 0. Received: {settings.backup_hours:g}")
    if settings.backup_keep < 1:
        raise InvalidInput(f"GRAFT_BACKUP_KEEP must be at least 1. Received: {settings.backup_keep}")
    if unknown := set(settings.backup_parts) - {*BACKUP_PARTS}:
        expected = f"registry, or of {', '.join(BACKUP_PARTS)} those that you want"
        raise InvalidInput(f"GRAFT_BACKUP_PARTS must be {expected}. Received: {', '.join(sorted(unknown))!r}")


def _check_addresses(settings: Settings) -> None:
    """Only their form: whether something answers there is asked by those who use them."""
    shapes = (
        ("GRAFT_REGISTRY", settings.registry, ("postgresql://",), "sqlite, or postgresql://user@host/database"),
        ("GRAFT_ARTIFACTS", settings.artifacts, ("file:///", "s3://"), "home, file:///folder, or s3://bucket/prefix"),
        ("GRAFT_LAUNCHER", settings.launcher, ("ray:http://", "ray:https://"), "local, ray:http://head:8265, or slurm"),
    )
    for name, value, starts, expected in shapes:
        if value and not value.startswith(starts) and (name, value) != ("GRAFT_LAUNCHER", SLURM):
            raise InvalidInput(f"{name} must be {expected}. Received: {without_secret(value)!r}")
        if value != without_secret(value):
            file = "the file that PGPASSFILE names" if name == "GRAFT_REGISTRY" else "a file that only you may read"
            raise InvalidInput(
                f"{name} must not have a password in it, which others on this machine could read. Put it into {file}. "
                f"Received: {without_secret(value)!r}"
            )


def _check_url(url: str) -> None:
    if url and not _is_web_address(url):
        raise InvalidInput(
            f"GRAFT_URL must be an address such as https://graft.example/photos. Received: {without_secret(url)!r}"
        )


def _is_web_address(url: str) -> bool:
    """Without a name, a password, a query and a fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # a port that is no number, brackets that are not closed
        return False
    sound = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    return sound and not ({"@", "?", "#", " "} & set(url))


def is_here(url: str) -> bool:
    """Whether the address names this machine, which nobody listens to on the way."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def without_secret(address: str) -> str:
    """An address without the password that somebody may have written into it, for messages and logs."""
    address = re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", address)
    return re.sub(r"([?&]\w*password)=[^&]*", r"\1=***", address)


def _openid(environ: dict[str, str]) -> OpenId | None:
    given = {name: environ.get(f"GRAFT_OIDC_{name}", "").strip() for name in _OPENID}
    if not given["ISSUER"]:
        return None
    return OpenId(
        issuer=given["ISSUER"],
        client=given["CLIENT_ID"],
        secret_file=_folder(environ, "GRAFT_OIDC_SECRET_FILE") if given["SECRET_FILE"] else None,
        title=given["NAME"],
        newcomers="" if given["ROLE"].lower() == "none" else given["ROLE"].lower(),
        admins=given["ADMINS"],
        trainers=given["TRAINERS"],
        viewers=given["VIEWERS"],
    )


_OPENID = ("ISSUER", "CLIENT_ID", "SECRET_FILE", "NAME", "ROLE", "ADMINS", "TRAINERS", "VIEWERS")


def _one_of(kind: type[StrEnum], environ: dict[str, str], name: str) -> StrEnum:
    text = environ[name]
    if text.strip().lower() not in list(kind):
        raise InvalidInput(f"{name} must be one of: {', '.join(kind)}. Received: {text!r}")
    return kind(text.strip().lower())


def _folder(environ: dict[str, str], name: str) -> Path:
    try:
        return Path(environ[name]).expanduser().resolve()
    except (RuntimeError, OSError) as error:  # no such user, a loop of links
        raise InvalidInput(f"{name} must be a path ({error}). Received: {environ[name]!r}") from None


def _whole_number(environ: dict[str, str], name: str) -> int:
    try:
        return int(environ[name])
    except ValueError:
        raise InvalidInput(f"{name} must be a whole number. Received: {environ[name]!r}") from None


def _number(environ: dict[str, str], name: str) -> float:
    try:
        number = float(environ[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name} must be a number. Received: {environ[name]!r}")
    return number
