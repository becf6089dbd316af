"""Glewlwyd, Debian's OpenID provider, in a temporary folder.

Discovery, the pages for people, PKCE, nonces and signatures are its own: it shares no code with Graft.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.deploy.proxies import answering, find, folder_of_nobody, free_ports, nginx

TABLES = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
CONFIGURATION = Path("/usr/share/glewlwyd/templates/glewlwyd-debian.conf.properties")
PAGES = Path("/usr/share/glewlwyd/webapp")
SITE = """server {{
    listen 127.0.0.1:{port};
    root {pages};
    include /etc/nginx/mime.types;
    location = /config.json {{ alias /usr/share/glewlwyd/templates/config.json; }}
    location ~ ^/(api|config)(/|$) {{ proxy_pass http://127.0.0.1:{inner}; proxy_set_header Host $http_host; }}
}}
"""
CLIENT, SECRET = "graft", "the secret of the client"
PASSWORD = "a password at the provider"
"""Of everybody there."""
SCOPES = ("openid", "email", "profile", "groups")
PROPERTIES = ("groups", "verified")
"""What the provider stores about people besides names and addresses."""


@dataclass(frozen=True, kw_only=True)
class Glewlwyd:
    """A running provider.

    Args:
        issuer: as it calls itself. api: its programming interface, as its admin.
    """

    issuer: str
    api: httpx.Client

    def description(self) -> dict:
        return httpx.get(f"{self.issuer}/.well-known/openid-configuration").json()

    def add_client(self, name: str, secret: str, back: str, signed_out: str) -> None:
        """A program that people may sign in to; without a secret a public one."""
        way = {"confidential": True, "client_secret": secret} if secret else {"confidential": False}
        _send(
            self.api,
            "POST",
            "client/",
            {
                "client_id": name,
                "name": name,
                "enabled": True,
                "scope": [],
                "authorization_type": ["code"],
                "redirect_uri": [back],
                "post_logout_redirect_uri": signed_out,
                "token_endpoint_auth_method": ["client_secret_basic"] if secret else ["none"],
                **way,
            },
        )

    def add_person(self, name: str, email: str, *groups: str, verified: bool = True) -> None:
        more = {"groups": list(groups), "verified": "1" if verified else "0"}
        person = {"username": name, "name": name.title(), "email": email, "password": PASSWORD}
        scopes = ["g_profile", *SCOPES]
        _send(self.api, "POST", "user/", person | more | {"enabled": True, "scope": scopes})

    def disable_person(self, name: str) -> None:
        person = self.api.get(f"user/{name}").raise_for_status().json()
        _send(self.api, "PUT", f"user/{name}", person | {"enabled": False})

    def change(self, **parameters: object) -> None:
        """Parameters of the OpenID plugin, with ``_`` for ``-``."""
        plugin = self.api.get("mod/plugin/oidc").raise_for_status().json()
        plugin["parameters"] |= {name.replace("_", "-"): value for name, value in parameters.items()}
        _send(self.api, "PUT", "mod/plugin/oidc", plugin)
        _send(self.api, "PUT", "mod/plugin/oidc/reset/", {})


@contextmanager
def running() -> Iterator[Glewlwyd]:
    """Glewlwyd on a free port of this machine, behind nginx, which has its pages: it serves them unreliably itself."""
    with folder_of_nobody() as folder:
        port, inner = free_ports(2)
        url = f"http://127.0.0.1:{port}"
        _prepare(folder, inner, url)
        (folder / "site.conf").write_text(SITE.format(port=port, inner=inner, pages=PAGES))
        command = [find("glewlwyd"), "--config-file", f"{folder}/glewlwyd.conf"]
        with (
            answering(command, folder, inner),
            answering(nginx(folder), folder, port),
            httpx.Client(base_url=f"{url}/api/", timeout=30) as api,
        ):
            api.post("auth/", json={"username": "admin", "password": "password"}).raise_for_status()
            _settle(api, url)
            yield Glewlwyd(issuer=f"{url}/api/oidc", api=api)


def _prepare(folder: Path, port: int, url: str) -> None:
    """The package's own configuration and tables, with the places and the port that it has here."""
    database = folder / "glewlwyd.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(TABLES.read_text())
    text = CONFIGURATION.read_text()
    for old, new in {
        r"^port=\d+": f"port={port}",
        r'^#bind_address="127.0.0.1"': 'bind_address="127.0.0.1"',
        "_G_EXTRNAL_URL_": url,
        r'^log_mode="file"': 'log_mode="console"',
        r'^@include ".*"': f'database = {{ type = "sqlite3"; path = "{database}"; }}',
    }.items():
        text, found = re.subn(old, new, text, flags=re.MULTILINE)
        assert found, f"{old!r} is no longer in {CONFIGURATION}"
    (folder / "glewlwyd.conf").write_text(text)


def _settle(api: httpx.Client, url: str) -> None:
    """Turn on OpenID Connect: PKCE demanded, RS256, groups and verified addresses as claims."""
    module = api.get("mod/user/database").raise_for_status().json()
    public = {"multiple": False, "read": True, "write": True, "profile-read": True, "profile-write": False}
    module["parameters"]["data-format"] |= {"groups": public | {"multiple": True}, "verified": public}
    _send(api, "PUT", "mod/user/database", module)
    _send(api, "PUT", "mod/user/database/reset/", {})
    for scope in ("email", "profile", "groups"):
        more = {"display_name": scope, "password_required": False, "scheme": {}}
        _send(api, "POST", "scope/", {"name": scope, **more})
    _send(
        api,
        "POST",
        "mod/plugin/",
        {"module": "oidc", "name": "oidc", "display_name": "OpenID", "parameters": _plugin(url)},
    )


def _plugin(url: str) -> dict:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    claim = {"mandatory": True, "on-demand": False, "scope": []}
    return {
        "iss": f"{url}/api/oidc",
        "subject-type": "public",
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": private.decode(),
        "cert": public.decode(),
        "allowed-scope": list(SCOPES),
        "access-token-duration": 3600,
        "refresh-token-duration": 1209600,
        "code-duration": 600,
        "refresh-token-rolling": True,
        "allow-non-oidc": False,
        "auth-type-code-enabled": True,
        "auth-type-token-enabled": False,
        "auth-type-id-token-enabled": True,
        "auth-type-none-enabled": False,
        "auth-type-password-enabled": False,
        "auth-type-client-enabled": False,
        "auth-type-device-enabled": False,
        "auth-type-refresh-enabled": False,
        "jwks-show": True,
        "scope": [],
        "additional-parameters": [],
        "claims": [
            {"name": "groups", "user-property": "groups", "type": "string", **claim},
            {
                "name": "email_verified",
                "user-property": "verified",
                "type": "boolean",
                "boolean-value-true": "1",
                "boolean-value-false": "0",
                **claim,
            },
        ],
        "name-claim": "mandatory",
        "email-claim": "mandatory",
        "scope-claim": "no",
        "address-claim": {"type": "no"},
        "pkce-allowed": True,
        "pkce-method-plain-allowed": False,
        "pkce-required": True,
        "session-management-allowed": True,
        "session-cookie-name": "GLEWLWYD2_OIDC_SID",
        "session-cookie-expiration": 3600,
        "front-channel-logout-allowed": True,
        "back-channel-logout-allowed": False,
        "oauth-iss-response": True,
    }


def _send(api: httpx.Client, method: str, path: str, body: dict) -> None:
    answer = api.request(method, path, json=body)
    assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
