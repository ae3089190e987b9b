"""The USB stick: what it holds, and that nothing is installed from one that was changed."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from central_server.help.routes import FOLDERS
from deploy.bundle.__main__ import ROOT, fill
from deploy.bundle.contents import LEFT_OUT, PLATFORMS, PYTHONS, Target, for_target, read_lock
from deploy.bundle.stick import install as installer

LOCK = read_lock((ROOT / "deploy" / "requirements" / "agent.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole bundle but for the packages of others."""
    folder = tmp_path_factory.mktemp("stick") / "bundle"
    fill(folder, "0.1.0", [])
    return folder


def install(bundle: Path, root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    python = getattr(sys, "_base_executable", sys.executable)
    env = {"PATH": os.environ["PATH"], "DIEMDANH_LANGUAGE": "en", "DIEMDANH_PYTHON": python, "HOME": str(root)}
    command = ["sh", str(bundle / "install.sh"), *more, "--into", str(root)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="install.sh is for Linux")
def test_a_changed_wheel_a_missing_and_an_added_one_are_refused_before_anything_is_written(
    bundle: Path, tmp_path: Path
) -> None:
    stick, root = tmp_path / "stick", tmp_path / "root"
    shutil.copytree(bundle, stick)
    wheel = stick / "wheels" / "diemdanh-0.1.0-py3-none-any.whl"
    good = wheel.read_bytes()

    wheel.write_bytes(good[:1000] + bytes([good[1000] ^ 1]) + good[1001:])
    changed = install(stick, root)
    wheel.unlink()
    missing = install(stick, root)
    wheel.write_bytes(good)
    (stick / "wheels" / "h11-9-py3-none-any.whl").write_bytes(good)
    added = install(stick, root)

    for done, name in ((changed, wheel.name), (missing, wheel.name), (added, "h11-9-py3-none-any.whl")):
        assert (done.returncode, name in done.stderr, "othing" in done.stderr) == (2, True, True), done.stderr
        assert "Traceback" not in done.stderr
    assert not root.exists()


def test_the_sums_cover_every_file_and_the_wheel_carries_the_pages_libraries(bundle: Path) -> None:
    lines = (bundle / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    told = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = [path for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS"]
    assert told == {
        path.relative_to(bundle).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    assert {"install.sh", "install.ps1", "install.cmd", "install.py", "README.txt", "requirements.txt"} <= set(told)
    about = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    assert {f"weights/{name}" for name in about["weights"]} <= set(told)
    assert {"shape_predictor_5_face_landmarks.dat"} <= set(about["weights"])
    with zipfile.ZipFile(bundle / "wheels" / "diemdanh-0.1.0-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {"central_server/web/static/vendor/htmx.min.js", "bridge_agent/autostart/user.service"} <= names
    articles = {path.relative_to(ROOT).as_posix() for part in FOLDERS.values() for path in part.rglob("*.*")}
    assert len(articles) > 30
    assert {*articles, "models/handbook/handbook.css", "models/handbook/templates/handbook_article.html"} <= names


def test_the_stick_brings_the_technicians_handbook_as_one_file(bundle: Path) -> None:
    page = (bundle / "HUONG-DAN.html").read_text(encoding="utf-8")
    assert 'id="install--stick"' in page
    assert 'src="data:image/webp;base64,' in page
    assert "HUONG-DAN.html" in (bundle / "README.txt").read_text(encoding="utf-8-sig")


def test_windows_programs_get_the_form_that_they_read(bundle: Path) -> None:
    script, launcher = ((bundle / name).read_bytes() for name in ("install.ps1", "install.cmd"))
    assert script.startswith(b"\xef\xbb\xbf") and launcher.startswith(b"@echo off\r\n")
    for text in (script, launcher):
        assert text.count(b"\n") == text.count(b"\r\n") > 5
    assert b"\r" not in (bundle / "install.sh").read_bytes()


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_pc_gets_what_the_agent_needs_by_hash_and_nothing_that_is_left_out(platform: str, python: str) -> None:
    wanted = for_target(LOCK, Target(platform, python))
    names = [one.requirement.name for one in wanted]
    assert len(names) == len(set(names))  # one version of each, where the lock tells Pythons apart
    assert {"openvino", "opencv-python-headless", "aiortc", "av", "dlib-bin", "onnx", "keyring"} <= set(names)
    assert not set(names) & (set(LEFT_OUT) | {"fastapi", "sqlmodel"})
    assert ("pywin32-ctypes" in names, "secretstorage" in names) == (platform == "windows", platform == "linux")
    assert all(one.hashes and all(digest.startswith("sha256:") for digest in one.hashes) for one in wanted)


@pytest.mark.skipif(os.name == "nt", reason="links as Linux has them")
def test_an_upgrade_keeps_the_version_before_for_rollback_and_no_older_one(tmp_path: Path) -> None:
    for name in ("1-a", "2-b", "3-c"):
        folder = tmp_path / "versions" / name
        folder.mkdir(parents=True)
        (folder / installer.MARK).write_text("{}", encoding="utf-8")
        installer.point_at(tmp_path, name)
        installer.drop_old(tmp_path)
    unfinished = tmp_path / "versions" / "4-d"
    unfinished.mkdir()
    assert sorted(path.name for path in (tmp_path / "versions").iterdir()) == ["2-b", "3-c", "4-d"]
    assert (installer.current(tmp_path), installer.previous(tmp_path)) == ("3-c", "2-b")
    installer.rollback(tmp_path)
    assert (installer.current(tmp_path), installer.previous(tmp_path)) == ("2-b", "3-c")
    assert (tmp_path / "current" / installer.MARK).exists()


def test_a_python_for_which_the_stick_holds_nothing_is_told_what_to_do() -> None:
    about = {"pythons": list(PYTHONS), "carries": [[installer.this_pc()[0], "2.7"]]}
    told = installer.obstacle(about, from_internet=False)
    assert told is not None and "2.7" in told[1] and "--from-internet" in told[1]
    assert installer.obstacle(about, from_internet=True) is None
    assert installer.obstacle({**about, "carries": [installer.this_pc()]}, from_internet=False) is None


ANSWERS_ONCE = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    server.accept()[0].close()
"""


def test_after_the_install_enter_starts_the_agent_and_opens_its_page_and_anything_else_does_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    agent = [sys.executable, "-I", "-c", ANSWERS_ONCE, str(port)]
    opened: list[str] = []
    installer.offer_to_start(agent, lambda _: "k", opened.append, port)
    assert opened == []
    installer.offer_to_start(agent, lambda _: "", opened.append, port)  # returns when the agent has ended
    assert opened == [f"http://localhost:{port}"]
    installer.offer_to_start([sys.executable, "-I", "-c", ""], lambda _: "", opened.append, port)
    assert len(opened) == 1  # one that ends at once has no page
