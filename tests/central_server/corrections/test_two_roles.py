"""Somebody who is lecturer of a course and technician at one bridge point signs for that bridge point alone."""

from __future__ import annotations

from central_server.accounts.permission import Grant
from tests.central_server.corrections.making import PDF, S1
from tests.central_server.courses.making import course_id
from tests.central_server.running import MINUTE, START, Agent, Running


def test_who_signs_for_one_bridge_point_and_sees_all_gets_that_one(server: Running, agent: Agent) -> None:
    mine, others = "Nguyễn Văn A0", "Nguyễn Văn C2"
    with server.services.engine.connect() as connection:
        other = str(connection.exec_driver_sql("SELECT id FROM learner WHERE code = 'HV002'").scalar_one())
    server.clock.ms = START + 300 * MINUTE
    agent.coverage("K1.1", START, START + 210 * MINUTE)
    agent.send_all()
    server.account(
        "hai-vai", Grant("lecturer", course=course_id(server)), Grant("technician", None, agent.bridge_point)
    )
    both = server.signed_in("hai-vai")
    sheet = both.get("/sessions/K1.1/sheet").text
    assert mine in sheet and others in sheet  # as a lecturer
    for page in (f"{S1}/corrections", f"{S1}/signed-sheet"):
        told = both.get(page).text
        assert mine in told and others not in told, page
    form = {"start": "8:00", "end": "9:00", "why": "camera", "words": "x", "learner": [other]}
    assert both.post(f"{S1}/signed-sheet", data=form, files={"file": ("a.pdf", PDF)}).status_code == 404
    page = server.manager().get(f"{S1}/corrections").text
    digest = page.split('name="figures" value="')[-1][:64]
    assert server.manager().post(f"{S1}/seal", data={"as": "class_manager", "figures": digest}).status_code == 200
    told = both.get(f"{S1}/revisions/0").text
    assert mine in told and others not in told
