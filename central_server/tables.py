"""All tables in one place, for the migrations and for the test that compares both."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import central_server.accounts.tables
import central_server.bridge_points.tables
import central_server.classroom.tables
import central_server.corrections.tables
import central_server.courses.tables
import central_server.enrolment.tables
import central_server.health.tables
import central_server.learners.tables
import central_server.ledger.tables
import central_server.own_log.tables
import central_server.participation.tables
import central_server.reports.tables  # noqa: F401 - importing a module of tables adds them to the metadata


def metadata() -> MetaData:
    """The metadata of every table of the server."""
    return SQLModel.metadata
