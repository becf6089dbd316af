"""What the environment sets."""

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.people.acting import Role
from core.settings import REPOSITORY, FactorRule, Settings, load_settings


def test_without_variables_there_are_defaults():
    assert load_settings({}) == Settings(home=REPOSITORY / "models", port=8501, features_limit_bytes=10**10)
    assert load_settings({"GRAFT_HOME": "", "GRAFT_PORT": "", "GRAFT_FEATURES_GB": ""}) == Settings()


def test_the_environment_sets_home_port_and_limit(tmp_path):
    environ = {"GRAFT_HOME": f"{tmp_path}/a/../b", "GRAFT_PORT": "80", "GRAFT_FEATURES_GB": "2.5"} | {
        "GRAFT_MODELS_GB": "0.5"
    }
    expected = Settings(
        home=tmp_path / "b", port=80, features_limit_bytes=2_500_000_000, models_limit_bytes=500_000_000
    )
    assert load_settings(environ) == expected
    assert load_settings({"GRAFT_HOME": "~/graft"}).home == Path("~/graft").expanduser()


def test_limits_of_runs_are_off_but_for_the_minutes_without_a_step():
    found = load_settings({})
    assert (found.stall_minutes, found.run_hours, found.run_limit_bytes) == (60.0, 0.0, 0)
    found = load_settings({"GRAFT_STALL_MINUTES": "0", "GRAFT_RUN_HOURS": "12.5", "GRAFT_RUN_GB": "1.5"})
    assert (found.stall_minutes, found.run_hours, found.run_limit_bytes) == (0.0, 12.5, 1_500_000_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [("GRAFT_BACKUP_HOURS", "0"), ("GRAFT_BACKUP_HOURS", "inf"), ("GRAFT_BACKUP_HOURS", "daily"),
     ("GRAFT_BACKUP_KEEP", "0"), ("GRAFT_BACKUP_PARTS", "models,photos"),
     ("GRAFT_PORT", "0"), ("GRAFT_PORT", "65536"), ("GRAFT_PORT", "8501.7"), ("GRAFT_FEATURES_GB", "-1"),
     ("GRAFT_FEATURES_GB", "nan"), ("GRAFT_MODELS_GB", "-1"), ("GRAFT_MODELS_GB", "inf"),
     ("GRAFT_STALL_MINUTES", "-1"), ("GRAFT_RUN_HOURS", "nan"), ("GRAFT_RUN_GB", "-0.5"),
     ("GRAFT_FREE_GB", "-1"), ("GRAFT_USER_GB", "-1"), ("GRAFT_LOG_MB", "-1"), ("GRAFT_LOG_KEEP", "-1"),
     ("GRAFT_LOG_KEEP", "1.5"), ("GRAFT_ENGINES_GB", "-1"), ("GRAFT_CHECKPOINTS_GB", "-1"),
     ("GRAFT_SECOND_FACTOR", "yes"), ("GRAFT_LOGIN", "yes"),
     ("GRAFT_FEATURES_GB", "much"), ("GRAFT_HOME", "~nobody-of-this-name/graft")],
)  # fmt: skip
def test_a_wrong_value_is_refused(name, value):
    with pytest.raises(InvalidInput, match="Received"):
        load_settings({name: value})


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(
            port=80,
            features_limit_bytes=123_456_789_123,
            models_limit_bytes=1,
            engines_limit_bytes=0,
            checkpoints_limit_bytes=3 * 10**9,
            user_limit_bytes=50 * 10**9,
            log_limit_bytes=5 * 10**6,
            log_keep=0,
            log_days=7.0,
            stall_minutes=0.5,
            run_hours=12.0,
            run_limit_bytes=24 * 10**9,
            low_space_bytes=0,
            registry="postgresql://graft@db/graft",
            artifacts="s3://bucket/graft",
            launcher="ray:http://head:8265",
            cache=Path("/var/cache"),
            backup=Path("/mnt/backups"),
            backup_hours=0.5,
            backup_keep=30,
            backup_parts=(),
            url="https://graft.example/photos",
            second_factor=FactorRule.ADMINS,
        ),
    ],
)
def test_another_process_gets_the_same_settings(settings):
    assert load_settings(settings.variables()) == settings


def test_what_a_scheduled_backup_has(tmp_path):
    found = load_settings({"GRAFT_BACKUP": f"{tmp_path}/a/../b", "GRAFT_BACKUP_PARTS": " Models, "})
    assert (found.backup, found.backup_parts, found.backup_hours) == (tmp_path / "b", ("models",), 24.0)
    assert load_settings({"GRAFT_BACKUP_PARTS": "registry"}).backup_parts == ()
    assert load_settings({}).backup is None and load_settings({}).backup_parts == ("models", "datasets")


@pytest.mark.parametrize("launcher", ["slurm:", "slurm2", "kubernetes", "ray:head:8265", "ray:https:head"])
def test_a_launcher_that_there_is_none_of(launcher):
    with pytest.raises(InvalidInput, match=r"GRAFT_LAUNCHER must be local, ray:http://head:8265, or slurm\. Received"):
        load_settings({"GRAFT_LAUNCHER": launcher})


def test_a_launcher_that_needs_no_address():
    assert load_settings({"GRAFT_LAUNCHER": "slurm"}).launcher == "slurm"


def test_who_must_have_a_second_factor():
    assert load_settings({}).second_factor.roles == ()
    assert load_settings({"GRAFT_SECOND_FACTOR": " Admins "}).second_factor.roles == ("admin",)
    assert set(load_settings({"GRAFT_SECOND_FACTOR": "everybody"}).second_factor.roles) == {*Role}


def test_the_address_of_graft_loses_the_slash_at_its_end():
    assert load_settings({"GRAFT_URL": " https://graft.example/photos/ "}).url == "https://graft.example/photos"


@pytest.mark.parametrize(
    "url",
    ["graft.example", "ftp://graft.example", "https://", "https://a:b@graft.example", "https://graft?x", "http://g:x"],
)
def test_an_address_that_is_none_is_refused_without_its_password(url):
    with pytest.raises(InvalidInput, match="GRAFT_URL must be an address") as refused:
        load_settings({"GRAFT_URL": url})
    assert "a:b" not in str(refused.value)


ISSUER = {"GRAFT_OIDC_ISSUER": "https://sso.example/realms/lab", "GRAFT_URL": "https://graft.example"}


def test_an_openid_provider_is_set_with_its_rules_and_reaches_another_process(tmp_path):
    environ = ISSUER | {
        "GRAFT_OIDC_CLIENT_ID": "graft",
        "GRAFT_OIDC_SECRET_FILE": str(tmp_path / "secret"),
        "GRAFT_OIDC_ROLE": "Viewer",
        "GRAFT_OIDC_ADMINS": "groups=ops, root",
    }
    settings = load_settings(environ)
    assert settings.openid.title == "sso.example" and settings.openid.newcomers == "viewer"
    assert settings.openid.rules == [("admin", "groups", frozenset({"ops", "root"}))]
    assert load_settings(settings.variables()) == settings
    assert load_settings(ISSUER | {"GRAFT_OIDC_CLIENT_ID": "graft"}).openid.newcomers == ""


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"GRAFT_OIDC_ISSUER": "http://sso.example"}, "begins with https"),
        ({"GRAFT_OIDC_ISSUER": "sso.example"}, "begins with https"),
        ({"GRAFT_URL": ""}, "needs GRAFT_URL"),
        ({"GRAFT_OIDC_CLIENT_ID": ""}, "GRAFT_OIDC_CLIENT_ID is not set"),
        ({"GRAFT_OIDC_ROLE": "admin"}, "none, viewer, trainer"),
        ({"GRAFT_OIDC_ADMINS": "groups"}, "GRAFT_OIDC_ADMINS must be claim=value"),
        ({"GRAFT_OIDC_VIEWERS": "groups= , "}, "GRAFT_OIDC_VIEWERS must be claim=value"),
    ],
)
def test_a_provider_that_is_set_wrongly_is_refused(changed, told):
    with pytest.raises(InvalidInput, match=told):
        load_settings(ISSUER | {"GRAFT_OIDC_CLIENT_ID": "graft"} | changed)
