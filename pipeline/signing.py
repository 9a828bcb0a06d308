"""Signatures of travelling plans, by OpenSSH's keys: who may replace the file cannot have it applied.

Source: https://man.openbsd.org/ssh-keygen.1#Y, and its section ALLOWED SIGNERS.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cloudmart_support.problem import Problem

NAMESPACE = "cloudmart-plan"
"""What a signature is for, so that one made for something else does not count."""
SUFFIX = ".sig"
_WAIT = 60.0
"""Seconds; a key with a passphrase is asked for on the terminal."""


def sign(file: Path, key: Path) -> Path:
    """Sign a file with an SSH key (or the public half of one that ssh-agent holds); the signature's file.

    Raises:
        Problem: there is no such key, or it does not sign.
    """
    signature = file.with_name(file.name + SUFFIX)
    signature.unlink(missing_ok=True)
    done = _keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(file)], b"")
    if done.returncode or not signature.is_file():
        raise Problem(
            f"SIGN={key}: signs nothing ({_said(done)}): name an SSH key, as `ssh-keygen -t ed25519` makes it"
        )
    return signature


def signer(file: Path, signature: Path, signers: Path, name: str) -> str:
    """Who signed a file, by the allowed signers' file; `name` is the file's for the words of a problem.

    Raises:
        Problem: it is not signed, not by one of them, or it was changed since.
    """
    named = f"{name}{SUFFIX}"
    if not signature.is_file():
        raise Problem(
            f"{named}: is not there, and this environment's plans are applied only when one of "
            f"environments/{signers.name} signed them: plan with SIGN=the key's file, and bring both files"
        )
    known = _keygen(["-Y", "find-principals", "-f", str(signers), "-s", str(signature), "-n", NAMESPACE], b"")
    lines = known.stdout.decode("utf-8", "replace").splitlines()
    if known.returncode or not lines:
        raise Problem(
            f"{named}: is by no key of environments/{signers.name} ({_said(known)}): the plan is not applied"
        )
    who = lines[0].split(",")[0]
    words = ["-Y", "verify", "-f", str(signers), "-I", who, "-n", NAMESPACE, "-s", str(signature)]
    proven = _keygen(words, file.read_bytes())
    if proven.returncode:
        raise Problem(f"{named}: is not a signature of {name} ({_said(proven)}): the plan is not applied")
    return who


def _keygen(words: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Problem("ssh-keygen is not on the path, and signatures are its: install OpenSSH's client")
    try:
        return subprocess.run([program, *words], input=given, capture_output=True, timeout=_WAIT, check=False)
    except subprocess.TimeoutExpired as error:
        raise Problem(f"ssh-keygen did not end within {_WAIT:.0f} seconds") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"
