"""Files of evidence: pictures and PDFs, told by their content, kept sealed, their SHA-256 in the own log."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from fastapi import Response
from sqlmodel import Session

from central_server.corrections.tables import EvidenceFile
from central_server.courses.changes import Changes
from central_server.errors import NotFoundError
from central_server.learners.sealing import SealingKey
from central_server.web.downloads import download
from central_server.web.forms import Form
from models.correction_records import EvidenceFiled

MOST_MB = 8
"""A page scanned at 300 dpi is 1 to 3 MB as JPEG; a signed list of some pages fits."""
_KINDS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent, and what it is."""

    content: bytes
    media_type: str


def read_upload(form: Form, name: str) -> Upload | None:
    """The file in a form's field; None without one, or with a sentence at the field where it can't be taken."""
    sent = form.files.get(name)
    if sent is None:
        return None
    content = sent.file.read(MOST_MB * 1024**2 + 1)
    if len(content) > MOST_MB * 1024**2:
        form.fail(name, f"Tệp lớn quá {MOST_MB} MB. Hãy quét lại với độ phân giải thấp hơn.",
                  f"The file is larger than {MOST_MB} MB. Scan it again with a lower resolution.")  # fmt: skip
        return None
    kind = next((kind for start, kind in _KINDS.items() if content.startswith(start)), None)
    if kind is None:
        form.fail(name, "Tệp phải là ảnh (JPEG, PNG) hoặc PDF. Hãy chọn tệp khác.",
                  "The file must be a picture (JPEG, PNG) or a PDF. Choose another.")  # fmt: skip
        return None
    return Upload(content, kind)


GIVES_EVIDENCE: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {kind: {"schema": {"type": "string"}} for kind in ENDINGS}}
}
"""What a route that gives such a file says of its answer."""


def no_file() -> NotFoundError:
    """What somebody is told of a file that isn't there, or isn't his to read."""
    return NotFoundError("Không có tệp này.", "There is no such file.")


def evidence_in(db: Session, session: str, evidence: str) -> EvidenceFile:
    """A file about that session. Raises NotFoundError."""
    file = db.get(EvidenceFile, evidence)
    if file is None or file.session != session:
        raise no_file()
    return file


def evidence_download(key: SealingKey, file: EvidenceFile) -> Response:
    """The file, to be saved by the browser. Raises SealError."""
    content = key.open("evidence", file.id, file.sealed)
    return download(content, f"minh-chung-{file.id}.{ENDINGS[file.media_type]}", file.media_type)


def file_evidence(changes: Changes, key: SealingKey, session: str, upload: Upload) -> str:
    """Keep a file about a session; its id."""
    id_ = f"e-{secrets.token_hex(8)}"
    sealed = key.seal("evidence", id_, upload.content)
    content = hashlib.sha256(upload.content).hexdigest()
    changes.db.add(
        EvidenceFile(id=id_, session=session, content=content, media_type=upload.media_type, sealed=sealed)
    )  # fmt: skip
    changes.db.flush()
    told = hashlib.sha256(sealed).hexdigest()
    changes.tell(
        EvidenceFiled(at=changes.now, by=changes.by, evidence=id_, session=session, content=content, sealed=told)
    )
    return id_
