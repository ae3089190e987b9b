"""Who may import whom: bridge_agent → calibration → models ← central_server, and central_server → calibration."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "models": {"models"},
    "calibration": {"calibration", "models"},
    "bridge_agent": {"bridge_agent", "calibration", "models"},
    "central_server": {"central_server", "calibration", "models"},
}
HEAVY = {"cv2", "onnxruntime", "openvino", "dlib", "aiortc", "av", "fastapi", "sqlmodel", "httpx"}


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", ALLOWED)
def test_arrows_point_only_where_the_house_allows(room: str) -> None:
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = {str(f.relative_to(ROOT)): bad for f in files if (bad := imports(f) & set(ALLOWED) - ALLOWED[room])}
    assert not wrong


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


CONTRACT = ["models.records", "models.wire", "models.presence", "models.participation", "models.islands"]


@pytest.mark.parametrize("module", CONTRACT)
def test_the_contract_loads_no_heavy_library(module: str) -> None:
    assert not loaded_by(module) & HEAVY


def test_the_agents_command_line_loads_neither_pictures_nor_networks_nor_the_server() -> None:
    assert not loaded_by("bridge_agent.cli") & (HEAVY | {"sqlalchemy"})


def test_the_server_loads_nothing_of_the_agents_libraries() -> None:
    heavy = {"cv2", "openvino", "onnxruntime", "dlib", "av", "httpx", "aiortc", "aioice"}
    assert not loaded_by("central_server.app") & heavy


def test_only_one_file_of_the_server_leans_on_private_parts_of_aiortc() -> None:
    private = re.compile(r"_RTCRtp\w+__|\._(send_rtp|handle_rtc?p_packet|send_rtcp_pli|retransmit|ssrc)\b")
    media = sorted((ROOT / "central_server" / "media").glob("*.py"))
    assert [file.name for file in media if private.search(file.read_text(encoding="utf-8"))] == ["passing.py"]


def test_only_one_file_knows_the_networks_runtime() -> None:
    knowing = {
        str(path.relative_to(ROOT))
        for room in ALLOWED
        for path in (ROOT / room).rglob("*.py")
        if imports(path) & {"openvino", "onnxruntime"}
    }
    assert knowing == {"models/faces/runtime.py"}


def test_no_file_is_over_500_lines() -> None:
    files = [f for room in (*ALLOWED, "tests", "deploy") for f in (ROOT / room).rglob("*.py")]
    assert not {f.name: n for f in files if (n := len(f.read_text(encoding="utf-8").splitlines())) > 500}
