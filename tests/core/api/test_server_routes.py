"""REST tells of the installation what the commands print."""


def test_machines_are_those_of_the_command_with_their_slots(reader, printed, home):
    told, also = reader.get("/machines").json(), printed("machines")
    assert told.keys() == also.keys() and told["launcher"] == also["launcher"]
    one, same = told["machines"][0], also["machines"][0]
    assert one.keys() == same.keys() and (one["name"], one["slots"]) == (same["name"], same["slots"])


def test_health_has_the_checks_of_doctor(reader, home):
    checks = {check["name"]: check for check in reader.get("/health").json()["checks"]}
    assert checks["Registry"]["good"] and {"Python", "Supervisor"} <= set(checks)
