"""What the class manager sees, read from the running server as a program may."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec

from central_server.participation.figures import SessionFigures
from deploy.demo.programs import ProgramError


class ManagersView:
    """The server's answers about one session, to an account of its own; the server's output tells its address."""

    def __init__(self, printed: Path, session: str) -> None:
        self._printed = printed
        self._session = session
        self._http = httpx.Client(timeout=5)
        self.address = ""

    def ready(self) -> bool:
        """Whether the server has told its address and answers there."""
        text = self._printed.read_text(encoding="utf-8", errors="replace")
        link = re.search(r"(https?://\S+?)/sign-in", text)
        if link is None:
            return False
        self.address = link[1]
        try:
            return self._http.get(f"{self.address}/health").is_success
        except httpx.TransportError:
            return False

    def sign_in(self, link: str) -> None:
        """Sign this program in by a one-time link. Raises ProgramError when the server does not let it in."""
        key = parse_qs(urlsplit(link).query)["key"][0]
        try:
            answer = self._http.post(f"{self.address}/sign-in/link", data={"key": key})
        except httpx.HTTPError as error:
            raise ProgramError(f"Máy chủ không trả lời ({error}).", f"The server does not answer ({error}).") from error
        if answer.status_code != httpx.codes.SEE_OTHER:
            raise ProgramError("Máy chủ không cho đăng nhập.", "The server does not let the demo sign in.")

    def at(self, address: str) -> ManagersView:
        """This view of a server that another one has found."""
        self.address = address
        return self

    def post(self, path: str, form: dict[str, str], wanted: int = httpx.codes.SEE_OTHER) -> str:
        """Send a form as a person does; the page that comes. Raises ProgramError when the server answers otherwise."""
        try:
            answer = self._http.post(f"{self.address}{path}", data=form)
        except httpx.HTTPError as error:
            raise ProgramError(f"Máy chủ không trả lời ({error}).", f"The server does not answer ({error}).") from error
        if answer.status_code != wanted:
            raise ProgramError(f"Máy chủ không nhận {path}.", f"The server does not take {path}.")
        return answer.text

    def page(self, link: str) -> str:
        """The link, so that it signs a browser in and shows the session."""
        return f"{link}&next={quote(f'/sessions/{self._session}', safe='')}"

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
        """Whether the session is over for the server too, sealed, and all of its time is counted."""
        figures = self.participation()
        return (
            figures.phase == "over"
            and all(point.seal == "sealed" for point in figures.points)
            and all(one.scheduled_ms == figures.end - figures.start for one in figures.learners)
        )
