"""What a page's form sent, read in one place for all acts."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

MOST_FIELDS = 20


async def fields_of(request: Request) -> dict[str, str] | Response:
    """The fields by name, or the answer (400) to what is no form, or to whoever hung up.

    The body is not longer than guard.BODY_LIMIT, which stands before.
    """
    try:
        body = (await request.body()).decode()
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ClientDisconnect:
        return Response(status_code=400)
    except ValueError:
        return JSONResponse({"vi": "Yêu cầu không hợp lệ.", "en": "The request is not valid."}, 400)
