"""Signing in through an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0).

Authlib makes the requests and checks the claims, joserfc the signature. Both are imported only where somebody signs in.
Blocking: the routes call it in a thread.
"""

import stat
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from core.errors import Forbidden, InvalidInput, Unavailable
from core.people.acting import Role
from core.settings import OpenId, is_here

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Of signatures: with keys that only the provider has. ``none`` and those with a shared secret are not accepted."""
CLOCK_SECONDS = 60
"""The clocks of the provider and of this machine may differ by."""
_TIMEOUT_SECONDS = 10.0
_KEEP_SECONDS = 3600.0
"""The provider's description and keys are asked for again after."""


@dataclass(frozen=True)
class SignInFlow:
    """One attempt to sign in, all of which follows from a secret in a cookie of the browser that began it.

    So nothing is stored, several web processes need not know each other's attempts, and an answer of the provider is of
    use in this browser alone.
    """

    secret: str

    @property
    def state(self) -> str:
        """Comes back with the answer, which is refused without it."""
        return self._of("state")

    @property
    def nonce(self) -> str:
        """Is in the signed answer."""
        return self._of("nonce")

    @property
    def verifier(self) -> str:
        """Of PKCE: the provider learns its SHA-256 first and asks for it when the code is used."""
        return self._of("verifier")

    def _of(self, what: str) -> str:
        return sha256(f"{what}:{self.secret}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ProviderIdentity:
    """Who the provider says has signed in.

    Args:
        subject: of the provider, never given to somebody else. email: in small letters; "" without a verified one.
        claims: what else it says. token: its signed answer, by which it knows later which of its sessions to end.
    """

    issuer: str
    subject: str
    email: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""

    @property
    def key(self) -> str:
        """As the registry has it."""
        return subject_key(self.issuer, self.subject)


def subject_key(issuer: str, subject: str) -> str:
    """A subject is only unique with its issuer, in which there is no blank."""
    return f"{issuer} {subject}"


def role_of(identity: ProviderIdentity, settings: OpenId) -> Role | None:
    """By the claims, the highest; else that of newcomers, None where they are refused."""
    for role, claim, values in settings.rules:
        found = identity.email if claim == "email" else identity.claims.get(claim)
        if values & {str(one) for one in (found if isinstance(found, list | tuple) else [found])}:
            return Role(role)
    return Role(settings.newcomers) if settings.newcomers else None


class Provider:
    """The provider of the settings.

    Args:
        back: address to which it sends people after they have signed in there.
    """

    def __init__(self, settings: OpenId, back: str) -> None:
        self.settings, self.back = settings, back
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def address(self, flow: SignInFlow, *, again: bool = False) -> str:
        """Where the browser is sent to sign in.

        Args:
            again: the provider is told to ask the person, also where it knows the browser (``prompt=login``).

        Raises:
            Unavailable: the provider is away, or what it says of itself is wrong.
        """
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
                **({"prompt": "login"} if again else {}),
            )
        return str(url)

    def identity(self, flow: SignInFlow, code: str) -> ProviderIdentity:
        """Who has signed in, for a code with which the provider has answered.

        Raises:
            Unavailable: the provider is away. Forbidden: it refuses the code, or its answer cannot be believed.
        """
        from authlib.integrations.base_client import OAuthError
        from httpx2 import HTTPError

        try:
            with self._client() as client:
                token = client.fetch_token(
                    self._endpoint("token_endpoint"),
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=flow.verifier,
                )
                claims = self._believed(token, flow.nonce)
                claims |= self._asked_for_more(client, claims)
        except OAuthError as error:
            raise Forbidden(
                f"{self.settings.title} refused the sign-in ({_plain(error.error)}). Try again; an admin checks "
                "GRAFT_OIDC_CLIENT_ID, the secret, and the address that the provider may send people back to."
            ) from None
        except (HTTPError, ValueError) as error:
            raise self._away(error) from None
        return _identity(self.settings.issuer, claims, str(token["id_token"]))

    def sign_out_address(self, back: str, token: str = "") -> str | None:
        """Where one signs out of the provider too; None where it has no such page.

        Args:
            token: of the sign-in (``id_token_hint``), without which some providers end nothing.

        Raises:
            Unavailable: the provider is away.
        """
        end = self._described().get("end_session_endpoint")
        if not end:
            return None
        hint = {"id_token_hint": token} if token else {}
        query = urlencode({"client_id": self.settings.client, "post_logout_redirect_uri": back, **hint})
        return f"{self._endpoint('end_session_endpoint')}{'&' if '?' in end else '?'}{query}"

    def _client(self) -> "OAuth2Client":
        from authlib.integrations.httpx_client import OAuth2Client

        secret, known = read_secret(self.settings), self._described()
        ways = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        claims = {claim for _, claim, _ in self.settings.rules} & set(known.get("scopes_supported") or ())
        return OAuth2Client(
            client_id=self.settings.client,
            client_secret=secret,
            token_endpoint_auth_method=way if secret else "none",
            scope=" ".join(["openid", "email", "profile", *sorted(claims - {"email", "profile"})]),
            redirect_uri=self.back,
            code_challenge_method="S256",
            timeout=_TIMEOUT_SECONDS,
        )

    def _believed(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of the ID token; keys that the provider has since yesterday are asked for once."""
        sent = str(token.get("id_token") or "")
        try:
            return checked_claims(sent, self._keys(), self.settings, nonce, token.get("access_token"))
        except _UnknownKey:
            return checked_claims(sent, self._keys(anew=True), self.settings, nonce, token.get("access_token"))

    def _asked_for_more(self, client: "OAuth2Client", claims: Mapping[str, Any]) -> dict[str, Any]:
        """What the ID token lacks, and the provider tells on demand, of the same person."""
        wanted = {"email", "email_verified", *(claim for _, claim, _ in self.settings.rules)}
        if wanted <= claims.keys() or not self._described().get("userinfo_endpoint"):
            return {}
        found = client.get(self._endpoint("userinfo_endpoint")).raise_for_status().json()
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise Forbidden(f"{self.settings.title} answered for somebody else. Sign in again.")
        return {name: found[name] for name in wanted & found.keys() if name not in claims}

    def _described(self) -> dict[str, Any]:
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = self._json("description", url)
        if found.get("issuer") != self.settings.issuer:
            raise Unavailable(
                f"The provider at {url} calls itself {str(found.get('issuer'))[:200]!r}. An admin sets "
                f"GRAFT_OIDC_ISSUER to that, if it is the right one. Received: {self.settings.issuer!r}"
            )
        return found

    def _endpoint(self, name: str) -> str:
        """An address of the provider, over TLS unless the provider is on this machine."""
        url = str(self._described().get(name) or "")
        here = self.settings.issuer.startswith("http://") and is_here(url)
        if not url.startswith("https://") and not here:
            raise Unavailable(
                f"{self.settings.title} names no {name} that begins with https://. Received: {url[:200]!r}"
            )
        return url

    def _keys(self, anew: bool = False) -> dict[str, Any]:
        return self._json("keys", self._endpoint("jwks_uri"), anew=anew)

    def _json(self, name: str, url: str, anew: bool = False) -> dict[str, Any]:
        from httpx2 import HTTPError, get

        with self._lock:
            at, found = self._known.get(name, (0.0, {}))
        if found and not anew and time.monotonic() - at < _KEEP_SECONDS:
            return found
        try:
            found = get(url, timeout=_TIMEOUT_SECONDS).raise_for_status().json()
        except (HTTPError, ValueError) as error:
            raise self._away(error) from None
        if not isinstance(found, dict):
            raise self._away(ValueError("no object"))
        with self._lock:
            self._known[name] = time.monotonic(), found
        return found

    def _away(self, error: Exception) -> Unavailable:
        cause = "it answers with something else" if isinstance(error, ValueError) else str(error) or "no answer"
        return Unavailable(
            f"{self.settings.title} cannot be asked now ({cause[:200]}). Try again later, or sign in with a password."
        )


class _UnknownKey(Forbidden):
    """The ID token names a key that the provider did not have when its keys were asked for."""


def checked_claims(
    token: str, keys: Mapping[str, Any], settings: OpenId, nonce: str, access_token: str | None = None
) -> dict[str, Any]:
    """The claims of an ID token: signed by the provider, for this client, now, in answer to this attempt.

    Args:
        keys: JSON Web Key Set of the provider.

    Raises:
        Forbidden: something of it is not so.
    """
    from authlib.oidc.core import CodeIDToken
    from joserfc import errors, jwt
    from joserfc.jwk import KeySet

    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
    except errors.InvalidKeyIdError as error:
        raise _UnknownKey(f"{settings.title} signed with an unknown key ({_plain(str(error))}). Try again.") from None
    except (errors.JoseError, ValueError, KeyError, TypeError) as error:
        raise Forbidden(_unbelievable(settings, error)) from None
    try:
        CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": settings.issuer},
                "aud": {"essential": True, "value": settings.client},
                "sub": {"essential": True},
            },
            {"nonce": nonce, "client_id": settings.client, "access_token": access_token},
        ).validate(leeway=CLOCK_SECONDS)
    except errors.ClaimError as error:
        issued = decoded.claims.get("iat")
        if error.claim in ("exp", "iat", "nbf") and isinstance(issued, int | float):
            raise Forbidden(_wrong_clock(settings, time.time() - issued)) from None
        raise Forbidden(_unbelievable(settings, error)) from None
    return dict(decoded.claims)


def _unbelievable(settings: OpenId, error: Exception) -> str:
    return f"The sign-in by {settings.title} cannot be believed ({_plain(str(error))}). Try again, or tell an admin."


def _wrong_clock(settings: OpenId, seconds: float) -> str:
    """A clock that is wrong is the likeliest cause of a token that is not valid now."""
    yet, when = ("no longer", "ago") if seconds > 0 else ("not yet", "from now")
    return (
        f"The sign-in by {settings.title} is {yet} valid: by the clock of this machine it was made "
        f"{abs(round(seconds))} seconds {when}. Try again; an admin sets the clock (timedatectl)."
    )


def _identity(issuer: str, claims: Mapping[str, Any], token: str) -> ProviderIdentity:
    email = str(claims.get("email") or "").strip().casefold()
    verified = claims.get("email_verified") in (True, "true")
    proven = email if verified else ""
    return ProviderIdentity(issuer=issuer, subject=str(claims["sub"]), email=proven, claims=claims, token=token)


def read_secret(settings: OpenId) -> str:
    """The secret of the client, from a file that only its owner may read; "" without such a file.

    Raises:
        InvalidInput: the file cannot be read, others may read it, or it is empty.
    """
    path = settings.secret_file
    if path is None:
        return ""
    try:
        mode, secret = path.stat().st_mode, path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "it is no text"
        raise InvalidInput(f"GRAFT_OIDC_SECRET_FILE names {path}, which cannot be read ({cause}).") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidInput(
            f"GRAFT_OIDC_SECRET_FILE names {path}, which others on this machine may read. Change that: chmod 600 {path}"
        )
    if not secret:
        raise InvalidInput(f"GRAFT_OIDC_SECRET_FILE names {path}, which is empty.")
    return secret


def _plain(text: str) -> str:
    return "".join(one for one in text if one.isprintable())[:200]
