"""Whose signature stands for which figures."""

from __future__ import annotations

from central_server.corrections.sealed_sheet import Figures, LearnerRow, Revision, Seal, Signature
from models.correction_records import Signer


def revision(number: int, *seen: int) -> Revision:
    """Learners with so many ms seen, one at each bridge point p0, p1, …; at p9 sits nobody."""
    points = {f"p{n}": [LearnerRow(f"l{n}", 1000, ms, 1000 - ms, 0, None)] for n, ms in enumerate(seen)}
    figures = Figures(session="s", start=0, end=1000, breaks=(), rule=1, points=points | {"p9": []})
    return Revision(number, "correction", None, figures, "", None, 0)


def signed(of: Revision, signer: Signer, point: str | None) -> Signature:
    return Signature(of.number, signer, point, of.figures.digest_at(point), "a", 0)


def seal(*signatures: Signature, revisions: tuple[Revision, ...]) -> Seal:
    return Seal(("p0", "p1", "p9"), revisions, signatures)


FIRST, SECOND = revision(0, 500, 600), revision(1, 500, 700)
ALL = (signed(FIRST, "technician", "p0"), signed(FIRST, "technician", "p1"), signed(FIRST, "class_manager", None))


def test_both_technicians_and_the_manager_make_a_seal_and_an_empty_room_needs_nobody() -> None:
    for missing in range(3):
        some = [one for n, one in enumerate(ALL) if n != missing]
        assert seal(*some, revisions=(FIRST,)).state == "partly"
    assert seal(*ALL, revisions=(FIRST,)).state == "sealed"
    assert seal(revisions=()).state == "open"


def test_a_revision_keeps_the_signatures_of_the_rooms_that_it_does_not_change() -> None:
    after = seal(*ALL, revisions=(FIRST, SECOND))
    assert after.state == "revised"
    assert after.missing(SECOND) == (("technician", "p1"), ("class_manager", None))
    more = (signed(SECOND, "technician", "p1"), signed(SECOND, "class_manager", None))
    assert seal(*ALL, *more, revisions=(FIRST, SECOND)).state == "sealed"


def test_a_technician_of_all_rooms_signs_once_and_no_manager_signs_as_technician() -> None:
    whole = (signed(FIRST, "technician", None), ALL[2])
    assert seal(*whole, revisions=(FIRST,)).state == "sealed"
    assert seal(ALL[2], revisions=(FIRST,)).missing(FIRST) == (("technician", "p0"), ("technician", "p1"))


def test_a_revision_back_to_the_figures_of_before_is_signed_already() -> None:
    back = revision(2, 500, 600)
    assert seal(*ALL, revisions=(FIRST, SECOND, back)).state == "sealed"
