"""A real OpenID provider on this machine: oidc-provider-mock, which lets everybody sign in as anybody.

It does not ask for PKCE, so ``WithPkce`` in front of it does; it also adds the state to an error, which RFC 6749
(section 4.1.2.1) asks for and the provider forgets.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import werkzeug.serving
from oidc_provider_mock import User, app

CLIENT, SECRET = "graft", "the secret of the client"
PEOPLE = (
    User(sub="1001", claims={"email": "Anna@lab.example", "email_verified": True, "groups": ["ml", "staff"]}),
    User(sub="1002", claims={"email": "bert@lab.example", "email_verified": False}),
    User(sub="1003", claims={}),
)


class WithPkce:
    """WSGI middleware: a code is of use with the verifier of its challenge alone (RFC 7636), and with the secret."""

    def __init__(self, inner) -> None:
        self._inner, self._challenges = inner, {}
        self.asked: list[str] = []

    def __call__(self, environ, start_response):
        self.asked.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)
            sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            basic = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
            known = environ.get("HTTP_AUTHORIZATION") in (f"Basic {basic}", _plain_basic())
            if not known or self._challenges.pop(sent.get("code"), None) != challenge:
                start_response("400 Bad Request", [("Content-Type", "application/json")])
                return [b'{"error": "invalid_grant"}' if known else b'{"error": "invalid_client"}']

        def remember(status, headers, *more):
            query = parse_qs(environ.get("QUERY_STRING", ""))
            code = parse_qs(urlsplit(dict(headers).get("Location", "")).query).get("code")
            if "?error=" in dict(headers).get("Location", "") and "state" in query:
                headers = [(k, f"{v}&state={query['state'][0]}" if k == "Location" else v) for k, v in headers]
            if code and query.get("code_challenge_method") == ["S256"]:
                self._challenges[code[0]] = query["code_challenge"][0]
            return start_response(status, headers, *more)

        return self._inner(environ, remember)


def _plain_basic() -> str:
    return f"Basic {base64.b64encode(f'{CLIENT}:{SECRET}'.encode()).decode()}"


@dataclass
class RunningProvider:
    """Its address, and the paths that it was asked for."""

    issuer: str
    asked: list[str]


@contextmanager
def provider_here(valid: timedelta = timedelta(hours=1)) -> Iterator[RunningProvider]:
    """A provider in a thread.

    Args:
        valid: its ID tokens; a negative duration is a clock that is slow.
    """
    guarded = WithPkce(app(require_nonce=True, access_token_max_age=valid, user_claims=PEOPLE))
    server = werkzeug.serving.make_server("127.0.0.1", 0, guarded, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield RunningProvider(f"http://127.0.0.1:{server.server_port}", guarded.asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
