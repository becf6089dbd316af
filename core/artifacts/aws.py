"""Where the usual AWS variables and files say that S3 is, and who may use it."""

import os
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as DamagedFile
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.errors import Unavailable

_FROM_FILES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "endpoint",
}
"""Keys of the AWS files, and what the client calls them."""
_VARIABLES = {
    "access_key_id": ("AWS_ACCESS_KEY_ID",),
    "secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
    "session_token": ("AWS_SESSION_TOKEN",),
    "region": ("AWS_REGION", "AWS_DEFAULT_REGION"),
    "endpoint": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
}


def options_of_s3(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Options of the S3 client: address, region and access key, and how long it waits for a server that is away.

    Variables come before files, and a key is taken as a whole from one of the two. Without any key the client asks the
    machine's own role (EC2, ECS).
    """
    config = _from_files(environ)
    if environ.get("AWS_ACCESS_KEY_ID"):
        for name in ("access_key_id", "secret_access_key", "session_token"):
            config.pop(name, None)
    for name, variables in _VARIABLES.items():
        value = next((environ[variable] for variable in variables if environ.get(variable)), "")
        if value:
            config[name] = value
    config.setdefault("region", "us-east-1")
    return {
        "config": config,
        "client_options": {
            "allow_http": config.get("endpoint", "").startswith("http://"),
            "connect_timeout": "5s",
            "read_timeout": "60s",
            "timeout": "600s",
        },
        "retry_config": {
            "max_retries": 3,
            "retry_timeout": timedelta(seconds=20),
            "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=3), "base": 2},
        },
    }


def _from_files(environ: Mapping[str, str]) -> dict[str, str]:
    home, profile = Path(environ.get("HOME", "~")).expanduser(), environ.get("AWS_PROFILE", "default")
    found: dict[str, str] = {}
    for variable, usual, section in (
        ("AWS_CONFIG_FILE", ".aws/config", profile if profile == "default" else f"profile {profile}"),
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", profile),
    ):
        path = Path(environ.get(variable) or home / usual)
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(path)
        except (DamagedFile, OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"The file {path} cannot be read as AWS writes it ({type(error).__name__}).") from None
        if parser.has_section(section):
            section_of = parser[section]
            found |= {ours: section_of[theirs] for theirs, ours in _FROM_FILES.items() if section_of.get(theirs)}
    return found
