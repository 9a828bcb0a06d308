"""The cache may be shared, lost, cut, full or not there: it works all the same, or says so in words."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cloudmart_support import cache
from cloudmart_support.problem import Problem


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CLOUDMART_CACHE", str(folder))
    return folder


def _filled(text: str = "whole") -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        (folder / "below").mkdir()
        (folder / "file").write_text(text)
        (folder / "below" / "file").write_text(text)

    return fill


def _refuse(folder: Path) -> None:
    raise AssertionError("it is filled already")


def test_a_folder_is_filled_once() -> None:
    first = cache.folder("a/x-1", _filled())
    assert cache.folder("a/x-1", _refuse) == first


@pytest.mark.parametrize("damage", ["cut", "gone", "record", "all"])
def test_what_was_cut_is_filled_again(damage: str) -> None:
    folder = cache.folder("a/x-1", _filled())
    if damage == "cut":
        (folder / "below" / "file").write_text("wh")
    elif damage == "gone":
        (folder / "file").unlink()
    elif damage == "record":
        record = folder.with_name("x-1.sizes")
        record.write_text(record.read_text()[:-4])
    else:
        (folder / "file").unlink()
        (folder / "below" / "file").unlink()
        (folder / "below").rmdir()
        folder.rmdir()
    assert cache.folder("a/x-1", _filled("new")) == folder
    assert (folder / "below" / "file").read_text() == "new"
    assert sorted(one.name for one in folder.parent.iterdir()) == ["x-1", "x-1.lock", "x-1.sizes", "x-1.use"]


def test_a_fill_that_fails_leaves_nothing() -> None:
    def fail(folder: Path) -> None:
        (folder / "file").write_text("half")
        raise ValueError

    with pytest.raises(ValueError):
        cache.folder("x", fail)
    assert cache.folder("x", _filled()).is_dir()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_no_more(number: int, own: Path) -> None:
    def fill(folder: Path) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(Problem, match="CLOUDMART_CACHE"):
        cache.folder("x", fill)
    assert sorted(one.name for one in own.iterdir()) == ["x.lock", "x.use"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, the full disk, is not there")
def test_a_full_disk() -> None:
    def fill(folder: Path) -> None:
        (folder / "file").symlink_to("/dev/full")
        (folder / "file").write_text("x" * 100_000)

    with pytest.raises(Problem, match="No space left"):
        cache.folder("x", fill)


def test_a_place_that_cannot_be_a_folder(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.write_text("")
    with pytest.raises(Problem, match="CLOUDMART_CACHE"):
        cache.root()
    monkeypatch.setenv("CLOUDMART_CACHE", "/proc/nowhere")
    with pytest.raises(Problem, match="CLOUDMART_CACHE"):
        cache.root()


def test_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("CLOUDMART_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "expanduser", nobody)
    with pytest.raises(Problem, match="no home folder"):
        cache.root()


@pytest.mark.parametrize("home", ["", "here", "./here"])
def test_a_home_that_is_none(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLOUDMART_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", home)
    with pytest.raises(Problem, match="no home folder"):
        cache.root()
    assert list(tmp_path.iterdir()) == []


# --- shared ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o707])
def test_where_others_write_a_user_has_a_folder_alone(mode: int, own: Path) -> None:
    own.mkdir()
    own.chmod(mode)
    found = cache.root()
    assert found == own / f"user-{os.geteuid()}"
    assert found.stat().st_mode & 0o777 == 0o700
    assert cache.root() == found


def test_the_folder_of_somebody_else_is_not_believed(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own.mkdir()
    own.chmod(0o777)
    me = os.geteuid()
    (own / f"user-{me}").symlink_to("/")
    with pytest.raises(Problem, match="somebody else's"):
        cache.root()
    (own / f"user-{me}").unlink()
    (own / f"user-{me}").mkdir(mode=0o777)
    (own / f"user-{me}").chmod(0o777)
    with pytest.raises(Problem, match="somebody else's"):
        cache.root()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    (own / f"user-{me + 1}").mkdir(mode=0o700)
    with pytest.raises(Problem, match="somebody else's"):
        cache.root()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user too")
@pytest.mark.parametrize(("mode", "works"), [(0o1777, True), (0o755, False)])
def test_two_users_on_one_cache(mode: int, works: bool, own: Path) -> None:
    for folder in (own.parent, *own.parents):
        if folder.stat().st_uid == 0 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    own.mkdir()
    own.chmod(mode)
    mine = cache.folder("x", _filled())
    child = os.fork()
    if not child:
        code = 3
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            theirs = cache.folder("x", _filled("theirs"))
            code = 0 if theirs != mine and (theirs / "file").read_text() == "theirs" else 4
        except Problem:
            code = 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (0 if works else 1)
    assert (mine / "file").read_text() == "whole"


# --- pruned ---------------------------------------------------------------------------------------------


@pytest.fixture
def many() -> dict[str, Path]:
    """Folders that this process filled and no longer holds, with a file that says when each was used last."""
    found = {name: cache.folder(f"a/x-{name}", _filled()) for name in ("old", "older", "used")}
    for target in found.values():
        os.close(cache._held.pop(Path(f"{target}.use")))
    return found


def _used(target: Path, days: float) -> None:
    ago = time.time() - days * 24 * 3600
    os.utime(f"{target}.use", (ago, ago))


def test_what_nobody_used_goes(many: dict[str, Path]) -> None:
    folder = many["old"].parent
    states, draft = folder / "states", folder / "x-9.abcdefgh"
    for path in (states, draft):
        path.mkdir()
        os.utime(path, (0, 0))
    _used(many["old"], 31)
    _used(many["older"], 400)
    _used(many["used"], 29)
    cache.folder("a/x-new", _filled())
    assert [name for name, path in many.items() if path.exists()] == ["used"]
    assert not draft.exists()
    assert states.is_dir(), "it is no folder of this kind, and holds what cannot be made again"
    assert cache.folder("a/x-old", _filled()).is_dir()


def test_of_too_much_the_last_used_stay(many: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 25)  # Each folder has 10 bytes, the new one among them.
    _used(many["old"], 2)
    _used(many["older"], 3)
    _used(many["used"], 1)
    cache.folder("a/x-new", _filled())
    assert [name for name, path in many.items() if path.exists()] == ["used"]


def test_what_earlier_versions_left_goes_too(many: dict[str, Path]) -> None:
    for name, path in many.items():
        Path(f"{path}.use").unlink()
        if name != "used":
            os.utime(path, (0, 0))
            os.utime(f"{path}.sizes", (0, 0))
    cache.folder("a/x-new", _filled())
    assert [name for name, path in many.items() if path.exists()] == ["used"]


def test_what_another_process_uses_stays(many: dict[str, Path]) -> None:
    """However long ago it began to; once it has ended, the folder goes."""
    code = "import sys; from cloudmart_support import cache; cache.folder('a/x-old', None); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(cache.__file__).parents[1])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        _used(many["old"], 400)
        _used(many["older"], 400)
        cache.prune(many["old"].parent)
        assert [name for name, path in many.items() if path.exists()] == ["old", "used"]
        other.communicate("\n")
    cache.prune(many["old"].parent)
    assert [name for name, path in many.items() if path.exists()] == ["used"]


def test_what_was_compiled_long_ago_goes(own: Path) -> None:
    compiled = [own / cache.BYTECODE / "some" / "where" / f"{name}.cpython-311.pyc" for name in ("a", "b")]
    compiled[0].parent.mkdir(parents=True)
    for file in compiled:
        file.touch()
    os.utime(compiled[0], (0, 0))
    cache.folder("x", _filled())
    assert [file.exists() for file in compiled] == [False, True]
