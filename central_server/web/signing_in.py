"""Signing in with the manager's key, and the dependency that asks for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse

from central_server.errors import NotSignedInError
from central_server.services import ServicesDep
from central_server.web.access import COOKIE

router = APIRouter()
TWELVE_HOURS_S = 12 * 3600


def manager(request: Request, of: ServicesDep) -> None:
    """Lets the class manager in: by the cookie, or for programs by `Authorization: Bearer KEY`.

    Raises NotSignedInError.
    """
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if of.key.made(request.cookies.get(COOKIE, "")) or (scheme.lower() == "bearer" and of.key.opens(key)):
        return
    raise NotSignedInError(
        "Đồng chí cần mở trang bằng đường dẫn đăng nhập mà máy chủ in ra khi khởi động "
        "(dòng “Đăng nhập:” trong cửa sổ chạy central-server serve).",
        "Open this page by the sign-in link that the server prints when it starts "
        "(the line “Sign in:” in the window that runs central-server serve).",
    )


ManagerDep = Annotated[None, Depends(manager)]


@router.get("/sign-in", status_code=303, response_class=RedirectResponse)
async def sign_in(request: Request, of: ServicesDep, key: str = "", next: str = "/") -> RedirectResponse:
    """Give a browser that brings the key its cookie and send it to the page `next` of this server."""
    if not of.key.opens(key):
        raise NotSignedInError(
            "Đường dẫn đăng nhập này không đúng hoặc đã cũ. Hãy dùng đường dẫn máy chủ in ra khi khởi động.",
            "This sign-in link is wrong or old. Use the link that the server prints when it starts.",
        )
    # Only a path of ours: "//elsewhere" and "/\\elsewhere" lead browsers to another server.
    ours = next.startswith("/") and not next.startswith(("//", "/\\"))
    answer = RedirectResponse(next if ours else "/", 303)
    secure = request.url.scheme == "https" or (of.config.public_address or "").startswith("https:")
    answer.set_cookie(COOKIE, of.key.cookie, max_age=TWELVE_HOURS_S, httponly=True, samesite="strict", secure=secure)
    return answer
