"""The server's settings, read from one TOML file; every key has a default, so that the file may be left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from platformdirs import user_data_path

from central_server.accounts.permission import Role
from models import settings

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class Accounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a sign-in lasts, and who needs a second factor."""

    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)] = 60
    """A browser that asked for nothing so long is signed out; an open live page counts as use."""
    hours: Annotated[int, msgspec.Meta(ge=1, le=24 * 31)] = 12
    """After this long everybody signs in again."""
    second_factor: tuple[Role, ...] = ("administrator",)
    """Roles that can do nothing before they have turned a second factor on."""


class SignOn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The office's single sign-on: an OpenID Connect provider."""

    issuer: str
    """Its address, as its discovery document states it."""
    client_id: str
    client_secret_file: str
    """File that holds the client's secret, and nothing else; a relative path is seen from the settings file."""
    name: str = "Tài khoản cơ quan"
    """What people call it: stands on the button."""
    link_by_email: bool = False
    """Whether somebody whom it vouches for by a verified e-mail gets the account with that e-mail."""
    second_factor_there: bool = False
    """Whether it asks for a second factor itself, so that ours is not asked for again."""


class MediaSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pictures and sound of classes: by which servers agents and browsers reach the relay, and how many may."""

    stun: tuple[str, ...] = ()
    """Such as stun:stun.example.vn:3478; none is asked unless it stands here."""
    turn: tuple[str, ...] = ()
    """Such as turns:diemdanh.example.vn:443?transport=tcp, for offices that block UDP: see deploy/one_port."""
    turn_secret_file: str | None = None
    """File that holds coturn's static-auth-secret, and nothing else; a relative path is seen from the settings file."""
    most_streams: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 400
    """Publishers and viewers at once, all sessions together: more are told to come later."""
    pass_packets: bool = True
    """False: the relay decodes and encodes anew, at thirty times the cost; to find out whether passing is at fault."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `central-server serve --config FILE` reads."""

    host: str = "127.0.0.1"
    """Address to listen on: 127.0.0.1 for this PC only, 0.0.0.0 for the whole network."""
    port: Port = 8080
    """0 lets the system choose one; the program prints which."""
    data: str | None = None
    """Folder of the database and the server's keys; default: the user's own data folder."""
    body_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30
    """An agent's request that has not come whole after this long is given up."""
    public_address: str | None = None
    """How browsers reach the server, such as https://diemdanh.example.vn, when a reverse proxy stands before it."""
    retention_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24
    """For so long after a learner's last session there a bridge point keeps his or her template, card and PIN."""
    template_retention_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 365
    """For so long after the end of a learner's last session the server keeps his or her face template."""
    metrics_token_file: str | None = None
    """File that holds a token, and nothing else, which opens /metrics from elsewhere than this PC; relative: see above.
    """
    backups: str | None = None
    """Folder where the daily copy is put: the server says when there is none of late; relative: see above."""
    accounts: Accounts = Accounts()
    oidc: SignOn | None = None
    media: MediaSettings = MediaSettings()

    @property
    def data_folder(self) -> Path:
        """The data folder as a path."""
        return Path(self.data) if self.data else user_data_path("diemdanh", appauthor=False) / "server"

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_folder / "diemdanh.db"


def read_config(path: Path | None) -> Config:
    """The settings in the file at `path`; the defaults without one. A relative data folder is seen from the file.

    Raises SettingsError with the line and a way out.
    """
    if path is None:
        return Config()
    config = settings.read(path, Config)
    if config.data:
        config = msgspec.structs.replace(config, data=str(path.parent / config.data))
    if config.metrics_token_file is not None:
        config = msgspec.structs.replace(config, metrics_token_file=str(path.parent / config.metrics_token_file))
    if config.backups is not None:
        config = msgspec.structs.replace(config, backups=str(path.parent / config.backups))
    if config.oidc is not None:
        secret = str(path.parent / config.oidc.client_secret_file)
        config = msgspec.structs.replace(
            config, oidc=msgspec.structs.replace(config.oidc, client_secret_file=secret)
        )  # fmt: skip
    if config.media.turn_secret_file is not None:
        secret = str(path.parent / config.media.turn_secret_file)
        media = msgspec.structs.replace(config.media, turn_secret_file=secret)
        config = msgspec.structs.replace(config, media=media)
    return config
