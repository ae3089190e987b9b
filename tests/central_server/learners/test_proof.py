"""`verify` names whoever changes templates, PINs, cards or lookalikes in the database behind the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import ENCODER, enrol, face, learner, technician
from tests.central_server.learners.test_means import cards, make
from tests.central_server.running import Running, join, running, write_course

HANDS = (
    "UPDATE face_template SET sealed = randomblob(1052)",
    "UPDATE face_template SET version = version + 1",
    "UPDATE face_template SET portraits = 20",
    "DELETE FROM face_template",
    "UPDATE learner_means SET pin = (SELECT pin FROM learner_means WHERE pin IS NOT NULL LIMIT 1)",
    "UPDATE learner_means SET pin = NULL",
    "UPDATE learner_means SET card_digest = 'x' WHERE card IS NOT NULL",
    "UPDATE learner_means SET card = NULL, card_digest = NULL",
    "DELETE FROM learner_means",
    "DELETE FROM lookalike",
    "UPDATE lookalike SET judged_at = 1, judged_by = 'a-1'",
    "UPDATE lookalike SET judged_at = NULL",
    "UPDATE account SET pin = NULL",
    "UPDATE account SET pin = randomblob(99) WHERE pin IS NOT NULL",
    "UPDATE consent SET witness = 'a-1'",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Three learners alike, one pair of them judged; PINs, a card, a technician's PIN."""
    folder: Path = tmp_path_factory.mktemp("hands")
    with running(folder / "data") as one:
        one.load(write_course(folder / "course.toml", learners=6))
        agent, witness = join(one), technician(one)
        people = [learner(one, code) for code in ("HV000", "HV001", "HV003")]
        for number, who in enumerate(people):
            enrol(agent, who, face(number + 5, like=face(1)), witness)
        pair = {"learner": people[0], "other": people[1], "encoder": ENCODER}
        one.manager().post(f"/courses/{course_id(one)}/lookalikes", data=pair)
        make(one)
        cards(one, HV000="0012345678")
        one.signed_in("ky-thuat").post("/account/pin", data={"pin": "270514", "again": "270514"})
        yield one


def test_without_a_hand_there_is_nothing_to_find(server: Running) -> None:
    assert prove(server) == []


@pytest.mark.parametrize("hand", HANDS)
def test_a_hand_is_found(server: Running, hand: str) -> None:

    with server.services.engine.connect() as connection, connection.begin() as transaction:
        assert connection.execute(text(hand)).rowcount, "the hand changes something"
        findings = verify(StoredEvidence(connection), []).findings
        transaction.rollback()
    assert findings
