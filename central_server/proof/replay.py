"""Replaying the server's own log: what its acts made true, to be compared with what the tables say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

import msgspec

from central_server.proof.evidence import Plan
from central_server.proof.findings import Finding
from models.own_records import (
    AccountChanged,
    AccountMade,
    AnyOwnRecord,
    CourseRule,
    CredentialChanged,
    DeviceJoined,
    Enrolled,
    ForkSeen,
    Granted,
    KeyRevoked,
    KeyRotated,
    Restored,
    ServerKeyKnown,
    SessionPlanned,
    TakesPart,
    TokenMade,
)

NAMES = {
    "rules": ("điều kiện hoàn thành của lớp", "the rule of course"),
    "sessions": ("lịch của buổi học", "the times of session"),
    "places": ("điểm cầu dự buổi học", "the bridge point of session"),
    "enrolled": ("ghi danh", "the enrolment"),
    "devices": ("thiết bị", "device"),
    "keys": ("khóa của thiết bị", "the key of device"),
    "tokens": ("mã gia nhập", "join token"),
    "accounts": ("tài khoản", "the account"),
    "grants": ("quyền của tài khoản", "the permission of account"),
    "credentials": ("mật khẩu hoặc bước xác thực của tài khoản", "the password or second factor of account"),
    "forks": ("bản nhật ký khác bị từ chối", "the refused version"),
}


@dataclass(slots=True)
class Acts:
    """What the own log says."""

    plan: Plan = field(default_factory=Plan)
    servers: dict[str, str] = field(default_factory=dict)
    """Id of a key that signed receipts: the public key in hex."""
    restored: list[tuple[int, int]] = field(default_factory=list)
    """Where the log went on after a restore: seq of the record that says so, and server time."""


def replay(records: Iterable[AnyOwnRecord]) -> Acts:
    """Play all acts through."""
    acts = Acts()
    for record in records:
        _play(acts, record)
    return acts


def _play(acts: Acts, record: AnyOwnRecord) -> None:
    plan = acts.plan
    match record:
        case ServerKeyKnown():
            acts.servers[record.server] = record.public_key
        case Restored():
            acts.restored.append((record.seq, record.at))
        case TokenMade():
            plan.tokens[record.token] = (record.bridge_point, record.expires_at, None)
        case DeviceJoined():
            plan.devices[record.device] = record.bridge_point
            plan.keys[record.device, 1] = (record.public_key, record.at, record.expires_at, None, False)
            _, expires, _ = plan.tokens.get(record.token, ("", 0, None))
            plan.tokens[record.token] = (record.bridge_point, expires, record.device)
        case KeyRotated():
            _end(plan, record.device, record.number - 1, record.at, revoked=False)
            plan.keys[record.device, record.number] = (record.public_key, record.at, record.expires_at, None, False)
        case KeyRevoked():
            _end(plan, record.device, record.number, record.at, revoked=True)
        case CourseRule():
            plan.rules[record.course] = msgspec.json.encode(record.rule).decode()
        case SessionPlanned():
            plan.sessions[record.session] = (record.course, record.start, record.end, record.breaks)
        case TakesPart():
            if record.takes_part:
                plan.places[record.session, record.bridge_point] = True
            else:
                plan.places.pop((record.session, record.bridge_point), None)
        case Enrolled():
            plan.enrolled[record.course, record.learner] = record.bridge_point
        case AccountMade() | AccountChanged() | Granted() | CredentialChanged():
            _play_account(plan, record)
        case ForkSeen():
            plan.forks[record.device, record.log, record.ends, record.head] = record.differs
        case _:
            pass


def _play_account(plan: Plan, record: AccountMade | AccountChanged | Granted | CredentialChanged) -> None:
    match record:
        case AccountMade():
            plan.accounts[record.account] = (False, None)
        case AccountChanged():
            plan.accounts[record.account] = (record.disabled, record.learner)
        case Granted():
            key = (record.account, record.role, record.course, record.bridge_point)
            if record.granted:
                plan.grants[key] = True
            else:
                plan.grants.pop(key, None)
        case CredentialChanged():
            if record.digest is not None:
                plan.credentials[record.account, record.what] = record.digest
            else:
                plan.credentials.pop((record.account, record.what), None)


def _end(plan: Plan, device: str, number: int, at: int, *, revoked: bool) -> None:
    before = plan.keys.get((device, number))
    if before is not None:
        plan.keys[device, number] = (*before[:3], at, revoked)


def compare(told: Plan, stored: Plan) -> list[Finding]:
    """Where the tables differ from the acts."""
    findings = []
    for one in fields(Plan):
        acts, tables = getattr(told, one.name), getattr(stored, one.name)
        vi, en = NAMES[one.name]
        for key in sorted(acts.keys() | tables.keys(), key=str):
            if acts.get(key) == tables.get(key):
                continue
            name = " ".join(map(str, key)) if isinstance(key, tuple) else key
            if key not in tables:
                how = ("bị xóa khỏi cơ sở dữ liệu", "was removed from the database")
            elif key not in acts:
                how = ("bị thêm vào cơ sở dữ liệu", "was added to the database")
            else:
                was, now = acts[key], tables[key]
                how = (f"bị sửa: nhật ký ghi {was}, bảng ghi {now}", f"was changed: log {was}, table {now}")
            findings.append(
                Finding(
                    "plan",
                    f"{vi[0].upper()}{vi[1:]} {name} {how[0]}; nhật ký của máy chủ không nói như vậy.",
                    f"{en[0].upper()}{en[1:]} {name} {how[1]}; the server's own log does not say so.",
                    name,
                )
            )
    return findings
