"""argparse as our programs use it: its own words in Vietnamese too, and a usage error in one sentence."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from models.language import both


class Parser(argparse.ArgumentParser):
    """A command line or one of its commands. Usage errors end the program with exit code 2."""

    def __init__(self, *, add_help: bool = True, **settings: object) -> None:
        super().__init__(**settings, add_help=False, allow_abbrev=False)  # type: ignore[arg-type]  # argparse's own
        self._positionals.title = both("cần ghi", "needed")
        self._optionals.title = both("tùy chọn", "options")
        if add_help:
            end = both("in trang này rồi dừng", "print this page and end")
            self.add_argument("-h", "--help", action="help", help=end)

    def format_usage(self) -> str:
        """The usage line, with its first word in the language of this PC."""
        return _usage(super().format_usage())

    def format_help(self) -> str:
        """The help page, likewise."""
        return _usage(super().format_help())

    def error(self, message: str) -> NoReturn:
        """End with exit code 2 and one sentence."""
        self.exit(2, _sentence(message, self.prog) + "\n")


_MESSAGES = (
    (r"the following arguments are required: (.+)", "thiếu {}", "{} is missing"),
    (r"unrecognized arguments: (.+)", 'không có tùy chọn "{}"', 'there is no option "{}"'),
    (r"argument (.+): expected one argument", "sau {} phải có giá trị", "{} needs a value"),
    (r"argument (.+): invalid choice: (.+?) \(.*", '{0} không có lựa chọn {1}', "{0} has no choice {1}"),
    (r"argument (.+): invalid \w+ value: (.+)", "giá trị {1} của {0} không hợp lệ", "the value {1} of {0} will not do"),
    (r"argument (.+?): (.+)", "{0}: {1}", "{0}: {1}"),
)  # fmt: skip


def _sentence(message: str, prog: str) -> str:
    for pattern, vi, en in _MESSAGES:
        if match := re.fullmatch(pattern, message):
            words = match.groups()
            message = both(vi, en).format(*words)
            break
    return both(
        f"{prog}: {message}. Hãy xem: {prog} --help.",
        f"{prog}: {message}. See: {prog} --help.",
    )


def _usage(text: str) -> str:
    return re.sub(r"^usage:", both("cách dùng:", "usage:"), text)
