"""The files that decide over findings: configuration, parameters, waivers, baseline; as they stand, or at a commit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cloudmart_support import git
from cloudmart_support.problem import Problem
from policies.readers import files

_REGULAR: Final = (b"100644", b"100755")


class Deciding:
    """Reads them. With a commit, whoever proposes a change cannot decide over its findings in the same change.

    `top` is the repository's folder. `missing` are the files that the commit does not have, as they were named:
    nothing of them counts.

    Args:
        base: a commit of the repository that the working folder is in, or "".

    Raises:
        Problem: git does not know the commit.
    """

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.missing: list[str] = []
        self._commit = ""
        self.top = Path()
        if base:
            unknown = f"the base {base!r} is not there (actions/checkout fetches it with fetch-depth: 0)"
            words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"]
            self._commit = git.ask(words, Path.cwd(), unknown).decode().strip()
            top = git.ask(["rev-parse", "--show-toplevel"], Path.cwd(), unknown)
            self.top = Path(os.fsdecode(top.removesuffix(b"\n")))

    def text(self, path: Path) -> str | None:
        """The text of a file, or None where the commit does not have it.

        Raises:
            Problem: it cannot be read.
        """
        if not self._commit:
            return files.read_text(path)
        text = self.glance(path)
        if text is None:
            self.missing.append(str(path))
        return text

    def of_repository(self, path: Path) -> str | None:
        """The text of a file at the commit, or None where it is not in the repository, or was not there then.

        Raises:
            Problem: it cannot be read.
        """
        inside = path.parent.resolve().is_relative_to(self.top.resolve())
        return self.glance(path) if inside else None

    def glance(self, path: Path) -> str | None:
        """The text of a file, or None where there is none.

        Raises:
            Problem: it cannot be read.
        """
        if not self._commit:
            return files.read_text(path) if os.path.lexists(path) else None
        name = os.path.relpath(path.parent.resolve() / path.name, self.top)
        wanted = f"{path}: it cannot be read at {self.base}"
        if name.startswith(".."):
            raise Problem(f"{wanted}: it is not in the repository")
        entry = git.ask(["ls-tree", "-z", "--full-tree", self._commit, "--", name], self.top, wanted)
        if not entry:
            return None
        mode, kind, blob = entry.split(b"\t")[0].split()
        if kind != b"blob" or mode not in _REGULAR:
            raise Problem(f"{wanted}: it is not a regular file there")
        data = git.ask(["cat-file", "blob", blob.decode()], self.top, wanted)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Problem(f"{path}: it is not UTF-8 text at {self.base} (byte {error.start})") from error
