"""The whole proof: every log, every signature, every receipt, the plan and every total, from raw lines alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_server.ledger.ingest import found_by, kind_of
from central_server.participation.queries import AROUND
from central_server.proof.bracketing import Came, misfits
from central_server.proof.chains import Fixed, prove_chain
from central_server.proof.evidence import Evidence, LogEvidence, Row, Signed
from central_server.proof.findings import OWN_LOG, Finding, record_finding
from central_server.proof.replay import Acts, compare, replay
from central_server.proof.totals import compare_totals, totals_of
from central_server.proof.twice import at_two_points
from central_server.proof.witnesses import arrivals, believed
from models.own_records import AnyOwnRecord, decode_own
from models.receipts import Receipt
from models.records import (
    AnyRecord,
    Checkpoint,
    RecordError,
    SignedCheckpoint,
    decode,
    decode_batch,
    verify_signature,
)


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found wrong."""

    findings: list[Finding] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    """What is no sign of tampering with the ledger, but for a person to know: acts that a restore lost, records whose
    times contradict the receipts, learners at two bridge points at once. Sentences in both languages."""
    logs: int = 0
    records: int = 0
    own_records: int = 0
    receipts: int = 0
    totals: int = 0
    servers: frozenset[str] = frozenset()
    """The public keys (hex) with which the server says in its own log that it signs."""


def verify(evidence: Evidence, receipts: Sequence[Receipt]) -> Report:
    """Prove everything. receipts: of any agent, in any order."""
    report = Report()
    own_rows = evidence.own()
    acts = replay(_own_records(own_rows))
    good, wrong = believed(receipts, acts.servers)
    report.findings += wrong
    report.servers = frozenset(acts.servers.values())
    report.receipts, report.own_records = len(receipts), len(own_rows)
    _own_log(report, own_rows, good, acts)
    report.findings += compare(acts.plan, evidence.plan())
    by_log: dict[tuple[str, str], list[Receipt]] = {}
    for receipt in good:
        by_log.setdefault((receipt.device, receipt.log), []).append(receipt)
    raw: dict[str, list[tuple[str, AnyRecord]]] = {}
    came = Came()
    placed: dict[tuple[str, str, int], AnyRecord] = {}
    for log in evidence.logs():
        report.logs += 1
        report.records += len(log.rows)
        report.findings += prove_log(log, by_log.pop((log.device, log.log), []), acts)
        for row in log.rows:
            record = _decoded(row.line)
            if record is not None and (record.device, record.log) == (log.device, log.log):
                raw.setdefault(record.session, []).append((log.device, record))
                came.add(log, record)
                placed[log.device, log.log, row.seq] = record
    for (device, name), some in by_log.items():
        last = max(receipt.seq for receipt in some)
        report.findings.append(record_finding("removed", device, name, 1, last, "biên nhận có nó", "a receipt had it"))
    if not own_rows and (report.logs or receipts):  # without it no receipt's key is known: nothing else tells
        last = max((receipt.server_log_seq for receipt in receipts), default=1)
        why = ("máy chủ ghi việc đầu tiên khi khởi động", "a server writes its first act when it starts")
        report.findings.append(record_finding("removed", OWN_LOG, OWN_LOG, 1, max(1, last), *why))
    report.findings += _forks(evidence, acts)

    def around(one: AnyRecord) -> Iterator[AnyRecord]:
        places = ((one.device, one.log, seq) for seq in range(one.seq - AROUND, one.seq + AROUND + 1))
        return (placed[place] for place in places if place in placed)

    joined = {device: key[1] for (device, number), key in acts.plan.keys.items() if number == 1}
    report.notices += misfits(came, joined)
    report.notices += at_two_points(placed.values(), came.clocks, acts.plan.devices)
    totals = totals_of(acts.plan, raw, around)
    report.totals = len(totals)
    report.findings += compare_totals(totals, evidence.totals())
    kept = evidence.settled()
    report.findings += compare_totals({key: totals[key] for key in kept.keys() & totals.keys()}, kept)
    return report


def prove_log(log: LogEvidence, receipts: Sequence[Receipt], acts: Acts) -> list[Finding]:
    """Prove one log of a device: its chain, its signatures, its receipts, and what its records are found by."""
    findings: list[Finding] = []
    device, name = log.device, log.log
    fixed: list[Fixed] = []
    for one in log.signed:
        if _signed_by_device(log, one, acts):
            fixed.append((one.seq, one.head, "chữ ký của thiết bị", "the device's signature"))
        else:
            why = ("chữ ký ở điểm kiểm tra không đúng", "its checkpoint's signature is wrong")
            findings.append(record_finding("signature", device, name, one.seq, None, *why))
    fixed += [(r.seq, bytes.fromhex(r.head), "biên nhận", "a receipt") for r in receipts]
    ends = max((one.seq for one in log.signed), default=0)
    if log.end is None or log.end[0] != ends or all(log.end[1] != one.head for one in log.signed if one.seq == ends):
        at = max(ends, log.end[0] if log.end else 0)
        why = ("điểm cuối lưu trong bảng khác với chữ ký cuối", "the stored end differs from the last signature")
        findings.append(record_finding("changed", device, name, at, None, *why))
    end = max(ends, log.end[0] if log.end else 0)

    def identity(line: bytes) -> int | None:
        record = _decoded(line)
        return record.seq if record is not None and (record.device, record.log) == (device, name) else None

    findings += prove_chain(device, name, log.rows, identity, fixed, end).findings
    for row in log.rows:
        record = _decoded(row.line)
        if row.columns is None or record is None:
            continue
        if row.columns != (record.session, kind_of(record), *found_by(record)):
            why = ("các cột tìm kiếm khác với dòng gốc", "the columns it is found by differ from its raw line")
            findings.append(record_finding("changed", device, name, row.seq, None, *why))
    return findings + arrivals(device, name, log.signed, receipts, acts)


def _signed_by_device(log: LogEvidence, one: Signed, acts: Acts) -> bool:
    """Whether the checkpoint was signed by a key that was the device's, and good, when it came."""
    key = acts.plan.keys.get((log.device, one.key))
    if key is None:
        return False
    public, made_at, expires_at, ended_at, _ = key
    if not made_at <= one.received_at < expires_at or (ended_at is not None and one.received_at > ended_at):
        return False
    checkpoint = Checkpoint(log.device, log.log, one.seq, one.head.hex())
    return _is_signature(public, SignedCheckpoint(checkpoint, one.signature.hex()))


def _is_signature(public: str, signed: SignedCheckpoint) -> bool:
    try:
        verify_signature(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)), signed)
    except RecordError:
        return False
    return True


def _forks(evidence: Evidence, acts: Acts) -> list[Finding]:
    """Whether each refused version is still the one that the device signed."""
    findings = []
    for (device, log, ends, head), number, body in evidence.forks():
        public = acts.plan.keys.get((device, number), ("0" * 64,))[0]
        try:
            signed = decode_batch(body).signed
            same = signed.checkpoint == Checkpoint(device, log, ends, head) and _is_signature(public, signed)
        except RecordError:
            same = False
        if not same:
            why = ("bản khác bị từ chối của nó đã bị sửa", "its refused other version was changed")
            findings.append(record_finding("signature", device, log, ends, None, *why))
    return findings


def _own_log(report: Report, rows: Sequence[Row], receipts: Sequence[Receipt], acts: Acts) -> None:
    fixed: list[Fixed] = []
    lost: dict[int, int] = {}
    for receipt in receipts:
        restore = next((seq for seq, at in acts.restored if receipt.server_time <= at), None)
        if restore is not None and receipt.server_log_seq >= restore:
            lost[restore] = max(lost.get(restore, 0), receipt.server_log_seq)
        elif receipt.server_log_seq:
            head = bytes.fromhex(receipt.server_log_head)
            fixed.append((receipt.server_log_seq, head, "biên nhận", "a receipt"))
    for seq, last in sorted(lost.items()):
        report.notices.append(
            (
                f"Máy chủ đã được khôi phục từ bản sao (bản ghi {seq} trong nhật ký của nó): các việc {seq}–{last} "
                "trước đó, mà biên nhận có nhắc, không còn trong nhật ký.",
                f"The server was restored from a copy (record {seq} of its own log): its earlier acts {seq}–{last}, "
                "which receipts witness, are gone from the log.",
            )
        )

    def identity(line: bytes) -> int | None:
        try:
            return decode_own(line).seq
        except RecordError:
            return None

    report.findings += prove_chain(OWN_LOG, OWN_LOG, rows, identity, fixed, None).findings
    for row in rows:
        record = _own(row.line)
        if row.columns is not None and record is not None and row.columns != (record.__struct_config__.tag,):
            why = ("loại lưu trong bảng khác với dòng gốc", "its stored kind differs from its raw line")
            report.findings.append(record_finding("changed", OWN_LOG, OWN_LOG, row.seq, None, *why))


def _own_records(rows: Sequence[Row]) -> list[AnyOwnRecord]:
    return [record for row in rows if (record := _own(row.line)) is not None]


def _own(line: bytes) -> AnyOwnRecord | None:
    try:
        return decode_own(line)
    except RecordError:
        return None


def _decoded(line: bytes) -> AnyRecord | None:
    try:
        return decode(line)
    except RecordError:
        return None
