"""Where credentials are looked for, and that nothing of AWS is called for it."""

from __future__ import annotations

import http.server
import threading

import pytest

from cloudmart_support.problem import Problem
from pipeline import credentials


def nobody(_environ):
    return ""


@pytest.fixture
def environ(tmp_path):
    (tmp_path / ".aws").mkdir()
    return {"HOME": str(tmp_path)}


def profiles(environ, text, name="config"):
    from pathlib import Path

    (Path(environ["HOME"]) / ".aws" / name).write_text(text)


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        ({}, ""),
        ({"AWS_ACCESS_KEY_ID": "x"}, ""),
        (
            {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"},
            "the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "arn:r"}, "the web identity of arn:r"),
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"}, "the container's role"),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1"}, "the container's role"),
    ],
)
def test_variables(environ, variables, source):
    assert credentials.find(environ | variables, nobody) == source


@pytest.mark.parametrize(
    ("file", "text", "chosen", "source"),
    [
        ("credentials", "[default]\naws_access_key_id = x\n", "", "the profile default"),
        ("config", "[default]\nsso_session = corp\n", "", "the profile default"),
        ("config", "[profile work]\nrole_arn = arn:r\n", "work", "the profile work"),
        ("config", "[profile work]\ncredential_process = tool\n", "", ""),
        ("config", "[default]\nregion = ap-northeast-2\n", "", ""),
        (
            "config",
            "[default]\ns3 =\n  max_queue_size = 1\nlogin_session = arn:x\n",
            "",
            "the profile default",
        ),
    ],
)
def test_profiles(environ, file, text, chosen, source):
    profiles(environ, text, file)
    assert credentials.find(environ | ({"AWS_PROFILE": chosen} if chosen else {}), nobody) == source


def test_a_profile_that_is_not_there_is_named_with_those_that_are(environ):
    profiles(environ, "[profile work]\nregion = x\n[default]\n")
    with pytest.raises(
        Problem, match=r"AWS_PROFILE=home: there is no such profile .*there are: default, work"
    ):
        credentials.find(environ | {"AWS_PROFILE": "home"}, nobody)


@pytest.mark.parametrize("text", ["key = value\n", "\0", "[broken\n"])
def test_a_broken_file_of_profiles_is_a_problem(environ, text):
    profiles(environ, text)
    with pytest.raises(Problem, match="is not a file of AWS profiles"):
        credentials.find(environ, nobody)


class Metadata(http.server.BaseHTTPRequestHandler):
    """An instance's metadata service."""

    roles = b"cloudmart-build\n"

    def do_PUT(self):
        self.answer(200, b"token")

    def do_GET(self):
        signed = self.headers.get("X-aws-ec2-metadata-token") == "token"
        self.answer(200 if signed and self.roles else 404, self.roles)

    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def metadata():
    server = http.server.HTTPServer(("127.0.0.1", 0), Metadata)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_instances_role_is_found(environ, metadata):
    variables = environ | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata}
    assert credentials.find(variables) == "the instance's role cloudmart-build"
    assert credentials.find(variables | {"AWS_EC2_METADATA_DISABLED": "true"}) == ""


def test_an_instance_without_a_role_has_none(environ, metadata, monkeypatch):
    monkeypatch.setattr(Metadata, "roles", b"")
    assert credentials.find(environ | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata}) == ""


def test_nobody_at_the_metadata_address_is_no_error(environ):
    assert credentials.find(environ | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"}) == ""
