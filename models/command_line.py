"""argparse as our programs use it: its own words in Vietnamese too, and a usage error in one sentence."""

from __future__ import annotations

import argparse
import math
import os
import re
import sys
from collections.abc import Callable
from typing import NoReturn

from models.errors import DiemdanhError
from models.language import both

READER_GONE = 141
"""Exit code when nobody reads the output any more, as in `… | head -1`: what a shell says of SIGPIPE."""


def run_to_exit_code(command: Callable[[], int]) -> int:
    """Run a command. Its exit code; 2 after one sentence on the error output, 130 after Ctrl-C, READER_GONE."""
    try:
        try:
            return command()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # here, for at the interpreter's end it could only fail with a traceback
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except DiemdanhError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


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


def number_between(low: float, high: float) -> Callable[[str], float]:
    """A type for an argument: a number of [low, high]; all else is a usage error."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                both(f"cần một số từ {low:g} đến {high:g}", f"a number from {low:g} to {high:g} is needed")
            )
        return value

    return read
