"""`central-server verify` and `central-server export-log`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.exc import DBAPIError

from central_server.clock import wall_clock
from central_server.config import Config
from central_server.database import open_database
from central_server.errors import EvidenceError
from central_server.own_log.server_key import server_key
from central_server.proof.pack import Manifest, PackEvidence, write_pack
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import Report, verify
from central_server.proof.witnesses import read_receipts
from central_server.web.figures import day, second_time
from models.language import both, counted
from models.reasons import reason
from models.receipts import Receipt, key_id


@contextmanager
def stored(config: Config) -> Iterator[StoredEvidence]:
    """The evidence in the database of a data folder. Raises EvidenceError where there is none, or a damaged one."""
    if not config.database.exists():
        raise EvidenceError(f"Không có cơ sở dữ liệu {config.database}.", f"There is no database {config.database}.")
    engine = open_database(config.database)
    try:
        with engine.connect() as connection, connection.begin():
            yield StoredEvidence(connection)
    except DBAPIError as error:
        why = reason(error.orig or error)
        raise EvidenceError(
            f"Không đọc được cơ sở dữ liệu {config.database} ({why.vi}).",
            f"The database {config.database} can't be read ({why.en}).",
        ) from error
    finally:
        engine.dispose()


def _receipts(path: Path | None) -> list[Receipt]:
    """The receipts that are named. Raises EvidenceError, also when none are there: that is no proof without a word."""
    receipts = read_receipts(path) if path else []
    if path and not receipts:
        raise EvidenceError(
            f"{path} không có biên nhận nào. Lệnh bridge-agent receipts ở điểm cầu ghi ra tệp .ndjson.",
            f"There are no receipts in {path}. bridge-agent receipts at a bridge point writes them to an .ndjson file.",
        )
    return receipts


def verify_command(arguments: argparse.Namespace, config: Config) -> int:
    """Prove the database or a pack: 0 when all holds, 1 when something was found."""
    receipts = _receipts(arguments.receipts)
    path: Path | None = arguments.pack
    if path is None:
        with stored(config) as evidence:
            report = verify(evidence, receipts)
    else:
        with PackEvidence(path) as pack:
            report = verify(pack, [*receipts, *pack.receipts()])
            report.findings += [*pack.findings, *pack.signed_by(report.servers)]
            print(both(*_signed(pack.manifest)))
    show(report)
    return 1 if report.findings else 0


def _signed(manifest: Manifest) -> tuple[str, str]:
    """Which key signed a pack: whoever asks the office for it can compare it with what the bridge points keep."""
    try:
        key = key_id(Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest.server_key)))
    except ValueError:
        key = "?"
    at = f"{second_time(manifest.made_at)} {day(manifest.made_at)}"
    return (
        f"Gói được ký lúc {at} bằng khóa {key} của máy chủ; biên nhận ở các điểm cầu phải mang cùng mã khóa.",
        f"The pack was signed at {at} by the server's key {key}; the bridge points' receipts must name the same key.",
    )


def show(report: Report) -> None:
    """Print what was looked at and what was found."""
    for finding in report.findings:
        print(both(finding.vi, finding.en))
    for notice in report.notices:
        print(both(*notice))
    print(
        both(
            f"Đã kiểm tra {report.logs} nhật ký với {report.records} bản ghi, {report.own_records} bản ghi của máy "
            f"chủ, {report.receipts} biên nhận, {report.totals} tổng của học viên.",
            f"Checked {counted(report.logs, 'log')} with {counted(report.records, 'record')}, "
            f"{counted(report.own_records, 'record')} of the server's own, {counted(report.receipts, 'receipt')}, "
            f"{counted(report.totals, 'total')} of learners.",
        )
    )
    print(both(*_verdict(report)))


def _verdict(report: Report) -> tuple[str, str]:
    """The last line: what it all comes to."""
    if count := len(report.findings):
        return f"Có {count} điều không đúng.", f"{counted(count, 'thing is', 'things are')} not right."
    vi, en = "Mọi thứ khớp nhau.", "All of it fits."
    if count := len(report.notices):
        vi = f"Mọi thứ khớp nhau; {count} điều ghi ở trên cần có người xem."
        en = f"All of it fits; the {counted(count, 'remark above is', 'remarks above are')} for a person to look at."
    if not report.receipts:
        vi += " Chưa có biên nhận của các điểm cầu thì không thấy được bản ghi bị cắt ở cuối."
        en += " Without the agents' receipts nobody can see records that were cut off at the end."
    return vi, en


def export_log(arguments: argparse.Namespace, config: Config) -> int:
    """Write a proof pack."""
    receipts = _receipts(arguments.receipts)
    with stored(config) as evidence:
        logs = write_pack(arguments.out, evidence, receipts, server_key(config.data_folder), wall_clock())
    print(
        both(
            f"Đã ghi {arguments.out}: {logs} nhật ký. Kiểm tra ở máy khác: central-server verify --pack FILE.",
            f"Wrote {arguments.out}: {counted(logs, 'log')}. "
            "Check it on another PC: central-server verify --pack FILE.",
        )
    )
    return 0
