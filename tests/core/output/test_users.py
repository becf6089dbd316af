"""Accounts and sessions as JSON: nothing secret is in it."""

import json

from core.output.users import audit_json, link_json, users_json


def test_no_hash_and_no_whole_digest_leaves(registry):
    user = registry.add_user("anna", "viewer")
    registry.store_password("anna", "$argon2id$...")
    session, secret = registry.open_session("anna", address="::1", agent="x", how="password")
    text = json.dumps(users_json(registry.users(), registry.sessions(), {}, 0))
    assert "argon2id" not in text and session.digest not in text and secret not in text and session.id in text
    assert '"stored": {"bytes": 0, ' in text and '"quota_bytes": null' in text
    assert link_json(user, "https://x")["link"] == "https://x"
    assert [one["action"] for one in audit_json(registry.log_entries())["entries"]] == ["sign_in", "add_user"]
