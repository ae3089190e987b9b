"""How far a PC's wall clock can be believed, from what its records carry: offset and uncertainty. Pure.

Durations come from the boot-time clock and server times from the measured offset, so a wrong wall clock moves neither.
But a clock that is far off, or that was never compared, is what a backdated record looks like too: a person looks.
"""

from __future__ import annotations

from typing import Literal

SKEW_WARN_MS = 2_000
SKEW_UNTRUSTED_MS = 60_000

ClockTrust = Literal["good", "skewed", "untrusted", "unmeasured"]
"""`skewed` is worth a warning; `untrusted` and `unmeasured` times are for a person to look at."""


def clock_trust(offset: int | None, uncertainty: int | None) -> ClockTrust:
    """What a record's clock fields say: `offset` is the server's clock minus the PC's, known to ± `uncertainty` (ms).

    The benefit of the doubt goes to the clock: it is skewed when the whole interval lies beyond the bound. But one that
    is known to no more than a minute tells no time: an honest PC comes to that after a week without its server, and
    otherwise any offset could be made good by claiming not to know it.
    """
    if offset is None:
        return "unmeasured"
    if (uncertainty or 0) > SKEW_UNTRUSTED_MS:
        return "untrusted"
    least = abs(offset) - (uncertainty or 0)
    if least > SKEW_UNTRUSTED_MS:
        return "untrusted"
    return "skewed" if least > SKEW_WARN_MS else "good"
