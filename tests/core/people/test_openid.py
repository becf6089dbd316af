"""What is believed of an OpenID provider. The flow against a running one: ``tests/core/web/server/test_openid.py``."""

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from core.errors import Forbidden, InvalidInput
from core.people.acting import Role
from core.people.openid import ProviderIdentity, SignInFlow, checked_claims, read_secret, role_of
from core.settings import OpenId

SETTINGS = OpenId(issuer="https://sso.example", client="graft", title="Lab SSO")
KEY, OTHER = (RSAKey.generate_key(2048, {"kid": name}) for name in ("a", "b"))
KEYS = KeySet([KEY]).as_dict(private=False)


def claims(**changed) -> dict:
    now = int(time.time())
    whole = {"iss": SETTINGS.issuer, "aud": "graft", "sub": "1001", "iat": now, "exp": now + 300, "nonce": "n"}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def token(key=KEY, algorithm: str = "RS256", kid: str = "a", **changed) -> str:
    return jwt.encode({"alg": algorithm, "kid": kid}, claims(**changed), key, algorithms=[algorithm])


def part(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_of_the_provider_for_this_attempt_is_believed():
    assert checked_claims(token(), KEYS, SETTINGS, "n")["sub"] == "1001"
    assert checked_claims(token(aud=["graft"]), KEYS, SETTINGS, "n")["aud"] == ["graft"]
    assert checked_claims(token(aud=["graft", "other"], azp="graft"), KEYS, SETTINGS, "n")["azp"] == "graft"
    assert checked_claims(token(exp=int(time.time()) - 30), KEYS, SETTINGS, "n")  # clocks differ a little


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"}, {"iss": None}, {"aud": "other"}, {"aud": ["other"]}, {"aud": None},
        {"aud": ["graft", "other"]}, {"azp": "other"}, {"nonce": "m"}, {"nonce": None}, {"sub": None}, {"sub": ""},
        {"aud": "other", "azp": "graft"}, {"exp": None}, {"iat": None}, {"exp": "soon"}, {"at_hash": "wrong"},
    ],
)  # fmt: skip
def test_a_claim_that_is_not_so_is_refused(changed):
    with pytest.raises(Forbidden, match=r"Lab SSO .* Try again"):
        checked_claims(token(**changed), KEYS, SETTINGS, "n", "an access token")


@pytest.mark.parametrize(
    "sent",
    [
        token(key=OTHER),  # signed by somebody else in the name of the key
        token(key=OTHER, kid="b"),  # a key that the provider has not
        f"{part({'alg': 'none'})}.{part(claims())}.",
        token(key=OctKey.import_key("a secret of 32 bytes, or of more"), algorithm="HS256"),
        token()[:-8] + "AAAAAAAA",
        token().replace(".", ".x", 1),
        "no token",
        "",
    ],
)
def test_a_signature_that_is_not_the_provider_s_is_refused(sent):
    with pytest.raises(Forbidden, match="Lab SSO"):
        checked_claims(sent, KEYS, SETTINGS, "n")


@pytest.mark.parametrize(
    ("seconds", "told"), [(-7200, r"no longer valid.*7[12]\d\d seconds ago"), (7200, r"not yet valid.*from now")]
)
def test_a_clock_that_is_wrong_is_named_with_the_difference(seconds, told):
    now = int(time.time()) + seconds
    with pytest.raises(Forbidden, match=told):
        checked_claims(token(iat=now, exp=now + 300), KEYS, SETTINGS, "n")


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": [{"kty": "XX"}]}, {"keys": "none"}])
def test_keys_that_are_none_are_refused(keys):
    with pytest.raises(Forbidden, match="cannot be believed"):
        checked_claims(token(), keys, SETTINGS, "n")


def test_state_nonce_and_verifier_of_an_attempt_tell_nothing_of_each_other():
    flow, other = SignInFlow("a"), SignInFlow("b")
    assert len({flow.state, flow.nonce, flow.verifier, other.state, other.nonce, other.verifier}) == 6
    assert SignInFlow("a") == flow and 43 <= len(flow.verifier) <= 128


def test_the_highest_role_of_the_claims_counts():
    settings = OpenId(issuer="https://x.example", client="g", admins="groups=root,ops", viewers="department=lab")

    def role(email: str = "", **claims):
        return role_of(ProviderIdentity(issuer="", subject="", email=email, claims=claims), settings)

    assert role(groups=["ops"], department="lab") is Role.ADMIN
    assert role(department="lab") is Role.VIEWER
    assert role(groups="root,ops") is None and role(groups=None) is None


def test_an_address_gives_a_role_only_when_it_is_verified():
    settings = OpenId(issuer="https://x.example", client="g", admins="email=ada@lab.example")
    claims = {"email": "ada@lab.example"}
    assert (
        role_of(ProviderIdentity(issuer="", subject="", email="ada@lab.example", claims=claims), settings) is Role.ADMIN
    )
    assert role_of(ProviderIdentity(issuer="", subject="", claims=claims), settings) is None


def test_a_secret_comes_from_a_file_that_others_cannot_read(tmp_path):
    def read(path) -> str:
        return read_secret(OpenId(issuer="https://x.example", client="g", secret_file=path))

    path = tmp_path / "secret"
    path.write_text(" s3cret \n")
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        read(path)
    path.chmod(0o600)
    assert read(path) == "s3cret" and read(None) == ""
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(tmp_path / "none")
    path.write_text("\n")
    with pytest.raises(InvalidInput, match="is empty"):
        read(path)
