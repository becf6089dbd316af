"""The log of what was done."""


def test_the_log_lists_what_was_done_newest_first(registry):
    for number in range(5):
        registry.log("delete run", {"run": f"r-{number}", "bytes": number})
    entries = registry.log_entries(2)
    assert [(entry.action, entry.detail) for entry in entries] == [
        ("delete run", {"run": "r-4", "bytes": 4}),
        ("delete run", {"run": "r-3", "bytes": 3}),
    ]
    assert entries[0].at >= entries[1].at > 1_600_000_000
