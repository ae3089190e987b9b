"""The administrator's pages over HTTP: accounts, permissions, bridge points, and what the audit log tells of them."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import get_args

import httpx
import pytest
from sqlalchemy import text

from central_server.accounts.audit import GROUPS
from central_server.accounts.permission import Grant
from models.own_records import AnyOwnRecord
from models.receipts import Receipt
from tests.central_server.running import MINUTE, START, Agent, Running, join

NEW = {"login": "Hoa.Tran", "name": "  Trần   Thị Hoa ", "role": "class_manager", "course": "K1", "bridge_point": ""}


@pytest.fixture
def boss(server: Running) -> httpx.Client:
    return server.administrator()


def words(got: httpx.Response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", got.text).split()))


def made(boss: httpx.Client, **changed: str) -> tuple[str, str]:
    """A new account's id and the key of its link."""
    got = boss.post("/admin/accounts", data=NEW | changed)
    assert got.status_code == 200, words(got)
    account = re.search(r"/admin/audit\?person=(a-\w+)", got.text)
    key = re.search(r"/sign-in/link\?key=([\w-]+)", got.text)
    assert account and key
    return account[1], key[1]


def test_an_account_is_made_with_a_link_that_is_shown_once(server: Running, boss: httpx.Client) -> None:
    account, key = made(boss)
    page = boss.get(f"/admin/accounts/{account}")
    assert key not in page.text
    assert "Trần Thị Hoa" in page.text and "hoa.tran" in page.text and "chưa đặt mật khẩu" in words(page)
    hoa, new = server.client(), "trời xanh mây trắng"
    got = hoa.post("/sign-in/link", data={"key": key, "password": new, "again": new})
    assert got.url.path == "/" and "Buổi 1" in got.text
    assert hoa.get("/admin/accounts").status_code == 403


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"login": "a"}, "Tên đăng nhập"),
        ({"login": "có dấu"}, "Tên đăng nhập"),
        ({"login": "quan-tri-thu"}, "Đã có tài khoản"),
        ({"name": " "}, "họ và tên"),
        ({"course": "K9"}, 'Không có lớp mã "K9"'),
        ({"bridge_point": "NO"}, 'Không có điểm cầu mã "NO"'),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    boss: httpx.Client, changed: dict[str, str], says: str
) -> None:
    got = boss.post("/admin/accounts", data=NEW | changed)
    assert got.status_code == 422 and says in words(got)
    for name in ("login", "course"):
        assert f'value="{(NEW | changed)[name]}"' in got.text
    assert "hoa.tran" not in words(boss.get("/admin/accounts"))  # nothing half done


def test_permissions_are_given_taken_and_given_back(server: Running, boss: httpx.Client) -> None:
    account, _ = made(boss, role="")
    hoa = server.signed_in("hoa.tran")
    assert "chưa được giao quyền" in words(hoa.get("/"))
    given = {"role": "lecturer", "course": "K1"}
    assert "Đã giao quyền" in words(boss.post(f"/admin/accounts/{account}/grants", data=given))
    assert hoa.get("/sessions/K1.1").status_code == 200
    again = boss.post(f"/admin/accounts/{account}/grants", data=given)
    assert again.status_code == 422 and "đã có quyền này" in words(again)
    grant = re.search(r"grants/(g-\w+)/take", boss.get(f"/admin/accounts/{account}").text)
    assert grant is not None
    taken = boss.post(f"/admin/accounts/{account}/grants/{grant[1]}/take")
    assert "Đã thu hồi quyền" in words(taken)
    assert hoa.get("/sessions/K1.1").status_code == 403
    undo = dict(re.findall(r'type="hidden" name="(role|course|bridge_point)" value="([^"]*)"', taken.text))
    assert undo == {"role": "lecturer", "course": "K1", "bridge_point": ""}
    boss.post(f"/admin/accounts/{account}/grants", data=undo)
    assert hoa.get("/sessions/K1.1").status_code == 200
    assert boss.post(f"/admin/accounts/{account}/grants/{grant[1]}/take").status_code == 404


def test_nobody_takes_the_last_way_in_from_himself(server: Running, boss: httpx.Client) -> None:
    me = re.search(r'/admin/accounts/(a-\w+)">Người dùng quan-tri-thu', boss.get("/admin/accounts").text)
    assert me is not None
    grant = re.search(r"grants/(g-\w+)/take", boss.get(f"/admin/accounts/{me[1]}").text)
    assert grant is not None
    assert boss.post(f"/admin/accounts/{me[1]}/grants/{grant[1]}/take").status_code == 422
    assert boss.post(f"/admin/accounts/{me[1]}/disable").status_code == 422
    assert boss.get("/admin/accounts").status_code == 200


def test_disabling_resetting_and_linking_to_a_learner(server: Running, boss: httpx.Client) -> None:
    account, _ = made(boss)
    hoa = server.signed_in("hoa.tran")
    page = boss.post(f"/admin/accounts/{account}/disable")
    assert "đã bị đăng xuất" in words(page) and "đã khóa" in words(page)
    assert hoa.get("/", follow_redirects=False).status_code == 303
    boss.post(f"/admin/accounts/{account}/enable")
    server.signed_in("hoa.tran")
    details = {"name": "Hoa", "email": "HOA@so.example", "learner": "HV000"}
    assert "Đã lưu" in words(boss.post(f"/admin/accounts/{account}/details", data=details))
    other, _ = made(boss, login="other")
    for wrong, says in (
        ({"email": "hoa@so.example"}, "Tài khoản khác đã dùng thư"),
        ({"email": "no mail"}, "không phải là một địa chỉ thư"),
        ({"learner": "HV000"}, 'đã có tài khoản "hoa.tran"'),
        ({"learner": "NO"}, 'Không có học viên mã "NO"'),
    ):
        got = boss.post(f"/admin/accounts/{other}/details", data={"name": "X"} | wrong)
        assert got.status_code == 422 and says in words(got)
    assert boss.post(f"/admin/accounts/{account}/second-factor/reset").status_code == 200
    assert boss.post("/admin/accounts/a-nobody/disable").status_code == 404


def test_the_list_is_searched_without_marks_and_sorted_by_the_given_name(server: Running, boss: httpx.Client) -> None:
    for login, name in (("an", "Phạm Thị Ánh"), ("binh", "Đỗ Văn Bình"), ("zung", "Lê Đức Dũng")):
        made(boss, login=login + "1", name=name, role="technician" if login == "zung" else "lecturer", course="")
    found = words(boss.get("/admin/accounts", params={"search": "do binh"}))
    assert "Đỗ Văn Bình" in found and "Phạm Thị Ánh" not in found
    page = boss.get("/admin/accounts").text
    assert page.index("Phạm Thị Ánh") < page.index("Đỗ Văn Bình") < page.index("Lê Đức Dũng")
    only = words(boss.get("/admin/accounts", params={"role": "technician"}))
    assert "Lê Đức Dũng" in only and "Đỗ Văn Bình" not in only
    assert boss.get("/admin/accounts", params={"sort": "nonsense"}).status_code == 422


def test_a_new_link_puts_the_old_one_out_of_use(server: Running, boss: httpx.Client) -> None:
    account, first = made(boss)
    got = boss.post(f"/admin/accounts/{account}/link")
    assert server.client().get("/sign-in/link", params={"key": first}).status_code == 401
    second = re.search(r"/sign-in/link\?key=([\w-]+)", got.text)
    assert second and server.client().get("/sign-in/link", params={"key": second[1]}).status_code == 200
    assert "có một đường dẫn chưa dùng" in words(boss.get(f"/admin/accounts/{account}")).lower()


def test_the_audit_log_says_who_did_what(server: Running, boss: httpx.Client) -> None:
    account, _ = made(boss)
    boss.post(f"/admin/accounts/{account}/disable")
    page = words(boss.get("/admin/audit"))
    for said in (
        "Người dùng quan-tri-thu tạo tài khoản Trần Thị Hoa",
        "giao cho Trần Thị Hoa quyền cán bộ quản lý lớp trong lớp Bồi dưỡng ngạch chuyên viên",
        "Người dùng quan-tri-thu khóa tài khoản Trần Thị Hoa",
        "Người dùng quan-tri-thu đăng nhập bằng đường dẫn dùng một lần",
        "ghi danh học viên HV000 vào lớp",
    ):
        assert said in page, said
    assert page.index("khóa tài khoản") < page.index("tạo tài khoản Trần")  # newest first
    assert "Nguyễn Văn A0" not in page  # a learner's name
    assert "made the account Trần Thị Hoa" in words(boss.get("/admin/audit?lang=en"))


def test_the_audit_log_is_filtered_and_paged(server: Running, boss: httpx.Client) -> None:
    account, _ = made(boss)
    with server.services.engine.connect() as connection:
        course = connection.execute(text("SELECT id FROM course")).scalar_one()

    def acts(**wanted: object) -> list[str]:
        got = boss.get("/admin/audit?lang=vi", params={"lang": "vi"} | wanted)  # type: ignore[arg-type]
        assert got.status_code == 200
        return re.findall(r'data-label="Việc">([^<]*)<', got.text)

    assert acts(person=account) == [one for one in acts() if "Hoa" in one]
    assert all("đăng nhập" in one for one in acts(kind="sign-ins"))
    of_course = acts(course=course)
    assert any("dự buổi K1.1" in one for one in of_course) and any("Hoa" in one for one in of_course)
    assert not any("mã gia nhập" in one for one in of_course)
    assert acts(before=3) == acts()[-2:]
    assert acts(kind="nonsense") == acts() and acts(person="' OR 1=1 --") == []


def test_every_kind_of_act_can_be_read(server: Running, boss: httpx.Client) -> None:
    """audit.sentence matches on all kinds (mypy says when one is missing); the filter must know each too."""
    grouped = [kind for _, kinds in GROUPS.values() for kind in kinds]
    assert sorted(map(str, grouped)) == sorted(map(str, get_args(AnyOwnRecord)))


def test_bridge_points_join_are_heard_and_are_revoked(server: Running, boss: httpx.Client, agent: Agent) -> None:
    page = words(boss.get("/admin/bridge-points"))
    assert agent.device in page and "chưa bao giờ" in page
    agent.status("K1.1", {})
    assert "08:00, 24/11/2026" in words(boss.get("/admin/bridge-points"))
    added = boss.post("/admin/bridge-points", data={"code": "PG", "name": "Phú Giáo"})
    assert "Phú Giáo" in added.text and "Đã thêm" in words(added)
    for code, name, says in (("PG", "Lại", "Đã có điểm cầu"), ("có dấu", "X", "Hãy ghi mã"), ("X", " ", "Hãy ghi mã")):
        got = boss.post("/admin/bridge-points", data={"code": code, "name": name})
        assert got.status_code == 422 and says in words(got)
    points = re.findall(r"/admin/bridge-points/(p-\w+)/token", added.text)
    assert len(points) == 3
    token = boss.post(f"/admin/bridge-points/{points[1]}/token")
    shown = re.search(r"([0-9A-Z]{5}-){3}[0-9A-Z]{5}", token.text)
    assert shown and shown[0] not in boss.get("/admin/bridge-points").text
    assert "public_address" in token.text  # the line names 127.0.0.1
    elsewhere = boss.post(f"/admin/bridge-points/{points[1]}/token", headers={"Host": "diemdanh.example.vn"})
    assert "http://diemdanh.example.vn" in elsewhere.text and "public_address" not in elsewhere.text
    revoking = re.search(r"/admin/bridge-points/(p-\w+)/revoke", boss.get("/admin/bridge-points").text)
    assert revoking is not None
    assert "đã thu hồi" in words(boss.post(f"/admin/bridge-points/{revoking[1]}/revoke"))
    agent.coverage("K1.1", START, START + MINUTE)
    refused = agent.send_all()
    assert not isinstance(refused, Receipt) and refused.reason == "key_revoked"
    assert agent.status("K1.1", {}).status_code == 401  # at once, though keys are remembered for a while
    audit = words(boss.get("/admin/audit", params={"kind": "bridge-points"}))
    assert "Người dùng quan-tri-thu tạo mã gia nhập" in audit and "Người dùng quan-tri-thu thu hồi khóa" in audit
    assert boss.post("/admin/bridge-points/p-none/token").status_code == 404
    join(server, "PG")


def test_who_makes_a_course_is_given_it(server: Running) -> None:
    """The way for routes that make courses: accounts.giving.give, in the same job."""
    from central_server.accounts.giving import give

    account = server.account("maker", Grant("class_manager", None, None))
    with server.services.engine.connect() as connection:
        course = connection.execute(text("SELECT id FROM course")).scalar_one()
    assert server.do(lambda db: give(db, account, Grant("class_manager", course), account, server.clock()))
    assert not server.do(lambda db: give(db, account, Grant("class_manager", course), account, server.clock()))


def test_a_relative_secret_file_is_seen_from_the_settings_file(tmp_path: Path) -> None:
    from central_server.config import read_config

    path = tmp_path / "server.toml"
    path.write_text('[oidc]\nissuer = "https://sso.example"\nclient_id = "x"\nclient_secret_file = "secret"\n')
    config = read_config(path)
    assert config.oidc is not None and config.oidc.client_secret_file == str(tmp_path / "secret")
