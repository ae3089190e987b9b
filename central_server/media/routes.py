"""WHIP (RFC 9725) to publish a stream, WHEP (draft-ietf-wish-whep) to play one: SDP over HTTP, with a bearer token.

    POST    /media/whip/{session}/{room}/{source}   application/sdp -> 201, the answer, Location of the resource
    POST    /media/whep/{session}/{room}/{source}   likewise
    DELETE  /media/resources/{resource}             ends it
    OPTIONS on all of them                          what they take

There is no trickle ICE and no ICE restart (aiortc has neither): PATCH is answered with 405, as the RFC says, there is
no ETag, which only those need, and an offer holds all its candidates. Whoever loses the connection deletes the resource
and posts anew.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import read_body
from central_server.classroom.rights import check_right
from central_server.errors import ForbiddenError, MediaRefusedError, MediaTokenError, RefusedError
from central_server.media.media import Held, Resource
from central_server.media.messages import Name
from central_server.media.tokens import Act, MediaClaims
from central_server.media.turn import link_headers
from central_server.services import ServicesDep
from central_server.web.description import gives_sdp
from models.wire import Source

SDP = "application/sdp"
OFFER_LIMIT = 64 * 1024
"""Bytes; a browser's offer of one stream has 5,000."""
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)

router = APIRouter(prefix="/media", dependencies=[guard("media_token")])


def _token(request: Request) -> str:
    """The token in the request's header (RFC 6750). Raises MediaTokenError."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if match is None:
        raise MediaTokenError()
    return match[1]


TokenDep = Annotated[str, Depends(_token)]


async def _offer(request: Request, of: ServicesDep, token: str, act: Act) -> tuple[MediaClaims, str]:
    """Who asks, and the offer in the body, read only when that is allowed. Raises a ServerError."""
    claims, place = of.media.tokens.check(token, of.now()), request.path_params
    if not claims.allows(act, place["session"], place["room"], place["source"]):
        raise ForbiddenError(
            "Mã truyền hình này không dùng được cho luồng đó. Hãy mở lại trang lớp học.",
            "This media token is not for that stream. Open the classroom page again.",
        )
    await check_right(of, Held(claims.holder, act, Name(place["session"], place["room"], place["source"])))
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != SDP:
        raise MediaRefusedError(415, f"Nội dung phải là {SDP}.", f"The body must be {SDP}.")
    if int(request.headers.get("content-length", "0") or 0) > OFFER_LIMIT:
        raise _too_large()
    try:
        body = await read_body(request, of.config.body_seconds)
        if len(body) > OFFER_LIMIT:
            raise _too_large()
        return claims, body.decode()
    except UnicodeDecodeError as error:
        raise MediaRefusedError(400, "Nội dung SDP không phải UTF-8.", "The SDP is not UTF-8.") from error
    except RefusedError as error:
        raise MediaRefusedError(error.status, error.vi, error.en) from error


def _too_large() -> MediaRefusedError:
    return MediaRefusedError(413, f"SDP lớn hơn {OFFER_LIMIT} byte.", f"The SDP is longer than {OFFER_LIMIT} bytes.")


def _created(of: ServicesDep, resource: Resource) -> Response:
    answer = Response(resource.answer, 201, media_type=SDP)
    answer.headers["Location"] = f"/media/resources/{resource.id}"
    for link in link_headers(of.media.ice_servers()):
        answer.headers.append("Link", link)
    return answer


@router.post("/whip/{session}/{room}/{source}", **gives_sdp())
async def publish(
    session: str, room: str, source: Source, request: Request, of: ServicesDep, token: TokenDep
) -> Response:  # fmt: skip
    """Publish a stream: the body is an SDP offer with one sendonly stream."""
    claims, offer = await _offer(request, of, token, "publish")
    return _created(of, await of.media.publish(claims.holder, session, room, source, offer))


@router.post("/whep/{session}/{room}/{source}", **gives_sdp())
async def play(
    session: str, room: str, source: Source, request: Request, of: ServicesDep, token: TokenDep
) -> Response:  # fmt: skip
    """Play a stream: the body is an SDP offer with one recvonly stream."""
    claims, offer = await _offer(request, of, token, "play")
    return _created(of, await of.media.play(claims.holder, session, room, source, offer))


@router.options("/whip/{session}/{room}/{source}")
@router.options("/whep/{session}/{room}/{source}")
async def takes(session: str, room: str, source: Source) -> Response:
    """What these addresses take."""
    return Response(status_code=204, headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"})


@router.delete("/resources/{resource}")
async def end(resource: str, of: ServicesDep, token: TokenDep) -> Response:
    """End a stream. A token whose time is over still ends what its holder began."""
    claims = of.media.tokens.check(token, of.now(), over=True)
    of.media.close(resource, claims.holder)
    return Response(status_code=200)


@router.patch("/resources/{resource}")
async def trickle(resource: str) -> Response:
    """Neither trickle ICE nor ICE restarts are supported."""
    return Response(status_code=405, headers={"Allow": "DELETE, OPTIONS"})


@router.options("/resources/{resource}")
async def resource_takes(resource: str) -> Response:
    """What a resource takes."""
    return Response(status_code=204, headers={"Allow": "DELETE, OPTIONS"})
