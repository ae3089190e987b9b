"""Opening sheets with other people's programs: LibreOffice for Excel files, poppler for PDFs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

SOFFICE, PDFTOTEXT = shutil.which("soffice"), shutil.which("pdftotext")


VIETNAM = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>vi-VN</value></prop></item>
</oor:items>
"""
"""LibreOffice's settings on a Vietnamese PC."""


def _needed(program: str | None, name: str) -> str:
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"needs {name}")
    return program


def pdf_text(pdf: bytes, page: int | None = None) -> str:
    """The text of a PDF, with broken lines joined; `page`: of this one only."""
    program = _needed(PDFTOTEXT, "pdftotext")
    pages = ["-f", str(page), "-l", str(page)] if page else []
    done = subprocess.run([program, "-raw", *pages, "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    return " ".join(done.stdout.decode().split())


def xlsx_as_csv(xlsx: bytes) -> list[list[str]]:
    """The cells of an Excel file as LibreOffice shows them in Vietnam."""
    program = _needed(SOFFICE, "soffice")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        path.write_bytes(xlsx)
        profile = Path(folder) / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(VIETNAM, encoding="utf-8")
        # Field separator ;, text delimiter ", UTF-8, from line 1, language vi (1066), quote all: no, as shown: yes.
        form = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1066,false,true"
        command = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", form,
                   "--outdir", folder, str(path)]  # fmt: skip
        subprocess.run(command, capture_output=True, check=True, timeout=90, env={**os.environ, "LC_ALL": "C.UTF-8"})
        import csv

        with (Path(folder) / "sheet.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file, delimiter=";"))
