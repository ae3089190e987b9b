"""Every error of the agent.

AgentError(DiemdanhError)        one sentence: what happened, what is safe, what to do
├── FinalError                   trying again changes nothing: at start the program ends with exit code 2
│   ├── SourceError              the camera or video is missing, busy or unreadable
│   ├── IdentityError            not joined, or the token was refused
│   ├── DataFolderError          the data folder is held by another agent, or can't be written
│   └── RefusedError             the server understood a request and refused it
└── RetryableError               passes by itself: the agent alarms, waits and tries again
    ├── CaptureLostError         the camera stopped giving frames
    ├── ServerAwayError          the server can't be reached
    ├── DiskFullError            the log can't be written for lack of room
    ├── LogUnwritableError       the log can't be written for another reason
    └── ConsoleError             the pages' port can't be had
"""

from __future__ import annotations

from models.errors import DiemdanhError
from models.wire import Refusal


class AgentError(DiemdanhError):
    """Base of the agent's errors."""


class FinalError(AgentError):
    """Trying again changes nothing; somebody has to do what the sentence says."""


class SourceError(FinalError):
    """The camera or video is missing, busy or unreadable."""


class IdentityError(FinalError):
    """This agent has not joined, or its token or key was refused."""


class DataFolderError(FinalError):
    """The data folder is held by another agent or can't be written."""


class RefusedError(FinalError):
    """The server understood a request and refused it; the same request would be refused again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.vi, refusal.en)
        self.refusal = refusal


class RetryableError(AgentError):
    """Passes by itself; the agent alarms, waits and tries again."""


class CaptureLostError(RetryableError):
    """The camera stopped giving frames."""


class ServerAwayError(RetryableError):
    """The server can't be reached or answers that it can't serve now."""


class DiskFullError(RetryableError):
    """The log can't be written because the disk is full."""


class LogUnwritableError(RetryableError):
    """The log can't be written: the disk reports an error or forbids it."""


class ConsoleError(RetryableError):
    """The pages can't be served: their port can't be had."""
