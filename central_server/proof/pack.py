"""The proof pack: all the evidence in one zip, which `verify --pack` checks on another machine without the database.

manifest.json         when, by which server key; the SHA-256 of every other file; signed with the server's key
own.rows              the server's own log: "SEQ HEAD LINE" to a line, the raw line last
logs/DEVICE/LOG.rows  each log, likewise
signed.ndjson         the devices' signed checkpoints, and where each log ends
forks.ndjson          refused versions of logs
receipts.ndjson       the receipts that were given, and a fresh one for the end of each log
plan.json             what the tables say (ids, never names)
totals.json           what the pages show
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_server.errors import EvidenceError, OutputError
from central_server.own_log.server_key import ServerKey
from central_server.proof.evidence import Evidence, Fork, LogEvidence, Plan, Row, Signed, Total, Totals
from central_server.proof.findings import Finding
from models.reasons import Reason, reason
from models.receipts import Receipt
from models.signatures import is_signed

FORMAT: Literal["diemdanh pack 1"] = "diemdanh pack 1"
MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """manifest.json."""

    format: Literal["diemdanh pack 1"]
    made_at: int
    server_key: str
    files: dict[str, str]
    signature: str = ""

    def message(self) -> bytes:
        """The bytes that are signed."""
        files = "\n".join(f"{digest} {name}" for name, digest in sorted(self.files.items()))
        return f"{self.format}\n{self.made_at}\n{self.server_key}\n{files}".encode()


class _Checkpoints(msgspec.Struct, frozen=True, kw_only=True):
    """A line of signed.ndjson."""

    device: str
    log: str
    end: tuple[int, str] | None
    signed: list[tuple[int, str, str, int, int]]


def write_pack(path: Path, evidence: Evidence, receipts: Sequence[Receipt], key: ServerKey, now: int) -> int:
    """Write a pack, whole or not at all; how many logs it holds. Raises OutputError."""
    new = path.with_name(f"{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            logs = pack_into(file, evidence, receipts, key, now)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise OutputError(
            f"Không ghi được {path} ({reason(error).vi}).", f"{path} can't be written ({reason(error).en})."
        ) from error
    return logs


def pack_into(file: IO[bytes], evidence: Evidence, receipts: Sequence[Receipt], key: ServerKey, now: int) -> int:
    """Write a pack into an open file; how many logs it holds. Raises OSError."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        return _write(pack, evidence, receipts, key, now)


def _write(pack: zipfile.ZipFile, evidence: Evidence, receipts: Sequence[Receipt], key: ServerKey, now: int) -> int:
    files: dict[str, str] = {}

    def put(name: str, lines: Iterable[bytes]) -> None:
        digest = hashlib.sha256()
        with pack.open(name, "w") as member:
            for line in lines:
                digest.update(line + b"\n")
                member.write(line + b"\n")
        files[name] = digest.hexdigest()

    own = evidence.own()
    put("own.rows", map(_row, own))
    given, checkpoints = list(receipts), []
    for log in evidence.logs():
        put(f"logs/{log.device}/{log.log}.rows", map(_row, log.rows))
        signed = [(one.seq, one.head.hex(), one.signature.hex(), one.key, one.received_at) for one in log.signed]
        end = (log.end[0], log.end[1].hex()) if log.end else None
        checkpoints.append(_Checkpoints(device=log.device, log=log.log, end=end, signed=signed))
        if log.end and own:
            fresh = Receipt(
                device=log.device, log=log.log, seq=log.end[0], head=log.end[1].hex(), server_time=now,
                server_log_seq=own[-1].seq, server_log_head=own[-1].head.hex(), server="", signature="",
            )  # fmt: skip
            given.append(key.sign(fresh))
    put("signed.ndjson", map(msgspec.json.encode, checkpoints))
    put("forks.ndjson", (msgspec.json.encode((which, number, body.hex())) for which, number, body in evidence.forks()))
    put("receipts.ndjson", map(msgspec.json.encode, given))
    plan = evidence.plan()
    plain = {name: sorted(getattr(plan, name).items(), key=str) for name in Plan.__dataclass_fields__}
    put("plan.json", [msgspec.json.encode(plain)])
    put("totals.json", [msgspec.json.encode(sorted(evidence.totals().items()))])
    manifest = Manifest(format=FORMAT, made_at=now, server_key=key.public, files=files)
    manifest = msgspec.structs.replace(manifest, signature=key.private.sign(manifest.message()).hex())
    pack.writestr(MANIFEST, msgspec.json.encode(manifest))
    return len(checkpoints)


def _row(row: Row) -> bytes:
    return b"%d %s %s" % (row.seq, row.head.hex().encode(), row.line)


class PackEvidence:
    """The evidence in a pack, read from it file by file: one log at a time is held. Close it, or use it as a context.

    Raises EvidenceError where the file is no pack, also while it is read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.findings: list[Finding] = []
        """What the manifest says of the pack itself."""
        with self._readable(), ExitStack() as opened:
            self._pack = opened.enter_context(zipfile.ZipFile(path))
            self._names = set(self._pack.namelist()) - {MANIFEST}
            self.manifest = msgspec.json.decode(self._pack.read(MANIFEST), type=Manifest)
            self._check(self.manifest)
            opened.pop_all()

    def __enter__(self) -> PackEvidence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._pack.close()

    def own(self) -> tuple[Row, ...]:
        """The server's own log."""
        return tuple(self._rows("own.rows"))

    def plan(self) -> Plan:
        """What the tables said."""
        raw = self._json("plan.json", dict[str, list[tuple[Any, Any]]])
        plan = Plan()
        for name in Plan.__dataclass_fields__:
            setattr(plan, name, {_frozen(key): _frozen(value) for key, value in raw.get(name, [])})
        return plan

    def forks(self) -> Iterator[Fork]:
        """The refused versions."""
        for line in self._lines("forks.ndjson"):
            yield self._decoded(line, tuple[tuple[str, str, int, str], int, str], _fork)

    def logs(self) -> Iterator[LogEvidence]:
        """Every device's logs."""
        names = {name for name in self._names if name.startswith("logs/")}
        for line in self._lines("signed.ndjson"):
            one = self._decoded(line, _Checkpoints, lambda told: told)
            name = f"logs/{one.device}/{one.log}.rows"
            names.discard(name)
            try:
                signed = tuple(Signed(seq, _hex(head), _hex(by), key, at) for seq, head, by, key, at in one.signed)
                end = (one.end[0], _hex(one.end[1])) if one.end else None
            except ValueError as error:
                raise self._unreadable(error) from error
            yield LogEvidence(one.device, one.log, tuple(self._rows(name)), signed, end)
        for name in sorted(names):
            device, log = name.removeprefix("logs/").removesuffix(".rows").split("/", 1)
            yield LogEvidence(device, log, tuple(self._rows(name)), (), None)

    def totals(self) -> Totals:
        """What the pages showed."""
        return dict(self._json("totals.json", list[tuple[tuple[str, str], Total]]))

    def settled(self) -> Totals:
        """Nothing: what is kept follows from the records, which are all here."""
        return {}

    def signed_by(self, servers: Collection[str]) -> list[Finding]:
        """Whether one of the server's keys (public, hex) signed it: anybody can sign a pack with a key of his own."""
        if self.manifest.server_key in servers:
            return []
        vi = "Gói bằng chứng được ký bằng khóa mà nhật ký của máy chủ không biết."
        en = "The pack is signed with a key that the server's own log does not know."
        return [Finding("pack", vi, en)]

    def receipts(self) -> list[Receipt]:
        """The receipts in it."""
        return [self._decoded(line, Receipt, lambda receipt: receipt) for line in self._lines("receipts.ndjson")]

    def _check(self, manifest: Manifest) -> None:
        def found(vi: str, en: str) -> None:
            self.findings.append(Finding("pack", vi, en))

        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest.server_key))
            good = is_signed(key, bytes.fromhex(manifest.signature), manifest.message())
        except ValueError:
            good = False
        if not good:
            found("Gói bằng chứng không có chữ ký đúng của máy chủ.", "The pack does not carry the server's signature.")
        for name in sorted(manifest.files.keys() | self._names):
            if self._digest(name) != manifest.files.get(name):
                found(f"Tệp {name} trong gói khác với lúc máy chủ ký.", f"{name} is not as when the server signed.")

    def _digest(self, name: str) -> str | None:
        if name not in self._names:
            return None
        digest = hashlib.sha256()
        with self._pack.open(name) as member:
            while chunk := member.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def _lines(self, name: str) -> Iterator[bytes]:
        if name not in self._names:
            return
        with self._readable(), self._pack.open(name) as member:
            for line in member:
                if line := line.rstrip(b"\n"):
                    yield line

    def _rows(self, name: str) -> Iterator[Row]:
        for line in self._lines(name):
            seq, _, rest = line.partition(b" ")
            head, _, raw = rest.partition(b" ")
            try:
                yield Row(int(seq), raw, _hex(head.decode("ascii")))
            except ValueError:  # the chain tells which record is missing now
                self.findings.append(Finding("pack", f"Tệp {name} có dòng hỏng.", f"{name} has a broken line."))

    def _json(self, name: str, kind: type[Any]) -> Any:
        return self._decoded(b"".join(self._lines(name)), kind, lambda value: value)

    def _decoded(self, line: bytes, kind: type[Any], make: Any) -> Any:
        try:
            return make(msgspec.json.decode(line, type=kind))
        except ValueError as error:
            raise self._unreadable(error) from error

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, NotImplementedError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> EvidenceError:
        if isinstance(error, OSError):
            why = reason(error)
        else:
            why = Reason("tệp không phải là gói bằng chứng hoặc đã hỏng", f"it is no proof pack, or damaged: {error}")
        return EvidenceError(
            f"Không đọc được gói bằng chứng {self._path} ({why.vi}).",
            f"The proof pack {self._path} can't be read ({why.en}).",
        )


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


def _fork(told: tuple[tuple[str, str, int, str], int, str]) -> Fork:
    which, number, body = told
    return which, number, bytes.fromhex(body)


def _frozen(value: Any) -> Any:
    """JSON's arrays as the tuples that they were."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
