"""Runs `python -m pipeline` with another hand at work, which strikes at the moment NUMBER.

A moment is whenever the command opens or lists something of the project's output, and whenever it starts a program.
What the hand does is HOW: it changes the files of the saved plan in one way or another, or sends a signal.
`racing.py NUMBER LOG HOW -- COMMAND`; LOG gets the moments until Terraform applies, one a line.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

number, log, how, _, *words = sys.argv[1:]
OTHER = Path("other")
TREE = str(Path("cdktf.out").absolute())
# What the mock keeps there of its own, and nobody believes.
BESIDE = ("lock", "ready.json", "answers", "data", ".mock-provider", "tree", "issued")

seen = 0
inside = False


def strike() -> None:
    """Do what the hand does."""
    if how.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, how))
    else:
        swap()


def swap() -> None:
    """Put the other plan in the place of the saved one, wherever one lies."""
    for saved in Path("cdktf.out/local").glob("*/plan"):
        if how == "folder":
            shutil.move(saved, saved.with_name("former"))
            saved.symlink_to(OTHER.absolute())
            continue
        for file in OTHER.iterdir():
            place = saved / file.name
            if how == "content" and place.exists():
                place.write_bytes(file.read_bytes())
                continue
            place.unlink(missing_ok=True)
            if how == "symbolic link":
                place.symlink_to(file.absolute())
            elif how == "hard link":
                os.link(file, place)
            elif how == "pipe":
                os.mkfifo(place)
            else:
                shutil.copyfile(file, place)
    # And wherever else a plan is at hand by its name.
    for place in Path("cdktf.out").rglob("*.tfplan"):
        if place.is_file() and not place.is_symlink() and "last-apply" not in place.parts:
            place.write_bytes((OTHER / "plan.tfplan").read_bytes())


def moment(event: str, arguments: tuple[object, ...]) -> str:
    """The moment's name; empty where it is none."""
    if event == "subprocess.Popen":
        return " ".join(map(str, arguments[1] if isinstance(arguments[1], list) else [arguments[0]]))
    path = arguments[0] if arguments else None
    if event not in ("open", "os.listdir", "os.scandir") or not isinstance(path, str):
        return ""
    # A name without a folder is one of a folder that was opened before.
    inside = path.startswith(TREE) and not set(BESIDE) & set(Path(path).parts)
    return (
        f"{event} {path}" if inside or (event == "open" and os.sep not in path and Path(path).suffix) else ""
    )


def hook(event: str, arguments: tuple[object, ...]) -> None:
    global seen, inside
    if inside or seen < 0:
        return
    inside = True
    try:
        if not (name := moment(event, arguments)):
            return
        seen += 1
        with Path(log).open("a") as file:
            file.write(name.replace("\n", " ") + "\n")
        if seen == int(number):
            strike()
        if " apply " in name:
            seen = -1
    finally:
        inside = False


sys.argv = ["pipeline", *words]
sys.path.insert(0, str(Path.cwd()))
from pipeline.__main__ import main  # noqa: E402

sys.addaudithook(hook)
sys.exit(main(words))
