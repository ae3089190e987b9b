"""From the cells below the headings to learners, and a fault for each cell that can't be one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from central_server.enrolment.dates import birth_year
from central_server.enrolment.faults import Fault, RosterError, too_many_rows
from central_server.enrolment.grid import ROW_LIMIT, Cell, Grid, address
from central_server.enrolment.headings import Field, Headings, heading_words
from central_server.enrolment.legacy_fonts import file_writing
from central_server.learners.names import plain
from models.cards import card_number

CODE_LIMIT = 30
TEXT_LIMIT = 150
LEARNER_LIMIT = ROW_LIMIT - 100
_CODE = re.compile(r"[^\W_](?:[\w./-]{0,28}[^\W_])?\Z")
_NUMBERING = re.compile(r"\(?[0-9]{1,2}\)?\Z|\(?[A-Za-z]\)?\Z")


@dataclass(frozen=True, slots=True)
class Row:
    """A learner of the file. Texts are in Unicode NFC, without spaces at their ends."""

    row: int
    """Row of the grid, from 0: the file's line less one."""
    code: str
    name: str
    unit: str
    birth_year: int | None
    position: str
    bridge_point: str
    """As the file writes it; empty where the file has no such column."""
    ethnicity: str
    card: str = ""
    """The number of the card that the learner checks in with; empty: none is given."""

    @property
    def line(self) -> int:
        """The line that Excel shows."""
        return self.row + 1


@dataclass(frozen=True, slots=True)
class Passed:
    """A line without a learner: a group's title, a total, who signed."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Roster:
    """All that a sheet says."""

    rows: tuple[Row, ...]
    """Those without a fault."""
    faults: tuple[Fault, ...]
    passed: tuple[Passed, ...]

    @property
    def faulty_rows(self) -> int:
        """How many rows have at least one fault."""
        return len({fault.row for fault in self.faults})


def read_rows(grid: Grid, headings: Headings, this_year: int) -> Roster:
    """Everybody on the sheet. Raises RosterError where there is nobody, or where the text is no Unicode."""
    _check_writing(grid, headings)
    rows: list[Row] = []
    faults: list[Fault] = []
    passed: list[Passed] = []
    for at in range(headings.first, len(grid.rows)):
        filled = [cell for cell in grid.rows[at] if cell is not None and cell.text.strip()]
        if not filled or (at == headings.first and all(_NUMBERING.match(cell.text.strip()) for cell in filled)):
            continue
        reading = _Reading(grid, headings, at, this_year)
        if reading.nobody(len(filled)):
            passed.append(Passed(at + 1, " ".join(cell.text.strip() for cell in filled)[:80]))
            continue
        row = reading.row()
        faults += reading.faults
        if not reading.faults:
            rows.append(row)
        if len(rows) + len(faults) > LEARNER_LIMIT:
            raise too_many_rows(LEARNER_LIMIT)
    if not rows and not faults:
        raise RosterError(
            f"Không có học viên nào dưới dòng tiêu đề (dòng {headings.row + 1}). Hãy kiểm tra đã chọn đúng trang tính.",
            f"There is no learner below the headings (line {headings.row + 1}). Check that this is the right sheet.",
        )
    return _doubles(Roster(tuple(rows), tuple(faults), tuple(passed)), grid, headings)


class _Reading:
    """Reads one row and keeps its faults."""

    def __init__(self, grid: Grid, headings: Headings, at: int, this_year: int) -> None:
        self._grid = grid
        self._headings = headings
        self._at = at
        self._this_year = this_year
        self.faults: list[Fault] = []

    def _cell(self, field: Field) -> Cell | None:
        column = self._headings.columns.get(field)
        cell = None if column is None else self._grid.at(self._at, column)
        return cell if cell is not None and cell.text.strip() else None

    def nobody(self, filled: int) -> bool:
        """A title between the rows, a total or a signature: no code, and hardly anything else."""
        if self._cell("code") or filled > 2:
            return False
        return not (self._cell("unit") and (self._cell("name") or self._cell("given")))

    def row(self) -> Row:
        """The row; where there are faults its values mean nothing."""
        name = " ".join(part for part in (self._name(), self._text("given")) if part)
        if not name and not self.faults:
            column: Field = "name" if "name" in self._headings.columns else "given"
            self._fault(column, "thiếu họ tên; hãy điền họ và tên.", "the name is missing; fill it in.")
        elif name and (wrong := name_fault(name)):
            self._fault("name" if "name" in self._headings.columns else "given", *wrong)
        return Row(
            row=self._at,
            code=self._code(),
            name=name,
            unit=self._needed("unit", "thiếu đơn vị", "the unit is missing"),
            birth_year=self._birth(),
            position=self._text("position"),
            bridge_point=self._needed("bridge_point", "thiếu điểm cầu", "the bridge point is missing"),
            ethnicity=self._text("ethnicity"),
            card=self._card(),
        )

    def _name(self) -> str:
        return self._text("name" if "name" in self._headings.columns else "family")

    def _fault(self, field: Field, vi: str, en: str) -> None:
        column = self._headings.columns[field]
        cell = self._grid.at(self._at, column)
        found = cell.text.strip()[:40] if cell else ""
        where = address(self._at, column)
        title = self._headings.titles[column]
        if all(fault.address != where for fault in self.faults):
            self.faults.append(Fault(self._at, where, title, found, vi, en))

    def _text(self, field: Field) -> str:
        cell = self._cell(field)
        if cell is None:
            return ""
        if cell.kind == "formula":
            self._fault(
                field, "là công thức chưa có kết quả; mở tệp bằng Excel, lưu lại rồi gửi.",
                "is a formula without a result; open the file in Excel, save it and send it again.",
            )  # fmt: skip
            return ""
        if cell.kind == "error":
            self._fault(
                field, "là lỗi của công thức; hãy sửa công thức hoặc gõ giá trị.",
                "is a formula's error; mend the formula or type the value.",
            )  # fmt: skip
            return ""
        text = tidy(cell.text)
        if cell.kind == "date":
            self._fault(
                field, "là ngày tháng, không phải chữ; hãy sửa ô và định dạng ô là Văn bản (Text).",
                "is a date where a text should be; mend the cell and format it as Text.",
            )  # fmt: skip
        elif "\ufffd" in text or re.search(r"[^\W\d_]\?[^\W\d_]|\?[^\W\d_]", text):
            self._fault(
                field, "có dấu ? thay cho chữ đã mất khi lưu sai bảng mã; hãy gõ lại, hoặc lưu tệp gốc thành .xlsx.",
                "has a ? in place of letters that were lost in a wrong encoding; type it again, or save the original "
                "file as .xlsx.",
            )  # fmt: skip
        elif not text.isprintable():
            self._fault(
                field, "có ký tự lạ không in được; hãy xóa ô và gõ lại.",
                "has signs that can't be printed; clear the cell and type it again.",
            )  # fmt: skip
        elif len(text) > TEXT_LIMIT:
            self._fault(field, f"dài quá {TEXT_LIMIT} ký tự; hãy viết ngắn lại.",
                        f"is longer than {TEXT_LIMIT} characters; shorten it.")  # fmt: skip
        elif cell.kind == "number" and field not in ("code", "bridge_point", "card"):
            self._fault(field, "là số, không phải chữ; hãy kiểm tra có lệch cột không.",
                        "is a number where a text should be; check that no column has slipped.")  # fmt: skip
        return text

    def _needed(self, field: Field, vi: str, en: str) -> str:
        if field not in self._headings.columns:
            return ""
        if self._cell(field) is None:
            self._fault(field, f"{vi}; hãy điền vào ô này.", f"{en}; fill in this cell.")
            return ""
        return self._text(field)

    def _code(self) -> str:
        if "code" not in self._headings.columns:
            return ""
        cell = self._cell("code")
        text = self._needed("code", "thiếu mã học viên", "the learner's code is missing").replace(" ", "")
        if not text or cell is None:
            return ""
        if re.fullmatch(r"[0-9.,]+E\+?[0-9]+", text, re.IGNORECASE) or (cell.kind == "number" and len(text) > 15):
            self._fault(
                "code", "bị Excel đổi thành số mũ nên mất chữ số; định dạng cột là Văn bản (Text) rồi gõ lại mã.",
                "was turned by Excel into a power of ten and lost digits; format the column as Text and type it again.",
            )  # fmt: skip
        elif cell.kind == "number" and not text.isdigit():
            self._fault("code", "không phải mã: là số lẻ hoặc số âm; hãy gõ lại mã.",
                        "is no code: a fraction or a negative number; type the code again.")  # fmt: skip
        elif not _CODE.match(text):
            self._fault(
                "code", f"không phải mã: chỉ dùng chữ, số và . / - ở giữa, tối đa {CODE_LIMIT} ký tự.",
                f"is no code: only letters, digits and . / - inside, at most {CODE_LIMIT} characters.",
            )  # fmt: skip
        return text

    def _card(self) -> str:
        cell, text = self._cell("card"), self._text("card")
        if cell is None or not text:
            return ""
        number = card_number(text)
        if re.fullmatch(r"[0-9.,]+E\+?[0-9]+", text, re.IGNORECASE) or (cell.kind == "number" and len(text) > 15):
            self._fault(
                "card", "bị Excel đổi thành số mũ nên mất chữ số; định dạng cột là Văn bản (Text) rồi gõ lại số thẻ.",
                "was turned by Excel into a power of ten and lost digits; format the column as Text and type it again.",
            )  # fmt: skip
        elif number is None or (cell.kind == "number" and not number.isdigit()):
            self._fault(
                "card", "không phải số thẻ: cần 4–40 chữ, số; hãy quẹt lại thẻ hoặc gõ lại.",
                "is no card's number: 4 to 40 letters and digits; read the card or type it again.",
            )  # fmt: skip
        return number or ""

    def _birth(self) -> int | None:
        fields: list[Field] = [one for one in ("birth", "born_male", "born_female") if self._cell(one)]
        if not fields:
            return None
        if len(fields) > 1:
            self._fault(fields[1], "cả cột Nam và cột Nữ đều có năm sinh; hãy xóa một ô.",
                        "both columns, male and female, hold a year; clear one.")  # fmt: skip
            return None
        cell = self._cell(fields[0])
        year = birth_year(cell, self._this_year) if cell else None
        if isinstance(year, int) or year is None:
            return year
        self._fault(fields[0], *year)
        return None


def tidy(text: str) -> str:
    """A text as it is kept: NFC, one space between words, none at the ends, no invisible signs."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return " ".join(text.split())


def name_fault(name: str) -> tuple[str, str] | None:
    """Why a text is no person's name; None when it may be one."""
    if any(one.isdigit() for one in name):
        return ("họ tên có chữ số; hãy sửa, hoặc kiểm tra có lệch cột không.",
                "the name holds digits; mend it, or check that no column has slipped.")  # fmt: skip
    if not any(one.isalpha() for one in name):
        return "không phải họ tên; hãy gõ họ và tên.", "is no name; type the full name."
    if len(name.split()) < 2:
        return "chỉ có một chữ; hãy ghi đủ họ và tên.", "is a single word; write family and given name."
    return None


def _check_writing(grid: Grid, headings: Headings) -> None:
    texts = [
        cell.text
        for row in range(headings.first, min(len(grid.rows), headings.first + 500))
        for field in ("name", "family", "given", "unit")
        if (column := headings.columns.get(field)) is not None and (cell := grid.at(row, column)) is not None
    ]
    refuse_writing(texts)


def refuse_writing(texts: list[str]) -> None:
    """Raises RosterError where these texts are not Unicode."""
    writing = file_writing(texts)
    if writing == "UTF-8":
        raise RosterError(
            "Chữ trong tệp bị sai bảng mã (ví dụ “Nguyá»…n”): tệp đã bị mở sai trước khi lưu. Hãy lấy lại tệp gốc; với "
            "CSV, dùng Excel → Dữ liệu → Từ văn bản/CSV → 65001 UTF-8, rồi lưu thành .xlsx.",
            "The letters of this file are garbled (such as “Nguyá»…n”): it was opened in a wrong encoding and saved. "
            "Go back to the original; for CSV use Excel → Data → From Text/CSV → 65001 UTF-8, and save it as .xlsx.",
        )
    if writing:
        fonts = ".VnTime, .VnArial" if writing == "TCVN3" else "VNI-Times, VNI-Helve"
        raise RosterError(
            f"Tệp dùng phông chữ cũ {writing} ({fonts}), không phải Unicode. Hãy chuyển mã bằng UniKey (Ctrl+Shift+F6: "
            f"nguồn {writing}, đích Unicode) rồi gửi lại.",
            f"The file uses the old font encoding {writing} ({fonts}), not Unicode. Convert it with UniKey "
            f"(Ctrl+Shift+F6: from {writing} to Unicode) and send it again.",
        )


def _doubles(roster: Roster, grid: Grid, headings: Headings) -> Roster:
    """Faults that only show between rows: a code or a card used twice, a leading zero that Excel dropped."""
    faults: list[Fault] = []
    if "code" in headings.columns:
        faults += _double_codes(roster, grid, headings)
    if "card" in headings.columns:
        faults += _double_cards(roster, grid, headings)
    if not faults:
        return roster
    wrong = {one.row for one in faults}
    every = sorted((*roster.faults, *faults), key=lambda one: (one.row, one.address))
    return replace(roster, rows=tuple(row for row in roster.rows if row.row not in wrong), faults=tuple(every))


def _double_codes(roster: Roster, grid: Grid, headings: Headings) -> list[Fault]:
    faults: list[Fault] = []
    column = headings.columns["code"]
    title = headings.titles[column]

    def fault(row: Row, vi: str, en: str) -> None:
        faults.append(Fault(row.row, address(row.row, column), title, row.code, vi, en))

    first: dict[str, Row] = {}
    for row in roster.rows:
        before = first.setdefault(plain(row.code), row)
        if before is not row:
            if plain(before.name) == plain(row.name):
                fault(row, f"mã này đã có ở dòng {before.line} (cùng họ tên); hãy xóa một dòng.",
                      f"the code stands at line {before.line} already (same name); delete one of the two.")  # fmt: skip
            else:
                fault(row, f"mã này đã dùng ở dòng {before.line} cho {before.name}; mỗi người một mã.",
                      f"the code is used at line {before.line} for {before.name}; one code a person.")  # fmt: skip
    _lost_zeros(roster, grid, headings, fault)
    return faults


def _double_cards(roster: Roster, grid: Grid, headings: Headings) -> list[Fault]:
    """A card given to two, and numbers of cards that are shorter than the others because Excel dropped a zero."""
    column = headings.columns["card"]
    title = headings.titles[column]
    faults: list[Fault] = []
    first: dict[str, Row] = {}
    kinds = {row.row: cell.kind for row in roster.rows if (cell := grid.at(row.row, column))}
    zeroed = [len(row.card) for row in roster.rows if kinds.get(row.row) == "text" and row.card.startswith("0")]
    for row in roster.rows:
        before = first.setdefault(row.card, row) if row.card else row
        found = f"…{row.card[-4:]}"
        if before is not row:
            faults.append(
                Fault(row.row, address(row.row, column), title, found,
                      f"thẻ này đã có ở dòng {before.line} cho {before.name}; mỗi người một thẻ.",
                      f"the card stands at line {before.line} for {before.name}; one card a person.")
            )  # fmt: skip
        elif kinds.get(row.row) == "number" and zeroed and len(row.card) < max(zeroed):
            faults.append(
                Fault(row.row, address(row.row, column), title, found,
                      f"có {len(row.card)} chữ số, cần {max(zeroed)}: Excel đã bỏ số 0 ở đầu; định dạng cột là Văn bản "
                      "(Text) và gõ lại.",
                      f"has {len(row.card)} digits where {max(zeroed)} are needed: Excel dropped the leading zero; "
                      "format the column as Text and type it again.")
            )  # fmt: skip
    return faults


def _lost_zeros(roster: Roster, grid: Grid, headings: Headings, fault: Callable[[Row, str, str], None]) -> None:
    """Name codes kept as numbers that are shorter than the file's other codes, some of which begin with a zero."""
    column = headings.columns["code"]
    kinds = {row.row: cell.kind for row in roster.rows if (cell := grid.at(row.row, column))}
    zeroed = {
        len(row.code)
        for row in roster.rows
        if kinds.get(row.row) == "text" and row.code.isdigit() and row.code.startswith("0")
    }
    card = any(word in heading_words(headings.titles[column]) for word in ("cccd", "can cuoc", "dinh danh"))
    for row in roster.rows:
        length = len(row.code)
        if kinds.get(row.row) != "number":
            continue
        if (card and length in (10, 11)) or (zeroed and length < max(zeroed)):
            wanted = 12 if card else max(zeroed)
            fault(
                row, f"có {length} chữ số, cần {wanted}: Excel đã bỏ số 0 ở đầu; định dạng cột là Văn bản (Text) và gõ "
                f"lại {row.code.zfill(wanted)}.",
                f"has {length} digits where {wanted} are needed: Excel dropped the leading zero; format the column as "
                f"Text and type {row.code.zfill(wanted)}.",
            )  # fmt: skip
