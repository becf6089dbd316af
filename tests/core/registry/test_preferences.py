"""Preferences."""


def test_preferences_are_any_json_and_can_be_changed(registry):
    assert registry.preference("rate_per_hour") is None
    assert registry.preference("rate_per_hour", 2.5) == 2.5
    for value in (0.75, None, {"a": [1, "é"]}, False, "EUR"):
        registry.set_preference("rate_per_hour", value)
        assert registry.preference("rate_per_hour", "default") == value
    assert registry.preference("currency", "EUR") == "EUR"
