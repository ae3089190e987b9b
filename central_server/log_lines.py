"""The server's log: a line of JSON each, without names, for whoever keeps the error output (systemd, Docker).

Our own messages are an event and its facts: `joined device=… bridge_point=…`. Of an error its kind and the places that
it came by are written and never its message: a database's holds the row that it could not write, names and all.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_FACT: Final = re.compile(r"(?:^| )([a-z_]+)=('[^']*'|\S+)")
_MOST_PLACES: Final = 12
"""The innermost ones."""


class JsonLine(logging.Formatter):
    """Formats a record as one line of JSON: at, level, room (who tells), event, its facts, error."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said = record.getMessage()
        facts = {name: value.strip("'") for name, value in _FACT.findall(said)}
        event = _FACT.split(said, maxsplit=1)[0].strip()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix("central_server."),
            "event": event,
        }
        line |= {name: value for name, value in facts.items() if name not in line}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def _error(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_PLACES:]
    told: dict[str, object] = {
        "kind": type(error).__name__,
        "places": [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames],
    }
    if (cause := error.__cause__) is not None:
        told["cause"] = _error(cause)
    return told


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write log lines to the error output of this process."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for quiet in ("uvicorn", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
