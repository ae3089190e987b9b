"""The API's description of itself (OpenAPI 3.1), for programs: what each route takes and answers, refusals included.

The agents' messages are msgspec's (models.wire), of which FastAPI knows nothing; `described` says on each route which
they are. What all routes have in common (how errors are rendered, who may ask) is said here once, for every route.
`run.py slices api_requests` holds the server to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from central_server.accounts.sign_ins import COOKIE
from models.health import Health, LineAnswer, UdpAnswer
from models.receipts import Receipt
from models.wire import (
    ClassroomTicket,
    ClassroomTicketRequest,
    EnrolmentAnswer,
    EnrolmentRequest,
    GalleryAnswer,
    JoinAnswer,
    JoinRequest,
    LearnerTicket,
    LearnerTicketRequest,
    LiveStatus,
    MediaTokenAnswer,
    MediaTokenRequest,
    PictureAnswer,
    Refusal,
    RotateAnswer,
    RotateRequest,
    ServerTime,
    Today,
)

JSON, HTML, NDJSON, SDP = "application/json", "text/html", "application/x-ndjson", "application/sdp"
_MESSAGES = (
    ClassroomTicket, ClassroomTicketRequest, EnrolmentAnswer, EnrolmentRequest, GalleryAnswer, Health, JoinAnswer,
    JoinRequest, LearnerTicket, LearnerTicketRequest, LineAnswer, LiveStatus, MediaTokenAnswer, MediaTokenRequest,
    PictureAnswer, Receipt, Refusal, RotateAnswer, RotateRequest, ServerTime, Today,
    UdpAnswer,
)  # fmt: skip
_SENTENCE = {
    "type": "object",
    "properties": {"vi": {"type": "string"}, "en": {"type": "string"}},
    "required": ["vi", "en"],
}
_OPEN = ("/health", "/help", "/metrics", "/sign-in", "/classroom/enter", "/own/", "/api/own/",
         "/courses/{course}/calendar.ics", "/api/agent/time", "/api/agent/join", "/api/agent/batches")  # fmt: skip
"""Asked without a cookie or the request's signature: these, and what stands below them."""


_PAGES = (
    (401, "Not signed in."), (403, "This account may not do that."), (404, "There is no such thing."),
    (409, "Somebody else changed it meanwhile."), (413, "Too large."), (422, "Not valid; what was typed stays."),
    (429, "Too many tries; wait."),
)  # fmt: skip
"""How any page may refuse."""
_STREAMS = (
    (400, "No valid SDP."), (401, "No valid token."), (403, "A token for something else."),
    (404, "Nobody publishes this; or the stream has ended."), (405, "Neither trickle ICE nor ICE restarts."),
    (406, "No codec suits."), (408, "The body did not come."), (413, "Too large."), (415, "Not application/sdp."),
    (422, "No such source."), (429, "Too many streams."), (503, "The relay starts; try again."),
)  # fmt: skip
"""How an address of streams may refuse."""


def described(answer: type, takes: type | None = None, refused: Iterable[int] = ()) -> dict[str, Any]:
    """Arguments for a router's decorator: the messages that an agent's route takes and answers, and with which statuses
    it refuses.
    """  # fmt: skip
    refusals = {status: _content("Refused; nothing was changed.", JSON, _ref(Refusal)) for status in refused}
    arguments: dict[str, Any] = {"responses": {200: _content("Done.", JSON, _ref(answer)), **refusals}}
    if takes is not None:
        arguments["openapi_extra"] = {"requestBody": _content("", JSON, _ref(takes)) | {"required": True}}
    return arguments


def takes_lines(what: str) -> dict[str, Any]:
    """For a route that takes lines of JSON: what they are, in words."""
    schema = {"type": "string", "description": what}
    return {"requestBody": _content(what, NDJSON, schema) | {"required": True}}


def takes_bytes() -> dict[str, Any]:
    """For a route that takes whatever it is sent."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": _content("Any bytes.", "application/octet-stream", schema)}


def takes_jpeg() -> dict[str, Any]:
    """For a route that takes a small picture."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": _content("A JPEG.", "image/jpeg", schema) | {"required": True}}


def gives_sdp() -> dict[str, Any]:
    """Arguments for the decorator of a route that takes an SDP offer and answers it (RFC 9725)."""
    sdp = {"type": "string", "description": "SDP (RFC 8866) of one stream"}
    return {
        "responses": {201: _content("The answer; Location is where DELETE ends the stream.", SDP, sdp)},
        "openapi_extra": {"requestBody": _content("The offer.", SDP, sdp) | {"required": True}},
        "status_code": 201,
    }


def gives_file(media_type: str) -> dict[int | str, dict[str, Any]]:
    """For a route that answers with a file, or with a stream."""
    return {200: _content("The file.", media_type, {"type": "string"})}


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of all routes that the app has now."""
    whole = get_openapi(title=app.title, version="1", routes=app.routes)
    _, messages = msgspec.json.schema_components(_MESSAGES, ref_template="#/components/schemas/{name}")
    # \Z is Python's; JSON Schema's $ is the end alone.
    schemas = json.loads(json.dumps(messages).replace(r"\\Z", "$")) | {"Sentence": _SENTENCE}
    whole["components"] = {
        "schemas": schemas,
        "securitySchemes": {
            "device": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "models/wire.py"},
            "media": {"type": "http", "scheme": "bearer"},
            "account": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        },
    }
    for path, operations in whole["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    return whole


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    """Say what holds for all routes of a kind."""
    if path.startswith("/media/"):
        _complete_stream(method, operation)
        return
    responses, agents, programs = operation["responses"], path.startswith("/api/agent/"), path.startswith("/api/")
    if "HTTPValidationError" in json.dumps(responses.get("422", "")):
        del responses["422"]  # ours are sentences
    untold = responses.get("200", {}).get("content") == {JSON: {"schema": {}}}
    if untold and not programs and path != "/health":
        responses["200"] = _content("The page.", HTML, {"type": "string"})
    sentence = (JSON, {"$ref": "#/components/schemas/Sentence"}) if programs else (HTML, {"type": "string"})
    if not path.startswith(_OPEN):
        operation["security"] = [{"device": []} if agents else {"account": []}]
    if not agents and path != "/health":
        for status, why in _PAGES:
            responses.setdefault(str(status), _content(why, *sentence))
    if method != "get" or agents:
        responses.setdefault("503", _content("The database can't be written now; try again.", *sentence))
    if not programs:
        responses.setdefault("303", {"description": "Done, or sign in first; see there."})


def _complete_stream(method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if method in ("options", "patch"):
        responses.clear()
        responses["405" if method == "patch" else "204"] = {"description": "See the Allow header."}
        responses["422"] = _content("No such source.", JSON, {"$ref": "#/components/schemas/Sentence"})
        return
    operation["security"] = [{"media": []}]
    if method == "delete":
        responses["200"] = {"description": "Ended."}
    for status, why in _STREAMS:
        responses[str(status)] = _content(why, JSON, {"$ref": "#/components/schemas/Sentence"})


def _content(why: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": why, "content": {media_type: {"schema": schema}}}


def _ref(message: type) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{message.__name__}"}
