"""``docs/licences.md`` is what the installed packages say."""

import re

from tests.supply.licences import PAGE, UNKNOWN, page
from tests.supply.locks import locked


def test_the_list_is_true():
    assert PAGE.read_text() == page(), "make licences"


def test_every_package_of_the_lock_states_a_licence_that_lets_graft_use_it():
    rows = dict(re.findall(r"^\| ([\w.-]+) \| (.+) \|$", page(), re.M))
    assert set(locked("requirements")) <= set(rows)
    assert [name for name, licence in rows.items() if licence in (UNKNOWN, "UNKNOWN")] == []
    strong = re.compile(r"\bA?GPL|General Public License(?!.*LGPL)|SSPL|Commons Clause|non-commercial", re.I)
    assert [name for name, licence in rows.items() if strong.search(licence) and "LGPL" not in licence] == []
