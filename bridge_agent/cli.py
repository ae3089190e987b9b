"""`bridge-agent`: the one place where the agent's parts are put together.

Every command loads what it needs when it is called, so that --help answers at once and an agent without a class holds
neither pictures nor networks.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bridge_agent.command_line import parser
from models.command_line import run_to_exit_code
from models.language import both

if TYPE_CHECKING:
    from bridge_agent.alarms import Alarms
    from bridge_agent.check_in.desk import Desk
    from bridge_agent.config import Settings
    from bridge_agent.eyes import Target
    from bridge_agent.journal import Journal
    from bridge_agent.key_store import KeyStore
    from bridge_agent.server_clock import Clocks
    from models.health import Health, Machine


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Errors are one sentence on the error output and exit code 2; Ctrl-C ends with 130."""
    os.umask(0o077)  # the log, the key, portraits and results are this user's alone
    for stream in (sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="replace")  # a Windows console may not be UTF-8
    # OpenCV's own lines about a camera say nothing that our sentences do not; the processes that load it inherit this.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    return run_to_exit_code(lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    command = {
        "run": run,
        "join": join,
        "watch": watch,
        "enrol": enrol,
        "weights": weights,
        "simulate": simulate,
        "receipts": receipts,
        "waiting": waiting,
        "autostart": autostart,
        "report": report,
        "doctor": doctor,
    }[arguments.command]
    return command(arguments)


def run(arguments: argparse.Namespace) -> int:
    """Run the agent until it is told to stop."""
    from bridge_agent import eyes

    settings = _settings(arguments)
    settings.check()
    if arguments.check_config:
        _try_source(settings.source)
        print(both("Cấu hình dùng được.", "The settings are good."))
        return 0
    return run_agent(settings, eyes.watch, _try_source)


def run_agent(
    settings: Settings,
    target: Target,
    try_source: Callable[[str], None],
    clocks: Clocks | None = None,
    read: Callable[[], Machine] | None = None,
) -> int:
    """Run an agent whose recognition process runs `target`; `try_source` raises when there is nothing to watch.

    clocks, read: other clocks and another reading of the PC than this PC's own.
    """
    from bridge_agent import identity, server_clock, supervisor
    from bridge_agent.agent import Agent, Parts
    from bridge_agent.health import awake
    from bridge_agent.health.keeping import ThisPc
    from bridge_agent.health.machine import Gauge
    from bridge_agent.journal import Journal
    from bridge_agent.log import Log
    from bridge_agent.log_file import set_aside_files
    from bridge_agent.profile_state import ProfileReader
    from bridge_agent.server import Server

    with settings.folder.hold():
        keys = _keys(settings)
        clock = server_clock.ServerClock(clocks or server_clock.this_pc())
        journal = Journal(settings.folder.journal, clock.clocks.wall)
        not_joined = not settings.folder.identity.exists() and settings.config.console_port
        if not_joined and not asyncio.run(_first_run(settings, keys, journal)):
            journal.close()
            return 0  # it was told to stop
        who = identity.load(settings.folder, keys)
        log = Log.open(settings.folder.log, who.membership.device, clock.clocks.wall())
        damaged = tuple(set_aside_files(settings.folder.log))
        watch = functools.partial(supervisor.watch, target)

        console = _console(settings, keys, journal)
        pc = ThisPc(read or Gauge(settings.folder.path).read, awake.this_pc())

        async def work() -> None:
            async with Server(settings.config.server or who.membership.server, clock, who) as server:
                parts = Parts(
                    settings,
                    who,
                    keys,
                    log,
                    server,
                    clock,
                    journal,
                    watch,
                    damaged,
                    ProfileReader(settings),
                    console,
                    pc,
                )
                await Agent(parts).run(_told_to_stop())

        try:
            # In the middle of a session nothing may keep the agent from going on; and where pages set this
            # PC up, a camera that is not plugged in is told there, where another one can be chosen.
            if not log.unsealed() and not _set_up_in_the_wizard(settings):
                try_source(settings.source)
            asyncio.run(work())
        finally:
            log.close()
            journal.close()
    return 0


async def _first_run(settings: Settings, keys: KeyStore, journal: Journal) -> bool:
    from bridge_agent.clock import wall_ms
    from bridge_agent.setup.first_run import first_run

    return await first_run(settings, keys, journal, _told_to_stop(), wall_ms)


def _set_up_in_the_wizard(settings: Settings) -> bool:
    """The wizard is under way, or has tried a camera."""
    from bridge_agent.setup.progress import ProgressFile

    progress = ProgressFile(settings.folder.setup).read()
    return bool(settings.config.console_port) and (progress.guided or "camera" in progress.results)


def join(arguments: argparse.Namespace) -> int:
    """Join a server."""
    from bridge_agent import identity, server_clock
    from bridge_agent.server import Server

    settings = _settings(arguments)

    async def work() -> identity.Identity:
        clock = server_clock.ServerClock(server_clock.this_pc())
        async with Server(arguments.server, clock) as server:
            return await identity.join(settings.folder, _keys(settings), server, arguments.token)

    with settings.folder.hold():
        member = asyncio.run(work()).membership
    name, server = member.bridge_point_name, member.server
    print(
        both(
            f"Đã gia nhập {server}: máy này là điểm cầu {name}. Tiếp theo: bridge-agent run.",
            f"Joined {server}: this PC is bridge point {name}. Next: bridge-agent run.",
        )
    )
    return 0


def watch(arguments: argparse.Namespace) -> int:
    """The agent's eyes alone."""
    from bridge_agent.watch import watch as watch_for
    from models.faces.engine import FaceProfile

    watch_for(
        arguments.source,
        arguments.portraits,
        arguments.json,
        sweep_ms=round(arguments.sweep * 1000),
        for_seconds=arguments.seconds,
        faces=FaceProfile(arguments.detector, arguments.encoder),
    )
    return 0


def enrol(arguments: argparse.Namespace) -> int:
    """Take portraits of the person before the camera, who consents first."""
    from bridge_agent.enrol import enrol as enrol_from

    def ask(question: str) -> str:
        try:
            return input(question)
        except EOFError:
            return ""  # nobody is there to consent

    for path in enrol_from(arguments.source, arguments.name, arguments.portraits, ask=ask):
        print(path)
    return 0


def weights(arguments: argparse.Namespace) -> int:
    """List the networks, or fetch the missing ones."""
    from bridge_agent import weights_command

    return weights_command.fetch() if arguments.action == "fetch" else weights_command.show()


def simulate(arguments: argparse.Namespace) -> int:
    """Render a simulated class."""
    from bridge_agent import simulate_command

    return simulate_command.render(arguments.script, arguments.out, arguments.truth)


def receipts(arguments: argparse.Namespace) -> int:
    """Write out the receipts that are kept."""
    from bridge_agent import receipts_command

    return receipts_command.write(_settings(arguments).folder, arguments.out)


def waiting(arguments: argparse.Namespace) -> int:
    """Say what the server does not have yet."""
    from bridge_agent import waiting_command

    return waiting_command.show(_settings(arguments).folder)


def autostart(arguments: argparse.Namespace) -> int:
    """Turn starting by itself on or off, or tell whether it is on."""
    from bridge_agent import autostart as starting

    how = starting.way()
    if arguments.action == "on":
        return starting.on(how, _settings(arguments).folder, arguments.config, arguments.data)
    return starting.off(how) if arguments.action == "off" else starting.show(how)


def report(arguments: argparse.Namespace) -> int:
    """Pack what support asks for into one file."""
    from bridge_agent.support import report as of_this_pc

    return of_this_pc.write(_settings(arguments), arguments.out)


def doctor(arguments: argparse.Namespace) -> int:
    """Measure this PC and its line. Exit code 1: something needs attention."""
    from bridge_agent.support import doctor as measuring

    settings = _settings(arguments)
    return measuring.examine(settings, _keys(settings))


def _settings(arguments: argparse.Namespace) -> Settings:
    """The settings file's, with what the command line says instead."""
    from bridge_agent.config import Settings, load
    from bridge_agent.setup import choices

    settings = load(arguments.config)
    data: Path | None = arguments.data
    if data is not None:
        settings = Settings(msgspec.structs.replace(settings.config, data=str(data.absolute())), settings.path)
    choices.apply(settings)
    return settings


def _console(
    settings: Settings, keys: KeyStore, journal: Journal
) -> Callable[[Desk, Alarms, Callable[[], Health] | None], Awaitable[None]] | None:
    """What serves the desk's pages; None where the settings want none."""
    if settings.config.console_port == 0:
        return None
    from bridge_agent.clock import wall_ms
    from bridge_agent.pages import pages
    from bridge_agent.setup.wizard import Wizard
    from bridge_agent.support import report

    support = functools.partial(report.packed, settings)
    wizard = functools.partial(Wizard, settings, keys, wall_ms)
    folder = settings.folder
    return functools.partial(pages, settings.config.console_port, folder.calibration_report, support, journal, wizard)


def _keys(settings: Settings) -> KeyStore:
    """Where this PC's keys are kept, by the settings."""
    from bridge_agent.key_store import KeyStore, system_store

    return KeyStore(system_store() if settings.config.key_store == "system" else None)


def _try_source(source: str) -> None:
    """Open the source once and let it go. Raises SourceError when it is absent, busy or unreadable."""
    from bridge_agent.capture.capture import Capture
    from bridge_agent.capture.child import Pace
    from bridge_agent.capture.source import SimulatedClass, parse_source

    wanted = parse_source(source)
    if isinstance(wanted, SimulatedClass):
        return  # takes seconds to open, and has no driver that could be busy
    with Capture(wanted, Pace(every_ms=1_000, newest=True, real_time=True)) as capture:
        capture.open()


def _told_to_stop() -> asyncio.Event:
    """An event that Ctrl-C, SIGTERM and (Windows) Ctrl-Break set: the first ends in order, a second at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell() -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        for number in (*signals, signal.SIGBREAK):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    else:
        for number in signals:
            loop.add_signal_handler(number, tell)
    return stop


if __name__ == "__main__":
    raise SystemExit(main())
