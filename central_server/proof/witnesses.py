"""The receipts that agents kept: read from files, and held against what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_server.errors import EvidenceError
from central_server.proof.evidence import Signed
from central_server.proof.findings import Finding, record_finding
from central_server.proof.replay import Acts
from models.reasons import reason
from models.receipts import Receipt, ReceiptError, decode_receipt, verify_receipt


def read_receipts(path: Path) -> list[Receipt]:
    """The receipts in a file (one to a line), or in all *.ndjson files of a folder and below. Raises EvidenceError."""
    try:
        files = sorted(path.rglob("*.ndjson")) if path.is_dir() else [path]
        bodies = [(file, file.read_bytes()) for file in files]
    except OSError as error:
        raise EvidenceError(
            f"Không đọc được biên nhận {path} ({reason(error).vi}).",
            f"The receipts {path} can't be read ({reason(error).en}).",
        ) from error
    receipts = []
    lines = [(file, number, line) for file, body in bodies for number, line in enumerate(body.split(b"\n"), 1)]
    for file, number, line in lines:
        if not line.strip():
            continue
        try:
            receipts.append(decode_receipt(line))
        except ReceiptError as error:
            raise EvidenceError(f"{file}, dòng {number}: {error.vi}", f"{file}, line {number}: {error.en}") from error
    return receipts


def believed(receipts: Iterable[Receipt], servers: Mapping[str, str]) -> tuple[list[Receipt], list[Finding]]:
    """The receipts that one of the server's known keys signed, and findings about the others."""
    good, findings = [], []
    for receipt in receipts:
        public = servers.get(receipt.server)
        try:
            if public is None:
                raise ReceiptError("khóa không có trong nhật ký của máy chủ", "its key is not in the server's own log")
            verify_receipt(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)), receipt)
        except ReceiptError as error:
            at = (receipt.device, receipt.log, receipt.seq, None)
            findings.append(record_finding("receipt", *at, error.vi.rstrip("."), error.en.rstrip(".")))
        else:
            good.append(receipt)
    return good, findings


def arrivals(device: str, log: str, signed: Sequence[Signed], receipts: Sequence[Receipt], acts: Acts) -> list[Finding]:
    """Whether the checkpoints of a log came when its receipts say, so that none was backdated, and none is gone.

    What was sent again after a restore came later than its first receipt: there the receipts say nothing of the time.
    """
    findings = []
    by_seq = {one.seq: one for one in signed}
    restores = [at for _, at in acts.restored]
    ordered = sorted(receipts, key=lambda one: (one.seq, one.server_time))
    for receipt in ordered:
        again = any(at >= receipt.server_time for at in restores)
        here = by_seq.get(receipt.seq)
        if here is None and not again:
            why_not = ("điểm kiểm tra có chữ ký ở đó không còn", "the signed checkpoint there is gone")
            findings.append(record_finding("receipt", device, log, receipt.seq, None, *why_not))
        elif here is not None and here.received_at > receipt.server_time and not again:
            findings.append(record_finding("receipt", device, log, receipt.seq, None, "giờ nhận trễ hơn", "came later"))
    for one in sorted(signed, key=lambda one: one.seq):
        before = max((receipt.server_time for receipt in ordered if receipt.seq < one.seq), default=None)
        if before is not None and one.received_at < before:
            findings.append(record_finding("receipt", device, log, one.seq, None, "giờ nhận sớm hơn", "came earlier"))
    return findings
