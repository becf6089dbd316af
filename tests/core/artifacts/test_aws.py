"""The usual AWS variables and files."""

import pytest

from core.artifacts.aws import options_of_s3
from core.errors import Unavailable


@pytest.fixture
def environ(tmp_path):
    (tmp_path / ".aws").mkdir()
    return {"HOME": str(tmp_path)}


def test_variables(environ):
    environ |= {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_DEFAULT_REGION": "eu-west-1"}
    environ |= {"AWS_ENDPOINT_URL": "http://minio:9000"}
    options = options_of_s3(environ)
    assert options["config"] == {
        "access_key_id": "id",
        "secret_access_key": "key",
        "region": "eu-west-1",
        "endpoint": "http://minio:9000",
    }
    assert options["client_options"]["allow_http"]


def test_http_only_where_it_was_asked_for(environ):
    assert options_of_s3(environ)["client_options"]["allow_http"] is False


def test_files_of_a_profile(environ, tmp_path):
    (tmp_path / ".aws" / "credentials").write_text("[lab]\naws_access_key_id = id\naws_secret_access_key = a%b\n")
    (tmp_path / ".aws" / "config").write_text("[profile lab]\nregion = eu-west-2\nendpoint_url = https://s3.lab\n")
    assert options_of_s3(environ | {"AWS_PROFILE": "lab"})["config"] == {
        "access_key_id": "id",
        "secret_access_key": "a%b",
        "region": "eu-west-2",
        "endpoint": "https://s3.lab",
    }


def test_a_key_is_never_mixed_from_two_places(environ, tmp_path):
    (tmp_path / "keys").write_text("[default]\naws_access_key_id=a\naws_secret_access_key=b\naws_session_token=c\n")
    environ |= {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "keys")}
    assert options_of_s3(environ)["config"]["session_token"] == "c"
    environ |= {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key"}
    assert options_of_s3(environ)["config"] == {
        "access_key_id": "id",
        "secret_access_key": "key",
        "region": "us-east-1",
    }


def test_a_file_that_is_none(environ, tmp_path):
    (tmp_path / ".aws" / "credentials").write_text("aws_access_key_id=a\n")
    with pytest.raises(Unavailable, match="cannot be read as AWS writes it"):
        options_of_s3(environ)
