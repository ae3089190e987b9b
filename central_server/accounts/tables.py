"""Tables: accounts and their grants, sign-ins of browsers, one-time links, second factors, counted failures.

Times are server time, ms since 1970 UTC. Secrets are kept as hashes, or encrypted with a key that is not here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """A person who may sign in. Never deleted: the server's log names it. The sole place of the person's name."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    login: str = Field(unique=True)
    """As typed at sign-in, in small letters."""
    name: str
    email: str | None = Field(default=None, unique=True)
    """In small letters; an office's sign-on may link an account by it."""
    password: str | None = None
    """argon2id in PHC form; none until the person has chosen one."""
    totp: bytes | None = None
    """The second factor's secret, encrypted (secrets_at_rest); none while it is off."""
    totp_step: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """The last 30 s step whose code was used: no code is good twice."""
    pin: bytes | None = None
    """argon2id of the PIN at the bridge point, sealed (learners.sealing); none until it was set."""
    learner: str | None = Field(default=None, foreign_key="learner.id", unique=True)
    """The learner whom it belongs to."""
    disabled: bool = False
    made_at: int = Field(sa_type=BigInteger)


class AccountGrant(SQLModel, table=True):
    """A role of an account, in one course or all (none), at one bridge point or all (none)."""

    __tablename__ = "account_grant"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.id", index=True)
    role: str
    course: str | None = Field(default=None, foreign_key="course.id")
    bridge_point: str | None = Field(default=None, foreign_key="bridge_point.id")
    made_at: int = Field(sa_type=BigInteger)


class BrowserSession(SQLModel, table=True):
    """A sign-in of a browser. Found by the SHA-256 of its cookie."""

    __tablename__ = "browser_session"

    id: str = Field(primary_key=True)
    token: str = Field(unique=True)
    """SHA-256 of the cookie's value, in hex."""
    account: str = Field(foreign_key="account.id", index=True)
    made_at: int = Field(sa_type=BigInteger)
    seen_at: int = Field(sa_type=BigInteger)
    """Last use, to the minute."""
    expires_at: int = Field(sa_type=BigInteger)
    ended_at: int | None = Field(default=None, sa_type=BigInteger)
    """When it was signed out, here or by somebody else."""
    waits_for: str | None = None
    """"code": the second factor; "second_factor": that one is set up first. Until then it opens nothing else."""
    how: str
    """password, link, sso."""
    address: str
    browser: str


class SignInLink(SQLModel, table=True):
    """A one-time link that signs an account in. Only the hash of its key is kept."""

    __tablename__ = "sign_in_link"

    hash: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.id", index=True)
    new_password: bool
    """It asks for a new password: for a new account, or a forgotten one."""
    made_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class RecoveryCode(SQLModel, table=True):
    """A code that stands in once for the second factor. Kept as an HMAC under the key that is not in the database."""

    __tablename__ = "recovery_code"

    hash: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.id", index=True)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class SignOnIdentity(SQLModel, table=True):
    """Who an account is at the office's single sign-on."""

    __tablename__ = "sign_on_identity"

    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.id", index=True)
    linked_at: int = Field(sa_type=BigInteger)


class SignInLimit(SQLModel, table=True):
    """Failures at sign-in that are counted against a login, an address or a browser (limiting.py)."""

    __tablename__ = "sign_in_limit"

    key: str = Field(primary_key=True)
    failures: int
    last_at: int = Field(sa_type=BigInteger)
    until: int = Field(sa_type=BigInteger)
    """No further try before this."""
