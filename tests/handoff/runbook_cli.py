"""The AWS CLI in a process of its own, with somebody else's answers where it would send a request.

Where `AWS_ENDPOINT_URL` leads somewhere it sends its requests there.

Its parser, the shapes of its arguments, its waiters, `--query` and its output are the real ones. It brings another
botocore under the same name, so nothing of it is imported where tests run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

Answer = tuple[int, dict[str, Any]]


def _serve(other: Connection) -> None:
    """Run each command that arrives; what it would ask of AWS is asked of the other end."""
    from awscli import clidriver
    from awscli.customizations import sessionmanager
    from botocore import waiter

    one_at_a_time = threading.Lock()  # `aws s3` works in threads

    def asked(*words: Any) -> Any:
        with one_at_a_time:
            other.send(words)
            return other.recv()

    def noted(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["said"] = {key: value for key, value in params.items() if value is not None}

    def called(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        said = {k: v.read() if hasattr(v, "read") else v for k, v in context["said"].items()}
        code, answer = asked("call", str(model.service_model.service_name), model.name, said)
        answer["ResponseMetadata"] = {"HTTPStatusCode": code, "HTTPHeaders": {}}
        return SimpleNamespace(status_code=code, headers={}), answer

    waiter.time = SimpleNamespace(sleep=lambda seconds: asked("sleep", seconds))
    sessionmanager.check_output = lambda words, **_: "1.2.764.0"
    sessionmanager.check_call = lambda words, **_: asked(
        "session", next(json.loads(one)["Target"] for one in words if one and '"Target"' in one)
    )
    own = {key: value for key, value in os.environ.items() if key.startswith("AWS_DATA")}
    with contextlib.suppress(EOFError):
        while True:
            argv, cwd, env = other.recv()
            os.chdir(cwd)
            for key in [key for key in os.environ if key.startswith("AWS_")]:
                del os.environ[key]
            os.environ.update(own | env)
            # One for each command: it keeps the region of the one before, for one.
            driver = clidriver.create_clidriver()
            if "AWS_ENDPOINT_URL" not in env:
                driver.session.register("before-parameter-build", noted)
                driver.session.register("before-call", called)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    code = int(driver.main(argv))
                except SystemExit as error:
                    code = int(error.code or 0)
            other.send(("done", code, out.getvalue(), err.getvalue()))


class Cli:
    """The process, started with the first command and ended with this object."""

    def __init__(
        self,
        call: Callable[[str, str, dict[str, Any]], Answer],
        sleep: Callable[[float], None],
        session: Callable[[str], None],
    ) -> None:
        self.answers: dict[str, Callable[..., Any]] = {"call": call, "sleep": sleep, "session": session}
        ours, other = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            # A request to anywhere but this machine ends at a port that nobody listens at.
            env=os.environ | {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"},
        )
        other.close()
        self.end = Connection(ours.detach())

    def run(self, argv: list[str], cwd: str, env: dict[str, str]) -> tuple[int, str, str]:
        """A command's exit code, standard output and standard error."""
        self.end.send((argv, cwd, env))
        while True:
            what, *words = self.end.recv()
            if what == "done":
                code, out, err = words
                return code, out, err
            self.end.send(self.answers[what](*words))

    def close(self) -> None:
        self.end.close()
        self.process.wait(30)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
