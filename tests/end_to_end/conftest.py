"""What tests in a browser share: a limit for a busy machine, no claim, as what is awaited ends the wait."""

from __future__ import annotations

from playwright.async_api import expect

expect.set_options(timeout=60_000)
