"""What an agent asks for is what the server answers: neither may import the other, so nothing else ties the two."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import bridge_agent.server
from central_server.app import create_app
from central_server.config import Config
from tests.central_server.routes import routes_of


def _shape(address: ast.expr) -> str | None:
    """An address with `{}` for what is put in; None: this is no address."""
    if isinstance(address, ast.Constant) and isinstance(address.value, str):
        text = address.value
    elif isinstance(address, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in address.values)
    else:
        return None
    return text if text.startswith("/api/") else None


def test_every_address_that_an_agent_asks_is_one_of_the_server(tmp_path: Path) -> None:
    source = ast.parse(inspect.getsource(bridge_agent.server))
    inside = {id(part) for node in ast.walk(source) if isinstance(node, ast.JoinedStr) for part in node.values}
    nodes = (node for node in ast.walk(source) if isinstance(node, ast.expr) and id(node) not in inside)
    asked = {shape for node in nodes if (shape := _shape(node)) is not None}
    answered = {
        "/".join("{}" if part.startswith("{") else part for part in route.path.split("/"))
        for route in routes_of(create_app(Config(data=str(tmp_path))))
    }
    assert len(asked) >= 10
    assert asked <= answered
