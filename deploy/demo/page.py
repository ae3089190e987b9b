"""What the class manager sees, read from the running server as a program may."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec

from central_server.participation.figures import SessionFigures
from deploy.demo.programs import ProgramError


class ManagersView:
    """The server's answers about one session; the server's own output tells its address and the key."""

    def __init__(self, printed: Path, session: str) -> None:
        self._printed = printed
        self._session = session
        self._http = httpx.Client(timeout=5)
        self.address = ""
        self.page = ""
        """The link that signs a browser in and shows the session."""

    def ready(self) -> bool:
        """Whether the server has told its address and answers there."""
        text = self._printed.read_text(encoding="utf-8", errors="replace")
        link = re.search(r"(https?://\S+?)/sign-in\?key=(\S+)", text)
        if link is None:
            return False
        self.address = link[1]
        self.page = f"{link[0]}&next={quote(f'/sessions/{self._session}', safe='')}"
        self._http.headers["Authorization"] = f"Bearer {link[2]}"
        try:
            return self._http.get(f"{self.address}/health").is_success
        except httpx.TransportError:
            return False

    def participation(self) -> SessionFigures:
        """Everybody's participation now. Raises ProgramError when the server does not tell."""
        try:
            answer = self._http.get(f"{self.address}/api/sessions/{self._session}/participation")
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise ProgramError(f"Máy chủ không trả lời ({error}).", f"The server does not answer ({error}).") from error
        return msgspec.json.decode(answer.content, type=SessionFigures)

    def anybody_present(self) -> bool:
        """Whether the page shows a learner who is present."""
        return self.participation().seen > 0

    def watched(self) -> bool:
        """Whether the agent watches the room."""
        return any(point.watching for point in self.participation().points)

    def settled(self) -> bool:
        """Whether the session is over for the server too, sealed, and all of it is there."""
        figures = self.participation()
        return figures.phase == "over" and all(point.seal == "sealed" for point in figures.points)
