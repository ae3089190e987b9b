"""The TURN server's time-limited credentials, as coturn takes them with use-auth-secret (the TURN REST API)."""

from __future__ import annotations

import base64
import hmac
from pathlib import Path

from central_server.config import MediaSettings
from central_server.errors import DataFolderError
from models.reasons import reason
from models.wire import IceServer

CREDENTIAL_LIFE_MS = 12 * 3_600_000
"""A day of classes: a connection asks with it again for as long as it lasts."""


def ice_servers(settings: MediaSettings, secret: bytes, now: int) -> tuple[IceServer, ...]:
    """The STUN and TURN servers as a holder is told of them now (server time, ms)."""
    servers = [IceServer(urls=settings.stun)] if settings.stun else []
    if settings.turn:
        username = f"{(now + CREDENTIAL_LIFE_MS) // 1000}:diemdanh"
        digest = hmac.digest(secret, username.encode(), "sha1")  # SHA-1 is what the protocol says
        credential = base64.b64encode(digest).decode()
        servers.append(IceServer(urls=settings.turn, username=username, credential=credential))
    return tuple(servers)


def turn_secret(settings: MediaSettings) -> bytes:
    """The secret shared with the TURN server; empty without one. Raises DataFolderError when the file can't be read."""
    if not settings.turn:
        return b""
    path = Path(settings.turn_secret_file or "")
    try:
        secret = path.read_text(encoding="utf-8").strip()
        if not secret:
            raise ValueError("the file is empty")
    except (OSError, ValueError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được mã bí mật TURN {path} ({why.vi}). Hãy ghi vào tệp này đúng chuỗi static-auth-secret của "
            "coturn, hoặc bỏ turn trong tệp cấu hình.",
            f"The TURN secret {path} can't be read ({why.en}). Put coturn's static-auth-secret into the file, or leave "
            "turn out of the settings.",
        ) from error
    return secret.encode()


def link_headers(servers: tuple[IceServer, ...]) -> list[str]:
    """The servers as Link headers (RFC 9725, section 4.6)."""
    found = []
    for server in servers:
        for url in server.urls:
            link = f'<{url}>; rel="ice-server"'
            if server.username is not None:
                link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
            found.append(link)
    return found
