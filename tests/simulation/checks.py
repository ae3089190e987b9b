"""What must be true at the end of every history, whatever went wrong in it."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text

from bridge_agent import receipts_command
from bridge_agent.recognition.pace import longest_pause
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import Report, verify
from central_server.proof.witnesses import read_receipts
from models.clock_trust import SKEW_UNTRUSTED_MS, SKEW_WARN_MS, clock_trust
from models.receipts import Receipt
from models.records import (
    AnyRecord,
    CheckIn,
    Headcount,
    OnDuty,
    ProfileUsed,
    RecordError,
    Unobserved,
    decode,
    decode_batch,
)
from models.spans import Spans, intersect, spans, subtract, total
from tests.simulation import script
from tests.simulation.central import EPOCH, Central
from tests.simulation.pc import SWEEP_S, Pc
from tests.simulation.world import WELL_AT, World

UNWATCHED_STEP_S = longest_pause(round(SWEEP_S * 1000)) / 1000
"""Between two looks that lie further apart nobody watched."""
SLACK_MS = 60


class BrokenError(AssertionError):
    """A history ended with something that must never be."""


def held(central: Central) -> dict[tuple[str, str], list[bytes]]:
    """The server's copy of every log."""
    lines: dict[tuple[str, str], list[bytes]] = {}
    with central.services.engine.connect() as db:
        for device, log, seq, line in db.execute(text("SELECT device, log, seq, line FROM record ORDER BY 1, 2, 3")):
            known = lines.setdefault((device, log), [])
            known.append(bytes(line))
            if len(known) != seq:
                raise BrokenError(f"the server's log {log} has no record {len(known)}")
    return lines


@dataclass(frozen=True, slots=True)
class Standing:
    """How a PC's log stands at the server."""

    pc: Pc
    log: str
    promised: int
    there: int
    same: bool
    """As far as both go."""

    @property
    def all_there(self) -> bool:
        """Every promised record is on the server, byte for byte."""
        return self.same and self.there >= self.promised


def standings(world: World) -> list[Standing]:
    """Every log of every PC."""
    by_log = {log: lines for (_, log), lines in held(world.central).items()}
    found = []
    for pc in world.pcs.values():
        for log, lines in pc.promises.lines.items():
            there = by_log.get(log, [])
            same = all(a == b for a, b in zip(lines, there, strict=False))
            found.append(Standing(pc, log, len(lines), len(there), same))
    return found


def waiting(world: World) -> list[str]:
    """What should be on the server and is not yet."""
    return [
        f"{one.pc.name} {one.log}: {one.promised} promised, {one.there} there, {'same' if one.same else 'differs'}"
        for one in standings(world)
        if not one.all_there and not excused(world, one)
    ]


def excused(world: World, one: Standing) -> bool:
    """Why a log need not be whole on the server: it was damaged, its key was revoked, or it lost against its twin."""
    pc = one.pc
    if pc.damaged or _revoked(world, pc):
        return one.same
    if not _forked(world, pc):
        return False
    others = [other for other in standings(world) if other.log == one.log and other.pc is not pc]
    return any(other.all_there for other in others)


def _forked(world: World, pc: Pc) -> bool:
    return world.faults.forked == pc.point


def _revoked(world: World, pc: Pc) -> bool:
    return world.faults.revoked is not None and pc.name == script.code(world.faults.revoked[0])


def nothing_failed_unseen(world: World) -> None:
    """No loop of an agent ended with an error that its supervisor took for the end of a try."""
    for pc in world.pcs.values():
        if failed := [event for event in pc.noted if event.startswith("loop_failed")]:
            raise BrokenError(f"{pc.name}: {'; '.join(failed)}")


def records_are_there(world: World) -> None:
    """None lost, none changed, none twice, none that nobody promised."""
    if left := waiting(world):
        raise BrokenError(f"never came: {'; '.join(left)}")
    known = {log for pc in world.pcs.values() for log in pc.promises.lines}
    for (device, log), lines in held(world.central).items():
        if log not in known:
            raise BrokenError(f"nobody knows the server's log {log} of {device}")
        if not any(
            lines == pc.promises.lines[log][: len(lines)] for pc in world.pcs.values() if log in pc.promises.lines
        ):
            raise BrokenError(f"the server's log {log} is not what was promised")


def forks_are_kept(world: World) -> None:
    """A log that grew in two places is refused, kept in both versions and alarmed; no other is called a fork."""
    with world.central.services.engine.connect() as db:
        rows = db.execute(text("SELECT log, batch FROM fork ORDER BY seen_at, log, ends"))
        forks = [(row.log, bytes(row.batch)) for row in rows]
    point = world.faults.forked
    twins = [pc for pc in world.pcs.values() if pc.point == point]
    logs = {log for pc in twins for log in pc.promises.lines}
    if wrong := [log for log, _ in forks if log not in logs]:
        raise BrokenError(f"called forks without being any: {wrong}")
    for log in sorted(logs):
        versions = [pc.promises.lines[log] for pc in twins if log in pc.promises.lines]
        if len(versions) < 2 or all(a == b for a, b in zip(*versions, strict=False)):
            continue
        there = next((lines for (_, name), lines in held(world.central).items() if name == log), [])
        refused = next(lines for lines in versions if lines[: len(there)] != there[: len(lines)] or lines != there)
        kept = [line for name, body in forks if name == log for line in decode_batch(body).lines]
        if not kept or not all(any(line in lines for lines in versions) for line in kept):
            raise BrokenError(f"the fork of {log} is not kept")
        if not any(line in refused for line in kept):
            raise BrokenError(f"the refused version of {log} is not kept")
        if not any("alarm sync" in pc.noted for pc in twins):
            raise BrokenError(f"nobody at the bridge point was told of the fork of {log}")


def revoked_is_out(world: World) -> None:
    """After its revocation nothing of a device is taken."""
    if world.revoked_at is None or world.faults.revoked is None:
        return
    device = world.pcs[script.code(world.faults.revoked[0])].device
    with world.central.services.engine.connect() as db:
        query = text("SELECT max(received_at) FROM signed_head WHERE device = :device")
        last = db.execute(query, {"device": device}).scalar_one()
    if last is not None and last > world.revoked_at:
        raise BrokenError(f"a batch of the revoked {device} was taken at {last}, after {world.revoked_at}")


def receipts_of(world: World) -> list[Receipt]:
    """All receipts that the PCs keep, written out by the agent's own command."""
    receipts: list[Receipt] = []
    for name, pc in world.pcs.items():
        out = world.folder / f"{name}.ndjson"
        with contextlib.redirect_stdout(io.StringIO()):
            receipts_command.write(pc.settings.folder, out)
        receipts += read_receipts(out)
    return receipts


def proof_holds(world: World, receipts: list[Receipt]) -> Report:
    """`verify` with all receipts finds nothing.

    But of a forked log, when the server that had taken one version was restored and then took the other: there it must
    find that the receipts of the first say something else, or say nothing.
    """
    with world.central.services.engine.connect() as connection, connection.begin():
        report = verify(StoredEvidence(connection), receipts)
    twins = [pc.device for pc in world.pcs.values() if _forked(world, pc)] if world.restored else []
    if wrong := [finding.en for finding in report.findings if finding.device not in twins]:
        raise BrokenError("verify: " + "; ".join(wrong[:5]))
    accused = [en for _, en in report.notices if "for a person to look at" in en]
    if accused := [en for en in accused if not any(device in en for device in twins)]:
        raise BrokenError("an honest record is called backdated: " + "; ".join(accused[:5]))
    return report


def clocks_are_honest(world: World) -> None:
    """The offset in every record is what it was, give or take its uncertainty; a wrong clock is flagged."""
    for pc in world.pcs.values():
        for lines in pc.promises.lines.values():
            for record in map(decode, lines):
                if not record.boot_id.startswith(f"{pc.name}-") or record.boot_id not in pc.boots:
                    continue  # a twin's past
                true = pc.true_time(record.boot_id, record.boot)
                trust = clock_trust(record.offset, record.uncertainty)
                if record.offset is None or record.uncertainty is None:
                    continue
                off = abs(record.wall + record.offset - true)
                if off > record.uncertainty + 2:
                    raise BrokenError(
                        f"{pc.name} {record.seq}: its time is {off:.0f} ms off, it says {record.uncertainty}"
                    )
                if abs(record.wall - true) > SKEW_UNTRUSTED_MS + 2 * record.uncertainty + 2 and trust != "untrusted":
                    raise BrokenError(f"{pc.name} {record.seq}: the wall clock is wrong and called {trust}")


def participation_is_true(world: World) -> None:
    """What the ledger says of each learner is what happened in the room, minus what nobody observed."""
    now = world.central.now()
    for day in range(script.DAYS):
        session = script.session_id(day)
        state = world.central.services.books.of(session).state(now)
        begin = day * script.DAY_S
        lesson, away = ([(begin + start, begin + end)] for start, end in (script.SESSION, script.BREAK))
        schedule = subtract(_ms(lesson), _ms(away))
        for point in state.points:
            number = int(point.facts.code[1:])
            pcs = [pc for pc in world.pcs.values() if pc.point == number]
            records = list(_records(pcs, session))
            if not point.clock_known:
                continue  # told as such; durations alone hold
            off = max((record.uncertainty or 0 for record in records if record.offset is not None), default=0)
            edge = off + round(SWEEP_S * 1000) + SLACK_MS
            watched, pauses = _watched(pcs), _paused(pcs)
            unsure = any(pc.damaged or _revoked(world, pc) or _forked(world, pc) or _lost_in_time(pc) for pc in pcs)
            for learner in point.learners:
                part = learner.participation
                where = f"{learner.facts.code} on day {day + 1}"
                if part.scheduled_ms != total(schedule):
                    raise BrokenError(f"{where}: scheduled {part.scheduled_ms}, not {total(schedule)}")
                if part.seen_ms + part.not_seen_ms + part.not_observed_ms != part.scheduled_ms:
                    raise BrokenError(f"{where}: the three values do not add up")
                code = learner.facts.code
                here = _ms(pcs[0].room.present[code])
                if script.by_pin(code):
                    here = intersect(here, _since_check_in(records, learner.facts.id, unsure))
                _nothing(f"{where}: presence was invented", subtract(part.seen, _grown(here, edge)))
                # Two records may place one moment of the PC's clock apart by what they do not know of it, and coverage
                # may end a look after a learner's interval.
                absent = subtract(intersect(part.not_seen, _shrunk(here, edge)), pauses)
                _nothing(f"{where}: absence was invented", absent, edge + off)
                known = spans([*part.seen.tolist(), *part.not_seen.tolist()])
                _nothing(f"{where}: nobody watched, but", subtract(known, _grown(watched, edge)))
                if not unsure and not script.by_pin(code) and not script.far(code):
                    durable = subtract(_shrunk(watched, edge), _grown(_lost(pcs), edge))
                    missed = subtract(intersect(schedule, durable), known)
                    _nothing(f"{where}: what was observed is not there", missed)


def _since_check_in(records: Iterable[AnyRecord], learner: str, unsure: bool) -> Spans:
    """From when on a learner by PIN is somebody of whom the bridge point knows that nothing is known: not absent.

    Nothing where the PC's log was lost or doubled: who had checked in into the one that was is not known in the next.
    """
    came = [r.server_time(r.at) for r in records if isinstance(r, CheckIn) and r.learner == learner]
    return spans([] if unsure or not came else [(min(came), EPOCH + round(WELL_AT * 1000))])


def the_desk_was_used(world: World) -> None:
    """Records of all kinds that a desk makes came into being, unless the world was too broken for it."""
    kinds = {type(decode(line)) for pc in world.pcs.values() for lines in pc.promises.lines.values() for line in lines}
    if missing := {CheckIn, OnDuty, Unobserved, ProfileUsed, Headcount} - kinds:
        raise BrokenError(f"no record of these kinds was made: {sorted(kind.__name__ for kind in missing)}")


def _lost_in_time(pc: Pc) -> bool:
    """Its clock was wrong while no server told it so: a session may be missed, or taken for another. All is flagged."""
    return pc.lost_in_time or any(
        record.offset is None
        and record.boot_id in pc.boots
        and abs(record.wall - pc.true_time(record.boot_id, record.boot)) > SKEW_WARN_MS / 2
        for lines in pc.promises.lines.values()
        for record in map(decode, lines)
    )


def _records(pcs: Iterable[Pc], session: str) -> Iterable[AnyRecord]:
    for pc in pcs:
        for lines in pc.promises.lines.values():
            with contextlib.suppress(RecordError):
                yield from (one for one in map(decode, lines) if one.session == session)


def _watched(pcs: Iterable[Pc]) -> Spans:
    """When a camera was looked at, over and over."""
    looks = (look for pc in pcs for run in pc.runs for look in itertools.pairwise(run))
    return _ms(look for look in looks if look[1] - look[0] < UNWATCHED_STEP_S)


def _paused(pcs: Iterable[Pc]) -> Spans:
    """A PC that stands still for less than the agent's own bound counts as watching: who comes then is seen after."""
    looks = (look for pc in pcs for run in pc.runs for look in itertools.pairwise(run))
    return _ms(look for look in looks if SWEEP_S + 0.1 < look[1] - look[0] < UNWATCHED_STEP_S)


def _lost(pcs: Iterable[Pc]) -> Spans:
    return _ms([(loss.start, loss.end) for pc in pcs for loss in pc.losses])


def _ms(pairs: Iterable[tuple[float, float]]) -> Spans:
    return spans([(EPOCH + round(start * 1000), EPOCH + round(end * 1000)) for start, end in pairs])


def _grown(a: Spans, by: int) -> Spans:
    return spans([(int(start) - by, int(end) + by) for start, end in a])


def _shrunk(a: Spans, by: int) -> Spans:
    return spans([(int(start) + by, int(end) - by) for start, end in a])


def _nothing(what: str, left: Spans, but: int = 0) -> None:
    """No span is longer than `but` ms."""
    if any(end - start > but for start, end in left):
        raise BrokenError(f"{what}: {[(int(a) - EPOCH, int(b) - EPOCH) for a, b in left]} ms")
