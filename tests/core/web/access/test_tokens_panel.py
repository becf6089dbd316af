"""What the page says of a token; creating and revoking are in ``tests/pages/test_access.py``."""

from dataclasses import replace
from datetime import UTC

from core.registry.tokens import AccessToken, Scope
from core.web.access.tokens_panel import SCOPES, times_of

TOKEN = AccessToken(name="a", digest="0", scope=Scope.READ, created_at=0.0, expires_at=4e9)


def test_a_token_says_when_it_ends_or_ended_and_when_it_was_used():
    assert times_of(TOKEN, UTC) == "expires 2 Oct 2096, 07:06 UTC; never used"
    assert times_of(replace(TOKEN, expires_at=86_400.0), UTC).startswith("expired 2 Jan 1970")
    revoked = replace(TOKEN, revoked_at=86_400.0, used_at=0.0)
    assert times_of(revoked, UTC) == "revoked 2 Jan 1970, 00:00 UTC; last used 1 Jan 1970, 00:00 UTC"


def test_every_scope_is_explained():
    assert set(SCOPES) == set(Scope)
