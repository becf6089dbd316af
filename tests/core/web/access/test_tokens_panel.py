"""What the page says of a token; creating and revoking are in ``tests/pages/test_access.py``."""

import re
from dataclasses import replace

from core.registry.tokens import AccessToken, Scope
from core.web.access.tokens_panel import SCOPES, times_of

TOKEN = AccessToken(name="a", digest="0", scope=Scope.READ, created_at=0.0, expires_at=4e9)


def test_a_token_says_when_it_ends_or_ended_and_when_it_was_used():
    assert ">2 Oct 2096<" in times_of(TOKEN) and times_of(TOKEN).startswith("expires <time ")
    assert times_of(TOKEN).endswith("; never used") and 'title="2 Oct 2096, 07:06 UTC"' in times_of(TOKEN)
    assert re.match(r"expired <time .*>2 Jan 1970<", times_of(replace(TOKEN, expires_at=86_400.0)))
    revoked = replace(TOKEN, revoked_at=86_400.0, used_at=0.0)
    assert re.match(r"revoked <time .*>2 Jan 1970<.*; last used <time .*>1 Jan 1970<", times_of(revoked))


def test_every_scope_is_explained():
    assert set(SCOPES) == set(Scope)
