"""Proving one chain of raw lines: which record was changed, removed, added or swapped. Pure.

Beside each line its head is kept, so that one touched record is told from its neighbours. Who recomputes the heads
too is found by the next checkpoint that the device signed, or by a receipt; then the records since the last are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from central_server.proof.evidence import Row
from central_server.proof.findings import Finding, What, record_finding
from models.records import GENESIS, chain

Identity = Callable[[bytes], int | None]
"""The seq that a line itself claims in this log; None when it is not valid, or of another log."""
Fixed = tuple[int, bytes, str, str]
"""A seq and the head that somebody vouches for there, and who, as words in both languages."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What came out: the head after each record as the lines give it, and what is wrong."""

    heads: dict[int, bytes]
    findings: tuple[Finding, ...]


def prove_chain(
    device: str, log: str, rows: Sequence[Row], identity: Identity, fixed: Iterable[Fixed], end: int | None
) -> Proved:
    """Prove a chain. rows: in the order they are stored in. end: the seq that somebody vouches for as the last; None
    when nobody does and what is there must do.
    """  # fmt: skip
    known = sorted(fixed, key=lambda one: one[0])
    by_seq: dict[int, Row] = {}
    findings: list[Finding] = []

    def found(what: What, first: int, last: int | None, vi: str, en: str) -> None:
        findings.append(record_finding(what, device, log, first, last, vi, en))

    for row in rows:
        if row.seq in by_seq:
            found("added", row.seq, None, "số này có hai bản ghi", "there are two with this number")
        else:
            by_seq[row.seq] = row
    firsts = list(by_seq)
    for here, due in zip(firsts, sorted(firsts), strict=True):
        if here != due:
            found("swapped", here, None, f"nó đứng ở chỗ của {due}", f"it stands in the place of {due}")
    claims = {seq: identity(row.line) for seq, row in by_seq.items()}
    last = max([*by_seq, end or 0, *(one[0] for one in known)], default=0)
    final = last if end is None else max([end, *(one[0] for one in known)])
    vouched = {seq: head for seq, head, _, _ in known}
    heads = {0: GENESIS}
    before: bytes | None = GENESIS
    bad: set[int] = set()
    for seq in sorted(by_seq):
        row = by_seq[seq]
        if seq - 1 not in by_seq and seq > 1:
            before = None
        link = chain(before, (row.line,)) if before is not None else row.head
        if link != row.head and _head_alone_differs(seq, link, by_seq, vouched):
            found("changed", seq, None, "giá trị băm lưu cạnh nó khác", "the head kept beside it differs")
            heads[seq] = before = link
            continue
        heads[seq] = before = row.head
        claim = claims[seq]
        if seq > final:
            found("added", seq, None, "không có chữ ký nào bao gồm nó", "no signature covers it")
        elif claim is not None and claim != seq and claims.get(claim) == seq:
            found("swapped", seq, None, f"ở đây là bản ghi {claim}", f"record {claim} stands here")
        elif link != row.head or claim != seq:
            found("changed", seq, None, "dòng gốc khác với chuỗi băm", "its raw line does not fit the chain")
        else:
            continue
        bad.add(seq)
    for first, missing_to in _missing(by_seq, last):
        who = next(((vi, en) for seq, _, vi, en in known if seq >= first), ("nhật ký", "the log"))
        found("removed", first, missing_to, f"{who[0]} có nó", f"{who[1]} had it")
        bad.update(range(first, missing_to + 1))
    good = 0
    for seq, head, vi, en in known:
        if heads.get(seq) == head:
            good = seq
        elif seq in heads and not any(good < one <= seq for one in bad):
            found("changed", good + 1, seq, f"giá trị băm khác với {vi}", f"the head there differs from {en}")
            bad.add(seq)
    return Proved(heads, tuple(findings))


def _head_alone_differs(seq: int, link: bytes, by_seq: dict[int, Row], vouched: dict[int, bytes]) -> bool:
    """Whether the line fits what follows or what is vouched for, so that only the head beside it was touched."""
    if seq in vouched:
        return vouched[seq] == link
    following = by_seq.get(seq + 1)
    return following is not None and chain(link, (following.line,)) == following.head


def _missing(present: dict[int, Row], last: int) -> Iterator[tuple[int, int]]:
    """The runs of seqs up to `last` that are not there."""
    due = 1
    for seq in [*sorted(present), last + 1]:
        if seq > due:
            yield due, seq - 1
        due = max(due, seq + 1)
