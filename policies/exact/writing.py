"""A configuration written anew for Terraform, out of what the readers parsed.

Terraform gets no file of the judged folder: each module is one file in HCL, printed from the parsed tree, and the
files that its functions name are copies. What has no place in it is left out: backends, `cloud`, provisioners and
connections, lifecycle rules, conditions, checks, imports, moves, and the providers' credentials. What cannot be
known before the first apply stands as a value that Terraform does not know either: data sources that ask an account,
ephemeral resources, resources of other providers, of types that the schema lacks, modules that are not there,
variables without a value, the workspace, the clock, the working folder, and every file that is not within reach. So
whatever Terraform says that it knows follows from the configuration alone. A `count` or `for_each` over such a value
is what Terraform does not plan: who asks for it gets one instance in its place, of which nothing but that is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Protocol

from cloudmart_support.problem import Problem
from policies.engine.model import Place
from policies.exact import printing
from policies.exact.printing import Unwritable
from policies.readers.declared import (
    Block,
    Body,
    Config,
    each_dynamic,
    fields,
    is_dynamic,
    plain_text,
    provider_name,
)
from policies.readers.evaluation import is_sensitive
from policies.readers.syntax import (
    Binary,
    Call,
    Conditional,
    Each,
    For,
    GetAttr,
    Index,
    Literal,
    Name,
    Node,
    Object,
    Splat,
    SyntaxFault,
    Template,
    Tuple,
    Unary,
    parse_expression,
    parse_template,
)

MOST_MODULES: Final = 2_000
"""More calls of modules than this, counted through the whole tree, are refused."""

MOST_TEXT: Final = 64 << 20
"""The largest configuration that is written, in characters."""

MOST_LISTED: Final = 20_000
"""More names of files than this, in all that `fileset` lists, are not known to Terraform."""

# What AWS says the same to everybody, or what follows from the arguments alone.
_PURE_DATA: Final = frozenset({"aws_iam_policy_document"})
_REGIONAL_DATA: Final = frozenset(
    {
        "aws_availability_zone",
        "aws_availability_zones",
        "aws_elb_service_account",
        "aws_partition",
        "aws_region",
        "aws_service",
        "aws_service_principal",
    }
)
# Functions that are computed from their arguments alone. Whatever is not among them is not known here: a function
# that a later Terraform brings must not be the one that reads a file.
# Source: https://developer.hashicorp.com/terraform/language/functions
_PURE_FUNCTIONS: Final = frozenset(
    """
    abs alltrue anytrue base64decode base64encode base64gunzip base64gzip base64sha256 base64sha512 can ceil chomp
    chunklist cidrcontains cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains
    csvdecode distinct element endswith ephemeralasnull flatten floor format formatdate formatlist indent index
    issensitive join jsondecode jsonencode keys length list log lookup lower map matchkeys max md5 merge min
    nonsensitive one parseint pow range regex regexall replace reverse rsadecrypt sensitive setintersection setproduct
    setsubtract setunion sha1 sha256 sha512 signum slice sort split startswith strcontains strrev substr sum
    textdecodebase64 textencodebase64 timeadd timecmp title tobool tolist tomap tonumber toset tostring transpose trim
    trimprefix trimspace trimsuffix try type upper urldecode urlencode uuidv5 values yamldecode yamlencode zipmap
    timestamp uuid
    """.split()  # noqa: SIM905 — a paragraph is easier to review than a hundred quotes
)
_READING_FUNCTIONS: Final = frozenset(
    {
        "file",
        "filebase64",
        "filebase64sha256",
        "filebase64sha512",
        "filemd5",
        "filesha1",
        "filesha256",
        "filesha512",
    }
)
_AWS_FUNCTIONS: Final = frozenset({"arn_build", "arn_parse", "trim_iam_role_path", "user_agent"})
_AWS: Final = frozenset(
    {"hashicorp/aws", "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"}
)
# What of a provider's configuration shows in a plan of its resources.
_PROVIDER_ARGUMENTS: Final = frozenset({"region", "default_tags", "ignore_tags"})
# What is Terraform's own in a resource: written apart, or left out. Within its blocks the names are the provider's.
_META: Final = frozenset(
    {"count", "for_each", "provider", "lifecycle", "provisioner", "connection", "depends_on"}
)

Schema = Mapping[str, Any]
"""A block of the provider's schema: `attributes` and `block_types` by name."""


class Schemas(Protocol):
    """The schema of hashicorp/aws."""

    def types(self, kind: Any) -> list[str]: ...

    def block(self, kind: Any, terraform_type: str) -> Schema: ...


Repeated = tuple[tuple[str, ...], tuple[str, ...]]
"""A block with `count` or `for_each`: the names of the calls down to its module, and its own as in an address."""


@dataclass(slots=True)
class Written:
    """What Terraform is handed, by paths relative to the folder that it runs in.

    `texts` and `copies` are files to write and to copy, `folders` sets of names of empty files. `withheld` names the
    resources, as `module.a.type.name` without keys, that Terraform is not shown, and `lacking` the arguments and
    blocks of those that it is shown which the schema does not know. `counted` tells which block has the `count` or
    `for_each` in a line of a file; `loose` are blocks that one instance stands for, as their addresses begin.
    """

    texts: dict[str, str] = field(default_factory=dict)
    copies: dict[str, bytes] = field(default_factory=dict)
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, list[tuple[int, Place, str]]] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    lacking: dict[str, set[str]] = field(default_factory=dict)
    counted: dict[tuple[str, int], Repeated] = field(default_factory=dict)
    loose: dict[str, Place] = field(default_factory=dict)
    pending: str = "known_after_apply"

    def place(self, file: str, line: int) -> tuple[str, int] | None:
        """Where in the judged configuration a line of a written file comes from."""
        found = self.places.get(file)
        if not found:
            return None
        index = bisect_right([start for start, _, _ in found], line) - 1
        if index < 0:
            return None
        _, place, attribute = found[index]
        return place.file, place.line(attribute)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the writer asks of the readers.

    `follow(path, config, block)` gives what a module call leads to, or None where that is not there; `path` are the
    names of the calls down to `config`. `read(path)` gives the bytes of a file within reach, named as Terraform
    names it from the root module's folder, or None. `listing(path, pattern)` gives the names of the files below a
    folder of which a pattern chooses some, or None where it might choose what is not within reach.
    """

    follow: Callable[[tuple[str, ...], Config, Block], Config | None]
    read: Callable[[str], bytes | None]
    listing: Callable[[str, str], list[str] | None]


def write(
    root: Config,
    given: Mapping[str, Any],
    around: Surroundings,
    schemas: Schemas,
    *,
    regional: bool,
    workspace: str = "",
    loose: frozenset[Repeated] = frozenset(),
) -> Written:
    """The configuration of a root module and of all modules below it, written anew.

    Args:
        root: the root module.
        given: values of its variables; what must not be shown is marked so.
        around: how modules are followed and files read.
        schemas: the schema of hashicorp/aws.
        regional: whether the provider's region is known, so that what depends on the region alone is known as well.
        workspace: its name, where it is told.
        loose: blocks that stand for a number of instances that Terraform does not know, and are written as one.

    Raises:
        Problem: it cannot be written: something in it has no form in HCL, or there is too much of it.
    """
    written = Written()
    taken = {name for _, type, name in _all_resources(root, around, ()) if type == "terraform_data"}
    while written.pending in taken:
        written.pending += "_"
    work = _Work(written, around, schemas, regional, workspace, loose)
    work.module((), root, given)
    values = [
        f"{printing.identifier(name)} = {printing.expression(_literally(value))}\n"
        for name, value in given.items()
        if name in root.variables
    ]
    if values:
        written.texts["terraform.tfvars"] = "".join(values)
    return written


def _all_resources(
    config: Config, around: Surroundings, path: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    pending = [(path, config)]
    count = 0
    while pending:
        path, config = pending.pop()
        count += 1
        if count > MOST_MODULES:
            raise Problem(
                f"{config.folder}: there are more than {MOST_MODULES:,} calls of modules, counted through the whole "
                "tree: judge the modules one by one"
            )
        yield from config.resources
        for name, block in config.modules.items():
            child = around.follow(path, config, block)
            if child is not None:
                pending.append(((*path, name), child))


class _Work:
    """What is the same for all modules of one configuration."""

    def __init__(
        self,
        written: Written,
        around: Surroundings,
        schemas: Schemas,
        regional: bool,
        workspace: str,
        loose: frozenset[Repeated],
    ) -> None:
        self.loose = loose
        self.workspace = workspace
        self.written = written
        self.around = around
        self.schema = cache(schemas.block)
        self.known = {kind: frozenset(schemas.types(kind)) for kind in ("resource", "data")}
        self.answered = _PURE_DATA | (_REGIONAL_DATA if regional else frozenset())
        self.size = 0
        self.listed = 0
        self._files: dict[str, str | None] = {}
        self._templates: dict[str, str | None] = {}
        self._sets: dict[tuple[str, str], str | None] = {}

    def module(self, path: tuple[str, ...], config: Config, given: Mapping[str, Any] | None) -> None:
        """Write one module and those below it; `given` are the root's variables that have values."""
        _Module(self, path, config, given).write()

    def folder(self, path: tuple[str, ...]) -> str:
        """Where the module of these calls is written."""
        return "/".join(("modules", *path)) if path else "."

    def add(self, name: str, text: str) -> None:
        self._grow(len(text))
        self.written.texts[name] = text

    # files

    def _data(self, path: str) -> bytes | None:
        """The bytes of a file within reach; all of them together are bounded as the texts are."""
        data = self.around.read(path)
        self._grow(len(data or b""))
        return data

    def _grow(self, number: int) -> None:
        self.size += number
        if self.size > MOST_TEXT:
            raise Problem(
                f"the configuration comes to more than {MOST_TEXT:,} characters, the files among them that its "
                "functions name: judge its modules one by one"
            )

    def copied(self, path: str) -> str | None:
        """The name of the copy of a file, or None where it is not within reach."""
        if path not in self._files:
            data = self._data(path)
            self._files[path] = None
            if data is not None:
                name = f"files/{len(self.written.copies)}"
                self.written.copies[name] = data
                self._files[path] = name
        return self._files[path]

    def template(self, path: str) -> str | None:
        """The name of a template's copy, in which no function reads a file; None where there cannot be one."""
        if path not in self._templates:
            self._templates[path] = None
            data = self._data(path)
            if data is not None:
                try:
                    node = parse_template(data.decode("utf-8"))
                except (UnicodeDecodeError, SyntaxFault):
                    return None
                if not _calls_something_else(node):
                    name = f"templates/{len(self._templates)}"
                    self.written.copies[name] = printing.bare(node).encode()
                    self._templates[path] = name
        return self._templates[path]

    def names(self, path: str, pattern: str) -> str | None:
        """The name of a folder with the same files, all empty; None where not all that count are within reach."""
        key = (path, pattern)
        if key not in self._sets:
            found = self.around.listing(path, pattern)
            self._sets[key] = None
            self.listed += len(found or ())
            if found is not None and self.listed <= MOST_LISTED:
                name = f"sets/{len(self._sets)}"
                self.written.folders[name] = tuple(found)
                self._sets[key] = name
        return self._sets[key]


def _calls_something_else(node: Node) -> bool:
    """Whether a template calls any function but the pure ones."""
    pending: list[Any] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, Call):
            if item.name.removeprefix("core::") not in _PURE_FUNCTIONS:
                return True
            pending.extend(item.arguments)
        elif isinstance(item, Node):
            pending.extend(getattr(item, name) for name in item.__dataclass_fields__)  # type: ignore[attr-defined]
        elif isinstance(item, list | tuple):
            pending.extend(item)
    return False


class _Module:
    """One module being written."""

    def __init__(
        self, work: _Work, path: tuple[str, ...], config: Config, given: Mapping[str, Any] | None
    ) -> None:
        # Terraform keeps secret what it is told to; then every output of what it is made from has to be so as well.
        self.secret = {name for name, value in (given or {}).items() if is_sensitive(value)}
        self.work = work
        self.path = path
        self.config = config
        self.prefix = "".join(f"module.{name}." for name in path)
        self.file = "main.tf" if not path else f"{work.folder(path)}/main.tf"
        self.lines: list[str] = []
        self.places: list[tuple[int, Place, str]] = []
        self.pending_used = False
        self._static_locals: dict[str, str | None] = {}
        self.requirements = dict(_requirements(config))
        self.aws_names = {
            name
            for name, (source, _) in self.requirements.items()
            if source in _AWS or (not source and name == "aws")
        }
        if "aws" not in self.requirements:
            self.aws_names.add("aws")
        self.calls = {name: work.around.follow(path, config, block) for name, block in config.modules.items()}
        self.unset = (
            set()
            if given is None
            else {
                name
                for name, block in config.variables.items()
                if name not in given and "default" not in block.body
            }
        )
        self.withheld = {key for key, block in config.resources.items() if not self._handed(key, block)}
        # What one instance stands for here; while one of these is written, what tells its instances apart is not known.
        self.loose = {key for module, key in work.loose if module == path}
        self.within_loose = False
        self.here: Place | None = None

    # what is handed over

    def _handed(self, key: tuple[str, str, str], block: Block) -> bool:
        mode, type, _ = key
        if mode == "ephemeral" or block.check:
            return False
        if type == "terraform_data" and mode == "resource":
            return True
        named = provider_name(block.body["provider"]) if block.body.get("provider") is not None else ""
        local = named.partition(".")[0] or type.partition("_")[0]
        if local not in self.aws_names:
            return False
        if mode == "data":
            return type in self.work.answered and type in self.work.known["data"]
        return type in self.work.known["resource"]

    def write(self) -> None:
        work = self.work
        work.written.withheld.update(
            f"{self.prefix}{'' if mode == 'resource' else f'{mode}.'}{type}.{name}"
            for mode, type, name in self.withheld
        )
        try:
            self._blocks()
        except Unwritable as error:
            where = f"{self.here.file}:{self.here.line()}: " if self.here is not None else ""
            raise Problem(f"{where}this cannot be written for Terraform: {error}") from error
        except SyntaxFault as fault:
            where = f"{self.here.file}:{self.here.line()}: " if self.here is not None else ""
            raise Problem(f"{where}an expression cannot be parsed: {fault}") from fault
        work.add(self.file, "\n".join(self.lines) + "\n")
        work.written.places[self.file] = self.places
        for name, call in self.calls.items():
            if call is not None:
                work.module((*self.path, name), call, None)

    def _blocks(self) -> None:
        config = self.config
        self._requirements()
        for provider in config.providers:
            if provider.labels[0] in self.aws_names:
                self._provider(provider)
        for name, block in config.variables.items():
            if name not in self.unset:
                self._variable(name, block)
        for name, (value, place) in config.locals.items():
            self._mark(place, name)
            self.lines += ["locals {", f"  {printing.identifier(name)} = {self._text(value)}", "}"]
        for key, block in config.resources.items():
            if key not in self.withheld:
                self._resource(key, block)
        for name, block in config.modules.items():
            if self.calls[name] is not None:
                self._call(name, block)
        for name, block in config.outputs.items():
            self._output(name, block)
        if self.pending_used:
            self.lines += [
                f'resource "terraform_data" "{self.work.written.pending}" {{',
                '  input = "known after apply"',
                "}",
            ]

    def _mark(self, place: Place, attribute: str = "") -> None:
        self.here = place
        self.places.append((len(self.lines) + 1, place, attribute))

    def _requirements(self) -> None:
        self.lines += ["terraform {", "  required_providers {"]
        for name in sorted(self.aws_names):
            aliases = self.requirements.get(name, ("", ()))[1]
            listed = ", ".join(
                f"{printing.identifier(name)}.{printing.identifier(alias)}" for alias in aliases
            )
            extra = f", configuration_aliases = [{listed}]" if listed else ""
            self.lines.append(f'    {printing.identifier(name)} = {{ source = "hashicorp/aws"{extra} }}')
        self.lines += ["  }", "}"]

    def _provider(self, block: Block) -> None:
        self._mark(block.place)
        self.lines.append(f'provider "{printing.identifier(block.labels[0])}" {{')
        if alias := plain_text(block.body.get("alias")):
            self.lines.append(f"  alias = {printing.quoted(alias)}")
        chosen = {name: value for name, value in block.body.items() if name in _PROVIDER_ARGUMENTS}
        self._body(chosen, self.work.schema("provider", "aws"), "  ", frozenset(), block.place, None)
        self.lines.append("}")

    def _variable(self, name: str, block: Block) -> None:
        self._mark(block.place)
        self.lines.append(f'variable "{printing.identifier(name)}" {{')
        body = block.body
        if body.get("type") is not None:
            kind = body["type"]
            # In JSON a text is the type's expression; in HCL it is a text, which Terraform refuses since 0.15.
            if isinstance(kind, str):
                kind = Literal(kind) if isinstance(body, Body) else parse_expression(kind)
            self.lines.append(f"  type = {printing.expression(kind)}")
        if "default" in body:
            self.lines.append(f"  default = {printing.expression(_literally(body['default']))}")
        if name in self.secret:
            self.lines.append("  sensitive = true")
        for flag in ("sensitive", "nullable", "ephemeral"):
            if body.get(flag) is not None and not (flag == "sensitive" and name in self.secret):
                self.lines.append(f"  {flag} = {printing.expression(_flag(body[flag]))}")
        self.lines.append("}")

    def _output(self, name: str, block: Block) -> None:
        self._mark(block.place)
        self.lines.append(f'output "{printing.identifier(name)}" {{')
        self.lines.append(f"  value = {self._text(block.body.get('value'))}")
        if self.secret:
            self.lines.append("  sensitive = true")
        for flag in ("sensitive", "ephemeral"):
            if block.body.get(flag) is not None and not (flag == "sensitive" and self.secret):
                self.lines.append(f"  {flag} = {printing.expression(_flag(block.body[flag]))}")
        self.lines.append("}")

    def _call(self, name: str, block: Block) -> None:
        self._mark(block.place)
        call = self.calls[name]
        assert call is not None
        below = "./" if self.path else "./modules/"
        self.lines.append(f'module "{printing.identifier(name)}" {{')
        self.lines.append(f"  source = {printing.quoted(below + name)}")
        self._repeated(("module", name), block)
        if block.body.get("providers") is not None:
            self._passed(block.body["providers"], call)
        for argument, value in block.body.items():
            if argument not in ("source", "version", "providers", "count", "for_each", "depends_on", "//"):
                self._mark(block.place, argument)
                self.lines.append(f"  {printing.identifier(argument)} = {self._text(value)}")
        self.within_loose = False
        self.lines.append("}")

    def _repeated(self, key: tuple[str, ...], block: Block) -> None:
        """Write how many instances a block has, or know while it is written that this is not known."""
        self.within_loose = key in self.loose
        if self.within_loose:
            self.work.written.loose[self.prefix + ".".join(key)] = block.place
            return
        for argument in ("count", "for_each"):
            if block.body.get(argument) is not None:
                self._mark(block.place, argument)
                self.work.written.counted[self.file, len(self.lines) + 1] = (self.path, key)
                self.lines.append(f"  {argument} = {self._text(block.body[argument])}")

    def _passed(self, providers: Any, child: Config) -> None:
        """The providers of hashicorp/aws that a call hands on."""
        inner = dict(_requirements(child))
        pairs = []
        for theirs, ours in _provider_pairs(providers):
            source = inner.get(theirs.partition(".")[0], ("", ()))[0]
            foreign = source not in _AWS and (source or theirs.partition(".")[0] != "aws")
            if foreign or ours.partition(".")[0] not in self.aws_names:
                continue
            pairs.append(f"{_dotted(theirs)} = {_dotted(ours)}")
        if pairs:
            self.lines.append(f"  providers = {{ {', '.join(pairs)} }}")

    def _resource(self, key: tuple[str, str, str], block: Block) -> None:
        mode, type, name = key
        self._mark(block.place)
        kind = "resource" if mode == "resource" else "data"
        self.lines.append(f'{kind} "{printing.identifier(type)}" "{printing.identifier(name)}" {{')
        self._repeated((type, name) if mode == "resource" else (mode, type, name), block)
        if block.body.get("provider") is not None:
            self.lines.append(f"  provider = {_dotted(provider_name(block.body['provider']))}")
        lacking: set[str] = set()
        body = {argument: value for argument, value in block.body.items() if argument not in _META}
        schema = _ANYTHING if type == "terraform_data" else self.work.schema(kind, type)
        self._body(body, schema, "  ", frozenset(), block.place, lacking)
        if lacking:
            address = f"{self.prefix}{'' if mode == 'resource' else 'data.'}{type}.{name}"
            self.work.written.lacking[address] = lacking
        self.within_loose = False
        self.lines.append("}")

    # bodies

    def _body(
        self,
        body: Mapping[str, Any],
        schema: Schema,
        indent: str,
        bound: frozenset[str],
        place: Place | None,
        lacking: set[str] | None,
    ) -> bool:
        """The arguments and blocks of a body that the schema knows; whether these were all.

        `lacking` gets the names at the top below which something is not known.
        """
        whole = True
        for name, value in body.items():
            if name in ("//", "dynamic") or value is None:
                continue
            if place is not None:
                self._mark(place, name)
            written = self._argument(name, value, schema, indent, bound)
            if not written:
                whole = False
                if lacking is not None:
                    lacking.add(name)
        dynamic = body.get("dynamic")
        if dynamic is not None and is_dynamic(dynamic):
            for label, blocks in each_dynamic(dynamic):
                if place is not None:
                    self._mark(place, label)
                for block in blocks:
                    if not self._dynamic(label, block, schema, indent, bound):
                        whole = False
                        if lacking is not None:
                            lacking.add(label)
        return whole

    def _argument(self, name: str, value: Any, schema: Schema, indent: str, bound: frozenset[str]) -> bool:
        """Write one argument, or the blocks of one name; whether all of it is in the schema."""
        if isinstance(value, list) and value and isinstance(value[0], Body):
            inner = _inner(schema, name)
            return inner is not None and self._blocks_of(name, value, inner, indent, bound)
        if name in schema["block_types"] and not isinstance(value, Node | str):
            inner = schema["block_types"][name]["block"]
            return self._blocks_of(name, value if isinstance(value, list) else [value], inner, indent, bound)
        if schema is not _ANYTHING and name not in schema["attributes"] and name not in schema["block_types"]:
            return False
        self.lines.append(f"{indent}{printing.identifier(name)} = {self._text(value, bound)}")
        return True

    def _blocks_of(
        self, name: str, bodies: Sequence[Any], schema: Schema, indent: str, bound: frozenset[str]
    ) -> bool:
        whole = True
        for body in bodies:
            if isinstance(body, dict):
                whole &= self._block(name, body, schema, indent, bound)
            else:
                whole &= body is None
        return whole

    def _block(
        self, name: str, body: Mapping[str, Any], schema: Schema, indent: str, bound: frozenset[str]
    ) -> bool:
        self.lines.append(f"{indent}{printing.identifier(name)} {{")
        whole = self._body(body, schema, f"{indent}  ", bound, None, None)
        self.lines.append(f"{indent}}}")
        return whole

    def _dynamic(
        self, label: str, block: Mapping[str, Any], schema: Schema, indent: str, bound: frozenset[str]
    ) -> bool:
        inner = _inner(schema, label)
        if inner is None:
            return False
        iterator = block.get("iterator")
        name = iterator.name if isinstance(iterator, Name) else plain_text(iterator)
        name = name.removeprefix("${").removesuffix("}").strip() or label
        self.lines.append(f'{indent}dynamic "{printing.identifier(label)}" {{')
        self.lines.append(f"{indent}  for_each = {self._text(block['for_each'], bound)}")
        if name != label:
            self.lines.append(f"{indent}  iterator = {printing.identifier(name)}")
        contents = block["content"]
        whole = True
        for content in contents if isinstance(contents, list) else [contents]:
            whole &= self._block("content", content, inner, f"{indent}  ", bound | {name})
        self.lines.append(f"{indent}}}")
        return whole

    # expressions

    def _text(self, value: Any, bound: frozenset[str] = frozenset()) -> str:
        return printing.expression(self.rewritten(_node(value), bound))

    def unknown(self) -> Node:
        """A value of any type that Terraform does not know."""
        return Call("jsondecode", [self._pending("output")], False)

    def unknown_text(self) -> Node:
        return self._pending("id")

    def _pending(self, attribute: str) -> Node:
        self.pending_used = True
        return GetAttr(GetAttr(Name("terraform_data"), self.work.written.pending), attribute)

    def rewritten(self, node: Node, bound: frozenset[str]) -> Node:
        """An expression with what Terraform must not find out replaced by what it does not know.

        `bound` are names that `for` and dynamic blocks give a meaning of their own.
        """
        again = self.rewritten
        if isinstance(node, Literal | Name):
            return node
        if isinstance(node, Template):
            return Template([again(part, bound) for part in node.parts])
        if isinstance(node, GetAttr):
            replaced = self._traversal(node, bound)
            return replaced if replaced is not None else GetAttr(again(node.target, bound), node.name)
        if isinstance(node, Index):
            return Index(again(node.target, bound), again(node.key, bound))
        if isinstance(node, Splat):
            first = node.body
            while isinstance(first, GetAttr | Index) and not isinstance(first.target, Each):
                first = first.target
            if isinstance(first, GetAttr) and self._lacks(node.target, first.name, bound):
                return self.unknown()
            return Splat(again(node.target, bound), again(node.body, bound))
        if isinstance(node, Call):
            return self._function(node, bound)
        if isinstance(node, Unary):
            return Unary(node.operator, again(node.operand, bound))
        if isinstance(node, Binary):
            return Binary(node.operator, again(node.left, bound), again(node.right, bound))
        if isinstance(node, Conditional):
            return Conditional(
                again(node.condition, bound), again(node.then, bound), again(node.otherwise, bound)
            )
        if isinstance(node, Tuple):
            return Tuple([again(item, bound) for item in node.items])
        if isinstance(node, Object):
            return Object([(again(key, bound), again(value, bound)) for key, value in node.items])
        if isinstance(node, For):
            inner = bound | {name for name in (node.key_name, node.value_name) if name}
            return For(
                node.key_name,
                node.value_name,
                again(node.collection, bound),
                again(node.key, inner) if node.key is not None else None,
                again(node.value, inner),
                again(node.condition, inner) if node.condition is not None else None,
                node.grouped,
            )
        return node

    def _traversal(self, node: GetAttr, bound: frozenset[str]) -> Node | None:
        """What stands in place of `root.name` or `root.type.name`; None where it stays."""
        target = node.target
        if isinstance(target, Name) and target.name not in bound:
            return self._root_attribute(target.name, node.name)
        if self._lacks(target, node.name, bound):
            return self.unknown()
        if isinstance(target, GetAttr) and isinstance(target.target, Name):
            root = target.target.name
            if root in bound:
                return None
            if root == "ephemeral":
                return self.unknown()
            if root == "data" and (
                ("data", target.name, node.name) in self.withheld | self.loose
                or target.name == "terraform_remote_state"
            ):
                return self.unknown()
        return None

    def _lacks(self, target: Node, attribute: str, bound: frozenset[str]) -> bool:
        """Whether something is an instance of a resource whose type, in the schema, has no such attribute."""
        while isinstance(target, Index):
            target = target.target
        if not (isinstance(target, GetAttr) and isinstance(target.target, Name)):
            return False
        type = target.target.name
        key = ("resource", type, target.name)
        if type in bound or key in self.withheld or key not in self.config.resources:
            return False
        if type not in self.work.known["resource"]:
            return False
        schema = self.work.schema("resource", type)
        return attribute not in schema["attributes"] and attribute not in schema["block_types"]

    def _root_attribute(self, root: str, name: str) -> Node | None:
        if root == "var":
            declared = name in self.config.variables and name not in self.unset
            return None if declared else self.unknown()
        if root == "path":
            if name in ("module", "root"):
                return Literal(self.config.directory if name == "module" else ".")
            return self.unknown_text()
        if root in ("terraform", "tofu"):
            if name == "workspace" and self.work.workspace:
                return Literal(self.work.workspace)
            return self.unknown_text()
        if root in ("count", "each") and self.within_loose:
            return self.unknown()
        if root == "module" and name in self.calls and self.calls[name] is None:
            return self.unknown()
        if ("resource", root, name) in self.withheld or (root, name) in self.loose:
            return self.unknown()
        return None

    def _function(self, node: Call, bound: frozenset[str]) -> Node:
        name = node.name.removeprefix("core::")
        arguments = node.arguments
        if name in _PURE_FUNCTIONS:
            return Call(name, [self.rewritten(argument, bound) for argument in arguments], node.expand)
        parts = name.split("::")
        if (
            len(parts) == 3
            and parts[0] == "provider"
            and parts[1] in self.aws_names
            and parts[2] in _AWS_FUNCTIONS
        ):
            return Call(name, [self.rewritten(argument, bound) for argument in arguments], node.expand)
        path = None if node.expand or not arguments else self._static(arguments[0], bound, 0)
        if path is None:
            return self.unknown()
        if name in _READING_FUNCTIONS and len(arguments) == 1:
            copy = self.work.copied(path)
            return self.unknown_text() if copy is None else Call(name, [Literal(copy)], False)
        if name == "fileexists" and len(arguments) == 1 and self.work.copied(path) is not None:
            return Literal(True)
        if name == "templatefile" and len(arguments) == 2:
            copy = self.work.template(path)
            if copy is not None:
                return Call(name, [Literal(copy), self.rewritten(arguments[1], bound)], False)
        if name == "fileset" and len(arguments) == 2:
            pattern = self._static(arguments[1], bound, 0)
            folder = None if pattern is None else self.work.names(path, pattern)
            if folder is not None:
                return Call(name, [Literal(folder), Literal(pattern)], False)
        return self.unknown()

    def _static(self, node: Node, bound: frozenset[str], depth: int) -> str | None:
        """A path that the text of the configuration alone decides."""
        if isinstance(node, Literal):
            return str.__str__(node.value) if isinstance(node.value, str) else None
        if isinstance(node, Template):
            parts = [self._static(part, bound, depth) for part in node.parts]
            known = [part for part in parts if part is not None]
            # No system has longer paths.
            return "".join(known) if len(known) == len(parts) and sum(map(len, known)) <= 4096 else None
        if isinstance(node, GetAttr) and isinstance(node.target, Name) and node.target.name not in bound:
            if node.target.name == "path" and node.name in ("module", "root"):
                return self.config.directory if node.name == "module" else "."
            if node.target.name == "local" and node.name in self.config.locals and depth < 8:
                if node.name not in self._static_locals:
                    # One that is asked for while it is being found refers to itself.
                    self._static_locals[node.name] = None
                    value = _node(self.config.locals[node.name][0])
                    self._static_locals[node.name] = self._static(value, frozenset(), depth + 1)
                return self._static_locals[node.name]
        return None


_ANYTHING: Final[Schema] = {"attributes": {}, "block_types": {}}
"""The schema of what takes any argument."""


def _inner(schema: Schema, name: str) -> Schema | None:
    """The schema within the blocks of a name; arguments that are written as blocks among them."""
    if name in schema["block_types"]:
        block: Schema = schema["block_types"][name]["block"]
        return block
    kind = schema["attributes"].get(name, {}).get("type")
    if isinstance(kind, list) and isinstance(kind[-1], list) and kind[-1][0] == "object":
        return {"attributes": {one: {"type": type} for one, type in kind[-1][1].items()}, "block_types": {}}
    return None


def _node(value: Any) -> Node:
    """An argument's value as an expression, whatever the syntax it was read from."""
    if isinstance(value, Node):
        return value
    if isinstance(value, str):
        return parse_template(value) if "${" in value or "%{" in value else Literal(str.__str__(value))
    if isinstance(value, list):
        return Tuple([_node(item) for item in value])
    if isinstance(value, dict):
        return Object([(_node(key), _node(item)) for key, item in value.items()])
    return Literal(value)


def _literally(value: Any) -> Node:
    """A value in which texts are no templates: the default of a variable."""
    if isinstance(value, Node):
        return value
    if isinstance(value, list):
        return Tuple([_literally(item) for item in value])
    if isinstance(value, dict):
        return Object([(Literal(key), _literally(item)) for key, item in value.items()])
    return Literal(value)


def _flag(value: Any) -> Node:
    return value if isinstance(value, Node) else Literal(value)


def _dotted(name: str) -> str:
    """`aws` or `aws.east`."""
    return ".".join(printing.identifier(part) for part in name.split("."))


def _requirements(config: Config) -> Iterator[tuple[str, tuple[str, tuple[str, ...]]]]:
    """The providers that a module requires: local name, and its source in lower case with the aliases."""
    for block in config.settings:
        required = block.body.get("required_providers")
        for table in required if isinstance(required, list) else [required]:
            for name, entry in (table or {}).items() if isinstance(table, dict) else ():
                given = fields(entry)
                aliases = _aliases(given.get("configuration_aliases"))
                yield name, (plain_text(given.get("source")).lower(), aliases)


def _aliases(value: Any) -> tuple[str, ...]:
    items: Sequence[Any] = (
        value.items if isinstance(value, Tuple) else value if isinstance(value, list) else ()
    )
    return tuple(provider_name(item).partition(".")[2] for item in items if "." in provider_name(item))


def _provider_pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Object):
        for key, item in value.items:
            yield provider_name(key), provider_name(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name, provider_name(item)
