"""Our programs in processes of their own that are forked from one which has done the imports: 0.1 s instead of 3 s.

For tests of what a command says and does. How a program starts from nothing is tested with real starts.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

if sys.platform == "win32":
    FORKED = multiprocessing.get_context("spawn")
else:
    FORKED = multiprocessing.get_context("forkserver")
    FORKED.set_forkserver_preload(["bridge_agent.cli", "central_server.cli", "tests.faults.ledger_child"])


def run(
    module: str, arguments: Sequence[str | Path], env: Mapping[str, str], timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """`python -m module …` for a module with a `main(argv) -> int`, started in this folder. Raises TimeoutExpired."""
    argv = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory(prefix="diemdanh-run-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        program = FORKED.Process(target=_main, args=(module, argv, dict(env), str(out), str(err), str(Path.cwd())))
        program.start()
        program.join(timeout)
        if program.is_alive():
            program.kill()
            program.join()
            raise subprocess.TimeoutExpired(argv, timeout)
        said = [path.read_text(encoding="utf-8") if path.exists() else "" for path in (out, err)]
    assert program.exitcode is not None
    return subprocess.CompletedProcess([module, *argv], program.exitcode, *said)


def _main(module: str, argv: Sequence[str], env: Mapping[str, str], out: str, err: str, folder: str) -> None:
    os.chdir(folder)
    os.environ.update(env)
    for number, path, stream in ((1, out, sys.stdout), (2, err, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.argv = [module, *argv]
    code = importlib.import_module(module).main(list(argv))
    sys.stdout.flush()
    sys.exit(code)
