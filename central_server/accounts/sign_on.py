"""An office's single sign-on: OpenID Connect, authorization code with PKCE, nonce and state.

Why by hand on urllib and PyJWT: deploy/decisions/0007. The steps are those of OpenID Connect Core 1.0, 3.1, and of
RFC 9700 (best practice of OAuth 2.0 security); the ID token alone says who somebody is. Blocking: call it in a thread.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit

import jwt
import msgspec

from central_server.accounts.account_key import AccountKey
from central_server.config import SignOn
from central_server.errors import SignOnError, StartError
from models.reasons import reason

T = TypeVar("T")

ATTEMPT_LIFE_MS = 10 * 60_000
TIMEOUT_S, ANSWER_LIMIT = 10, 1 << 20
DISCOVERY_LIFE_S, KEYS_PAUSE_S = 3600.0, 60.0
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with the provider's own key only: neither none nor HMAC."""
LEEWAY_S = 60


class Discovery(msgspec.Struct, frozen=True):
    """What we need of a provider's metadata (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(default_factory=lambda: ["client_secret_basic"])


class Tokens(msgspec.Struct, frozen=True):
    """What we need of the token endpoint's answer."""

    id_token: str


class Attempt(msgspec.Struct, frozen=True):
    """What a browser that was sent away brings back, sealed, in a cookie."""

    state: str
    nonce: str
    verifier: str
    next: str
    at: int
    """Server time, ms."""

    def sealed(self, key: AccountKey) -> str:
        """For the cookie."""
        return base64.urlsafe_b64encode(key.seal("sign-on", "attempt", msgspec.json.encode(self))).decode()


class Person(msgspec.Struct, frozen=True):
    """Whom the provider vouches for. (The claims of an ID token.)"""

    iss: str
    sub: str
    nonce: str = ""
    azp: str | None = None
    email: str | None = None
    email_verified: bool = False

    @property
    def verified_email(self) -> str | None:
        """The e-mail, where the provider says that it is the person's."""
        return self.email.strip().casefold() if self.email and self.email_verified else None


def opened(key: AccountKey, cookie: str, now: int) -> Attempt | None:
    """The attempt in a cookie; None when it is none of ours or too old."""
    try:
        plain = key.open("sign-on", "attempt", base64.urlsafe_b64decode(cookie))
        attempt = msgspec.json.decode(plain or b"", type=Attempt)
    except (ValueError, msgspec.MsgspecError):
        return None
    return attempt if 0 <= now - attempt.at < ATTEMPT_LIFE_MS else None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """A provider's endpoints are where it says; nothing is sent on to elsewhere."""


class Provider:
    """The provider, as far as it was asked."""

    def __init__(self, settings: SignOn, secret: str) -> None:
        self.settings = settings
        self._secret = secret
        self._open = urllib.request.build_opener(_NoRedirects).open
        self._lock = threading.Lock()
        self._found: tuple[Discovery, float] | None = None
        self._keys: tuple[jwt.PyJWKSet, float] | None = None

    def begin(self, redirect: str, next: str, now: int) -> tuple[str, Attempt]:
        """Where to send the browser, and what it is to bring back. Raises SignOnError."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = Attempt(state, nonce, verifier, next, now)
        asked = {
            "response_type": "code", "client_id": self.settings.client_id, "redirect_uri": redirect,
            "scope": "openid email", "state": attempt.state, "nonce": attempt.nonce,
            "code_challenge": challenge(attempt.verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint = self._discovery().authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", attempt

    def finish(self, attempt: Attempt, code: str, redirect: str) -> Person:
        """Whom the provider vouches for, by the code that it gave the browser. Raises SignOnError."""
        found = self._discovery()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect,
            "code_verifier": attempt.verifier,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": self._secret}
        asked = urllib.request.Request(found.token_endpoint, urlencode(form).encode(), headers)  # noqa: S310 - checked
        tokens = self._ask(asked, lambda body: msgspec.json.decode(body, type=Tokens))
        return self._verified(tokens.id_token, attempt.nonce)

    def _verified(self, token: str, nonce: str) -> Person:
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token, self._key(header.get("kid")), algorithms=ALGORITHMS, audience=self.settings.client_id,
                issuer=self.settings.issuer, leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )  # fmt: skip
            person = msgspec.convert(claims, Person)
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise _refused(type(error).__name__) from error
        if not secrets.compare_digest(person.nonce.encode(), nonce.encode()):
            raise _refused("nonce")
        if person.azp is not None and person.azp != self.settings.client_id:
            raise _refused("azp")
        return person

    def _key(self, kid: str | None) -> jwt.PyJWK:
        """The provider's key with that id; asked for anew, but not all the time, when it isn't among the known."""
        with self._lock:
            known = self._keys
        for fresh in (False, True):
            if known is None or (fresh and time.monotonic() - known[1] > KEYS_PAUSE_S):
                asked = urllib.request.Request(self._discovery().jwks_uri)  # noqa: S310 - checked
                known = (self._ask(asked, lambda body: jwt.PyJWKSet.from_json(body.decode())), time.monotonic())
                with self._lock:
                    self._keys = known
            for one in known[0].keys:
                if kid is None or one.key_id == kid:
                    return one
        raise _refused("kid")

    def _discovery(self) -> Discovery:
        with self._lock:
            found = self._found
        if found is None or time.monotonic() - found[1] > DISCOVERY_LIFE_S:
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            asked = urllib.request.Request(address)  # noqa: S310 - the settings' check knows https
            new = self._ask(asked, lambda body: msgspec.json.decode(body, type=Discovery))
            endpoints = (new.authorization_endpoint, new.token_endpoint, new.jwks_uri)
            if new.issuer != self.settings.issuer or not all(map(safe_address, endpoints)):
                raise _refused("issuer")
            found = (new, time.monotonic())
            with self._lock:
                self._found = found
        return found[0]

    def _ask(self, asked: urllib.request.Request, decode: Callable[[bytes], T]) -> T:
        try:
            with self._open(asked, timeout=TIMEOUT_S) as answer:
                body: bytes = answer.read(ANSWER_LIMIT)
            return decode(body)
        except HTTPError as error:
            error.close()
            raise _refused(f"HTTP {error.code}") from error
        except (OSError, HTTPException) as error:
            why = reason(error)
            name = self.settings.name
            raise SignOnError(
                f"Chưa hỏi được {name} ({why.vi}). Hãy thử lại sau, hoặc đăng nhập bằng mật khẩu.",
                f"{name} can't be asked now ({why.en}). Try again later, or sign in with your password.",
            ) from error
        except (msgspec.MsgspecError, jwt.PyJWTError, UnicodeDecodeError) as error:
            raise _refused(type(error).__name__) from error


def challenge(verifier: str) -> str:
    """PKCE's S256 (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _refused(why: str) -> SignOnError:
    return SignOnError(
        f"Tài khoản cơ quan không xác nhận được đăng nhập này ({why}). Hãy thử lại, rồi báo quản trị hệ thống.",
        f"The office's sign-on did not confirm this ({why}). Try again; if it stays so, tell the administrator.",
    )


def safe_address(address: str) -> bool:
    """Whether an address may carry secrets: https, or http on this PC."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def provider(settings: SignOn | None) -> Provider | None:
    """The provider that the settings name. Raises StartError when its secret can't be read or its address won't do."""
    if settings is None:
        return None
    if not safe_address(settings.issuer):
        raise StartError(
            f'issuer = "{settings.issuer}" dưới [oidc] phải bắt đầu bằng https://.',
            f'issuer = "{settings.issuer}" below [oidc] must begin with https://.',
        )
    try:
        secret = Path(settings.client_secret_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error)
        raise StartError(
            f"Không đọc được client_secret_file {settings.client_secret_file} ({why.vi}). Ghi bí mật của máy khách vào "
            "tệp đó.",
            f"client_secret_file {settings.client_secret_file} can't be read ({why.en}). Write the client's secret "
            "into that file.",
        ) from error
    return Provider(settings, secret)
