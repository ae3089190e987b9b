"""Which part of the handbook belongs to which page. Pure."""

from __future__ import annotations

import re
from typing import Final

_BELONGS: Final = (
    (r"/sign-in|/account/second-factor", "everybody/signing-in#second-factor"),
    (r"/account$", "everybody/signing-in#own-account"),
    (r"/learners/[^/]+/own|/own/", "everybody/own-pages"),
    (r"/classroom/enter|/sessions/[^/]+/classroom", "everybody/classroom"),
    (r"/sessions/[^/]+/rooms/", "class-manager/session#look-in"),
    (r"/sessions/[^/]+/(contests|revisions)/", "class-manager/corrections#sealing"),
    (r"/sessions/[^/]+/learners/[^/]+/leave", "class-manager/corrections#leave"),
    (r"/sessions/[^/]+/learners/", "class-manager/corrections#correct"),
    (r"/sessions/[^/]+/signed-sheet", "class-manager/corrections#signed-sheet"),
    (r"/sessions/[^/]+/corrections", "class-manager/corrections"),
    (r"/sessions/[^/]+/sheet", "class-manager/reports#sheets"),
    (r"/sessions/", "class-manager/session"),
    (r"/courses/[^/]+/(roster|portraits|learners)", "class-manager/learners"),
    (r"/courses/[^/]+/(cards|keeping)|/consent-form", "class-manager/learners#cards"),
    (r"/courses/[^/]+/(rules|participation)", "class-manager/completion#rules"),
    (r"/courses/[^/]+/completion", "class-manager/completion"),
    (r"/courses/[^/]+/correcting", "class-manager/corrections#second-person"),
    (r"/courses/new", "class-manager/courses#new-course"),
    (r"/courses|/programmes|/lecturers", "class-manager/courses"),
    (r"/learners/", "class-manager/learners#record"),
    (r"/reports", "class-manager/reports"),
    (r"/admin/health", "administrator/watching"),
    (r"/admin/accounts", "administrator/accounts"),
    (r"/admin/bridge-points", "administrator/bridge-points"),
    (r"/admin/holidays|/admin/letterhead", "administrator/accounts#office"),
    (r"/admin/audit", "administrator/proof"),
    (r"/$", "class-manager/courses#today"),
)


def help_for(path: str) -> str:
    """The address of the help for the page at `path`."""
    return next((f"/help/{part}" for pattern, part in _BELONGS if re.match(pattern, path)), "/help")
