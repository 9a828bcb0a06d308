"""A terminal for the runbook: bash runs its commands, and whoever holds the other end plays their programs."""

from __future__ import annotations

import contextlib
import json
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Programs of the runbook that are not of the machine they run on; what is no such program is not found.
PLAYED = (
    "aws",
    "terraform",
    "psql",
    "docker",
    "curl",
    "dig",
    "sudo",
    "date",
    "sleep",
    "session-manager-plugin",
)
REAL = (
    "cat",
    "cp",
    "find",
    "git",
    "head",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "grep",
    "mktemp",
    "dirname",
    "tee",
    "tr",
)
READ_INPUT = ("psql", "docker")
_PROGRAM = f"""#!{sys.executable} -ISB
import json, os, socket, sys
name = os.path.basename(sys.argv[0])
asked = {{"argv": [name, *sys.argv[1:]], "cwd": os.getcwd(), "env": dict(os.environ)}}
asked["stdin"] = sys.stdin.read() if name in {READ_INPUT} else ""
other = socket.socket(socket.AF_UNIX)
other.connect(os.environ["OTHER_END"])
other.sendall(json.dumps(asked).encode() + b"\\n")
code, out, err = json.loads(other.makefile().readline())
sys.stderr.write(err)
try:
    sys.stdout.write(out)
    sys.stdout.flush()
except BrokenPipeError:
    os._exit(0)
sys.exit(code)
"""
# A block's text is asked for when the one before is over: what somebody reads there, and types here, is known then.
_SCRIPT = """set {options} -o pipefail
for number in $(seq 1 {count}); do
  block="$(next-block)"
  eval "$block"
done
"""
Program = Callable[[list[str], Path, dict[str, str], str], tuple[int, str, str]]


@dataclass(frozen=True)
class Ended:
    """How a section went: bash's exit code, and all that it wrote."""

    code: int
    output: str


class Terminal:
    """A folder with the bundle in it, and programs on the PATH that ask the other end."""

    def __init__(self, folder: Path, play: Program) -> None:
        self.folder, self.play = folder, play
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in (*PLAYED, "next-block"):
            (self.programs / name).write_text(_PROGRAM)
            (self.programs / name).chmod(0o755)
        for name in (*REAL, "seq"):
            (self.programs / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin")))
        self.bundle = folder / "bundle"
        self._write_bundle()
        self._blocks: Iterator[str] = iter(())
        self.broken: Exception | None = None

    def _write_bundle(self) -> None:
        """As much of a bundle as the commands touch, and what stands beside it."""
        root = Path(__file__).parents[2]
        for bundle in (self.bundle, self.folder / "new-bundle"):
            (bundle / "terraform").mkdir(parents=True)
            for name in ("main.tf", "cache.tf", "database.tf"):
                (bundle / "terraform" / name).write_text(f"# {bundle.name}\n")
            shutil.copy(root / "handoff" / "verify.sh", bundle / "verify")
        (self.folder / "dist").mkdir()
        for name in ("index.html", "app.0123abcd.js"):
            (self.folder / "dist" / name).write_text(name)
        (self.bundle / "terraform" / "of-yesterday.tf").write_text("# of yesterday\n")
        sums = subprocess.run(
            "find . -type f ! -name SHA256SUMS -printf '%P\\n' | LC_ALL=C sort | xargs sha256sum",
            shell=True,
            cwd=self.bundle,
            capture_output=True,
            text=True,
            check=True,
        )
        (self.bundle / "SHA256SUMS").write_text(sums.stdout)

    def keep_history(self) -> None:
        """The bundle under version control, with a tag of earlier."""
        if not (self.bundle / ".git").exists():
            for words in (
                ["init"],
                ["add", "terraform/main.tf"],
                ["commit", "--message=first"],
                ["tag", "EARLIER"],
            ):
                who = ["-c", "user.name=o", "-c", "user.email=o@example.com", "-c", "commit.gpgsign=false"]
                subprocess.run(["git", *who, *words], cwd=self.bundle, check=True, capture_output=True)

    def run(self, blocks: Iterator[str], count: int, *, through: bool = False) -> Ended:
        """Run blocks of commands one after another, up to the first that fails or through all of them."""
        self._blocks = blocks
        with self._other_end() as address:
            done = subprocess.run(
                [
                    str(shutil.which("bash")),
                    "--noprofile",
                    "--norc",
                    "-c",
                    _SCRIPT.format(count=count, options="+e" if through else "-e"),
                ],
                cwd=self.bundle,
                env={
                    "PATH": str(self.programs),
                    "HOME": str(self.folder),
                    "OTHER_END": address,
                    "LC_ALL": "C.UTF-8",
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if self.broken:
            raise self.broken
        return Ended(done.returncode, done.stdout)

    @contextlib.contextmanager
    def _other_end(self) -> Iterator[str]:
        terminal = self

        class Asked(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = json.loads(self.rfile.readline())
                try:
                    if asked["argv"][0] == "next-block":
                        answer = (0, next(terminal._blocks), "")
                    else:
                        answer = terminal.play(
                            asked["argv"], Path(asked["cwd"]), asked["env"], asked["stdin"]
                        )
                except Exception as error:
                    terminal.broken = error
                    answer = (70, "", repr(error))
                self.wfile.write(json.dumps(answer).encode() + b"\n")

        # A socket's path is short; where temporary files have a long one, this one is elsewhere.
        with tempfile.TemporaryDirectory(prefix="rb-", dir="/tmp") as short:
            address = str(Path(short) / "s")
            with socketserver.ThreadingUnixStreamServer(address, Asked) as server:
                server.daemon_threads = True
                thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
                thread.start()
                try:
                    yield address
                finally:
                    server.shutdown()
                    thread.join()
