"""The cache may be shared, lost, cut, full or not there: it works all the same, or says so in words."""

from __future__ import annotations

import errno
import os
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
    assert sorted(one.name for one in folder.parent.iterdir()) == ["x-1", "x-1.lock", "x-1.sizes"]


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
    assert [one.name for one in own.iterdir()] == ["x.lock"]


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


def test_what_nobody_used_goes() -> None:
    old, used = cache.folder("a/x-old", _filled()), cache.folder("a/x-used", _filled())
    states = old.parent / "states"
    states.mkdir()
    draft = old.parent / "x-9.abcdefgh"
    draft.mkdir()
    long_ago = time.time() - cache.KEPT - 1
    for path in (old, used, states, draft, *old.parent.glob("*.sizes")):
        os.utime(path, (long_ago, long_ago))
    cache.folder("a/x-used", _refuse)
    cache.folder("a/x-new", _filled())
    assert not old.exists()
    assert not draft.exists()
    assert used.is_dir()
    assert states.is_dir()
    assert cache.folder("a/x-old", _filled()).is_dir()
