"""Terraform's plugin protocol 6, as a provider speaks it: handshake, server, and messages.

The generated messages come from the package `tf`; what is younger than them (write-only
arguments, ephemeral resources) is added on the level of the wire.

Source: https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/tfplugin6.proto and
https://github.com/hashicorp/go-plugin/blob/main/docs/guide-plugin-write-non-go.md.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet
from tf.gen import tfplugin_pb2 as pb  # type: ignore[import-untyped]

from cloudmart_support import cache
from mock_provider.schema import Block
from mock_provider.values import Path as ValuePath

# gRPC takes longer to import than all else; only the plugin itself needs it.
if TYPE_CHECKING:
    import grpc  # type: ignore[import-untyped]

MAGIC_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")

_MODES = {
    "single": pb.Schema.NestedBlock.SINGLE,
    "list": pb.Schema.NestedBlock.LIST,
    "set": pb.Schema.NestedBlock.SET,
    "map": pb.Schema.NestedBlock.MAP,
}
# `write_only = 11`, a boolean, in the message Attribute since protocol 6.8.
_WRITE_ONLY = b"\x58\x01"

# Enough for Terraform's default parallelism (10) while as many calls hang on request.
_WORKERS = 64

# Bytes of a thread's stack: one that answers calls, and one that waits for them.
_STACK = 1 << 20
_SMALL_STACK = 256 << 10

Handler = Callable[[Any, "grpc.ServicerContext"], Any]


def schema_message(block: Block, sensitive: Iterable[tuple[str, ...]] = ()) -> pb.Schema:
    """A block as a schema's message; `sensitive` are paths without positions."""
    return pb.Schema(version=0, block=_block_message(block, frozenset(sensitive), ()))


def is_write_only(block: Block, name: str) -> bool:
    """Whether the argument is write-only: the provider names these `X_wo`, with an `X_wo_version` beside."""
    return name.endswith("_wo") and f"{name}_version" in block["attributes"]


def diagnostic(
    severity: str, summary: str, detail: str = "", path: ValuePath = (), block: Block | None = None
) -> pb.Diagnostic:
    """A diagnostic (`severity` is error or warning) that points at the argument under `path` of `block`."""
    return pb.Diagnostic(
        severity=pb.Diagnostic.ERROR if severity == "error" else pb.Diagnostic.WARNING,
        summary=summary,
        detail=detail,
        attribute=attribute_path(path, block) if path else None,
    )


def attribute_path(path: ValuePath, block: Block | None = None) -> pb.AttributePath:
    """A path as a message.

    With a block, it ends at the first set: elements of a set have no position, so the path to
    the whole set is as near as the protocol can point.
    """
    steps: list[pb.AttributePath.Step] = []
    for step, inside in _steps(path, block):
        if isinstance(step, int):
            steps.append(pb.AttributePath.Step(element_key_int=step))
        elif inside == "map":
            steps.append(pb.AttributePath.Step(element_key_string=step))
        else:
            steps.append(pb.AttributePath.Step(attribute_name=step))
    return pb.AttributePath(steps=steps)


def _steps(path: ValuePath, block: Block | None) -> Iterator[tuple[str | int, str]]:
    here: Any = block
    inside = "block"
    for step in path:
        if inside == "set":
            return
        yield step, inside
        if here is None or inside in ("list", "map"):
            inside = "block"
        elif step in here["block_types"]:
            entry = here["block_types"][step]
            inside = "block" if entry["nesting_mode"] == "single" else entry["nesting_mode"]
            here = entry["block"]
        else:
            kind = here["attributes"].get(step, {}).get("type")
            inside = kind[0] if isinstance(kind, list) else "block"
            here = None if inside in ("list", "block") else {"attributes": {}, "block_types": {}}


def _block_message(
    block: Block, sensitive: frozenset[tuple[str, ...]], at: tuple[str, ...]
) -> pb.Schema.Block:
    attributes = []
    for name, attribute in sorted(block["attributes"].items()):
        message = pb.Schema.Attribute(
            name=name,
            type=json.dumps(attribute["type"], separators=(",", ":")).encode(),
            required=attribute.get("required", False),
            optional=attribute.get("optional", False),
            computed=attribute.get("computed", False),
            sensitive=(*at, name) in sensitive,
        )
        if is_write_only(block, name):
            message.MergeFromString(_WRITE_ONLY)
        attributes.append(message)
    blocks = [
        pb.Schema.NestedBlock(
            type_name=name,
            nesting=_MODES[entry["nesting_mode"]],
            block=_block_message(entry["block"], sensitive, (*at, name)),
            min_items=entry.get("min_items", 0),
            max_items=entry.get("max_items", 0),
        )
        for name, entry in sorted(block["block_types"].items())
    ]
    return pb.Schema.Block(attributes=attributes, block_types=blocks)


def allows_write_only(request: Any) -> bool:
    """Whether the Terraform that asks to validate a resource keeps write-only arguments out of plans and states.

    It says so in `client_capabilities = 3 { write_only_attributes_allowed = 2 }`, a boolean in a
    message of booleans, which is younger than the generated messages.
    """
    unknown = UnknownFieldSet(request)
    messages = (unknown[position] for position in range(len(unknown)))
    return any(one.field_number == 3 and b"\x10\x01" in one.data for one in messages)


def wire_field(number: int, payload: bytes) -> bytes:
    """A length-delimited field on the wire, for messages that the generated ones do not know.

    Source: https://protobuf.dev/programming-guides/encoding/.
    """
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


Played = tuple[Mapping[str, tuple[Any, Handler]], Callable[[], None]]
"""A configured provider: its methods (by name: the request's message class and a function that returns a message or
bytes already in wire form), and what is called when Terraform asks it to stop what it is doing."""


def serve(make: Callable[[], Played], *, attached: bool = False) -> None:
    """Serve a provider until Terraform ends this.

    With `attached`, whoever started this tells Terraform of it: stdout gets the socket's path, no Terraform ends
    this, and the end of stdin does. Terraform opens a connection for each configuration of the provider, and each
    gets one of its own from `make`.
    """
    # Terraform ends its plugins itself; Ctrl-C reaches the whole process group and is not for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="mock-provider-", dir=_place()) as folder:
        if attached:
            _serve_each(make, folder)
        else:
            _serve_one(make, folder)


def _place() -> str | None:
    """Where the socket's folder goes: the system's own place for temporary files, unless its name is too long.

    Source: unix(7): the path of a socket has at most 108 bytes, on macOS and the BSDs 104.
    """
    return "/tmp" if len(os.fsencode(tempfile.gettempdir())) > 70 and os.access("/tmp", os.W_OK) else None


def _server(played: Played, workers: ThreadPoolExecutor) -> grpc.Server:
    import grpc

    handlers, stopped = played

    def raw(handler: Handler) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(handler)

    def stop(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        stopped()
        return b""

    methods = {
        method: grpc.unary_unary_rpc_method_handler(
            handler, request_deserializer=request.FromString, response_serializer=_serialized
        )
        for method, (request, handler) in handlers.items()
    }
    stdio = grpc.unary_stream_rpc_method_handler(lambda _request, _context: iter(()))
    server = grpc.server(workers, options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "tfplugin6.Provider", {**methods, "StopProvider": raw(stop)}
            ),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": raw(_shutdown)}),
            grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": stdio}),
        )
    )
    return server


def _serve_one(make: Callable[[], Played], folder: str) -> None:
    import grpc

    server = _server(make(), ThreadPoolExecutor(max_workers=_WORKERS))
    key, certificate = _certificate()
    server.add_secure_port(
        f"unix:{folder}/socket",
        # Terraform's own certificate uses a curve that gRPC's TLS here does not know, so it is not
        # asked for; the socket is in a folder that only this user can enter.
        grpc.ssl_server_credentials([(key, certificate)]),
    )
    server.start()
    # The core protocol's version, Terraform's protocol, network, address, transport, certificate (DER).
    der = "".join(certificate.decode().splitlines()[1:-1]).rstrip("=")
    print(f"1|6|unix|{folder}/socket|grpc|{der}", flush=True)
    parent = os.getppid()
    while not _ENDED.wait(1.0) and os.getppid() == parent:
        pass  # A Terraform that was killed cannot end its plugins.
    server.stop(grace=None)


def _serve_each(make: Callable[[], Played], folder: str) -> None:
    """A server for each connection, behind one socket: a server cannot tell its peers on a local socket apart."""
    # Terraform opens a connection for each `provider` block, and a server waits in a thread. The system's own stacks
    # are mostly 8 MiB, which count as used where memory is bounded: sixteen blocks were too many.
    threading.stack_size(_STACK)
    workers = ThreadPoolExecutor(max_workers=_WORKERS)
    all_there = threading.Barrier(_WORKERS + 1)
    for _ in range(_WORKERS):
        workers.submit(all_there.wait)
    all_there.wait()
    threading.stack_size(_SMALL_STACK)
    asyncio.run(_hand_on(make, workers, folder))


async def _hand_on(make: Callable[[], Played], workers: ThreadPoolExecutor, folder: str) -> None:
    numbers = itertools.count()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = f"{folder}/{next(numbers)}"
        server = _server(make(), workers)
        # go-plugin speaks no TLS to a plugin that it did not start. The folder is this user's alone.
        server.add_insecure_port(f"unix:{path}")
        try:
            server.start()
        except (RuntimeError, MemoryError):
            # There is no thread to be had for it. Terraform waits for ever for a plugin that says nothing, and is told
            # by its end.
            os._exit(1)
        with closing(writer):
            theirs, ours = await asyncio.open_unix_connection(path)
            await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
        server.stop(grace=None)

    async with await asyncio.start_unix_server(connected, f"{folder}/socket"):
        print(f"{folder}/socket", flush=True)
        await asyncio.to_thread(sys.stdin.read)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Hand on what comes from one side to the other, until it ends."""
    with suppress(OSError):
        while data := await source.read(1 << 16):
            target.write(data)
            await target.drain()
        target.close()


_ENDED = threading.Event()


def _shutdown(_request: bytes, context: grpc.ServicerContext) -> bytes:
    # The answer has to be out before the process ends: Terraform waits two seconds for it otherwise.
    context.add_callback(_ENDED.set)
    return b""


def _serialized(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else bytes(answer.SerializeToString())


def _certificate() -> tuple[bytes, bytes]:
    """A private key and its self-signed certificate, made once: go-plugin wants TLS on the local socket."""
    folder = cache.folder("mock-provider/certificate-1", _make_certificate)
    return (folder / "key.pem").read_bytes(), (folder / "certificate.pem").read_bytes()


def _make_certificate(folder: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = folder / "key.pem"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def started_by_terraform() -> bool:
    """Whether Terraform started this process, as go-plugin marks it."""
    return os.environ.get(MAGIC_COOKIE[0]) == MAGIC_COOKIE[1]
