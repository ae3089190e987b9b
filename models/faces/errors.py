"""What can go wrong with pictures, weights and templates.

FaceError
├── WeightsError
│   ├── WeightsMissingError       a network's file is not on this PC
│   ├── WeightsDamagedError       a file is not the one the manifest names
│   ├── WeightsUnusableError      a file that no runtime can read as a network
│   ├── WeightsNotWrittenError    a file that this PC cannot keep
│   └── DownloadFailedError       a file could not be fetched
├── PortraitsError
│   ├── PortraitsMissingError     no folder of portraits, or an empty one
│   ├── PictureUnreadableError    no picture in this file
│   ├── NoFaceError               a portrait without a face
│   ├── SeveralFacesError         a portrait of more than one person
│   └── FaceTooSmallError         a portrait whose face is too narrow to make a template from
└── GalleryMismatchError          templates of one encoder meet vectors of another
"""

from __future__ import annotations

from models.errors import DiemdanhError
from models.reasons import Reason


class FaceError(DiemdanhError):
    """The base of all errors about faces."""


class WeightsError(FaceError):
    """A network's weights cannot be used."""


class WeightsMissingError(WeightsError):
    """A network's file is not on this PC; `name` as in the manifest."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Máy này chưa có tệp trọng số {name}; hãy tải về hoặc đặt tệp vào thư mục DIEMDANH_WEIGHTS.",
            f"This PC has no weights {name}; fetch them, or put the files into the folder DIEMDANH_WEIGHTS.",
        )
        self.name = name


class WeightsDamagedError(WeightsError):
    """The file at `where` is not the one that the manifest names."""

    def __init__(self, where: str, wanted: str, found: str) -> None:
        super().__init__(
            f"Tệp {where} có mã SHA-256 {found}, không phải {wanted}; hãy xóa tệp và tải lại.",
            f"The file {where} has the SHA-256 {found} instead of {wanted}; delete it and fetch it again.",
        )
        self.where, self.wanted, self.found = where, wanted, found


class WeightsUnusableError(WeightsError):
    """The file at `where` cannot be read as a network."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"Không đọc được mạng nơ-ron trong tệp {where} ({reason}); hãy xóa tệp để tạo lại.",
            f"The file {where} holds no usable network ({reason}); delete it, and it is made anew.",
        )


class WeightsNotWrittenError(WeightsError):
    """The file or folder at `where` cannot be written."""

    def __init__(self, where: str, reason: Reason) -> None:
        super().__init__(
            f"Không ghi được {where} ({reason.vi}); hãy kiểm tra quyền ghi và chỗ trống trên đĩa.",
            f"{where} cannot be written ({reason.en}); check the permissions and the free space.",
        )


class DownloadFailedError(WeightsError):
    """The address `source` gave no complete file."""

    def __init__(self, source: str, reason: Reason) -> None:
        super().__init__(
            f"Không tải được {source} ({reason.vi}); hãy kiểm tra mạng rồi thử lại.",
            f"{source} could not be fetched ({reason.en}); check the network and try again.",
        )


class PortraitsError(FaceError):
    """A portrait, or the folder of portraits, cannot be used."""


class PortraitsMissingError(PortraitsError):
    """There is no folder at `where`, or nothing in it that could be a portrait."""

    def __init__(self, where: str, *, empty: bool) -> None:
        what = ("không có ảnh nào", "holds no pictures") if empty else ("không tồn tại", "does not exist")
        super().__init__(
            f"Thư mục ảnh {where} {what[0]}; mỗi học viên cần tệp TÊN.jpg hoặc thư mục TÊN có ảnh .jpg, .png.",
            f"The portrait folder {where} {what[1]}; a learner needs NAME.jpg or a folder NAME of .jpg or .png files.",
        )


class PictureUnreadableError(PortraitsError):
    """The file at `where` is missing or holds no picture that can be decoded."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Không đọc được ảnh {where}; hãy thay bằng tệp JPEG hoặc PNG khác.",
            f"The picture {where} cannot be read; replace it by another JPEG or PNG file.",
        )


class NoFaceError(PortraitsError):
    """No face is found in the portrait at `where`."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Không thấy khuôn mặt trong ảnh {where}; hãy dùng ảnh chụp thẳng, đủ sáng, không che mặt.",
            f"No face is found in {where}; use a frontal, well lit picture with nothing over the face.",
        )


class SeveralFacesError(PortraitsError):
    """The portrait at `where` shows `count` faces of comparable size."""

    def __init__(self, where: str, count: int) -> None:
        super().__init__(
            f"Ảnh {where} có {count} khuôn mặt; hãy cắt ảnh để chỉ còn học viên.",
            f"{where} shows {count} faces; crop it so that only the learner is left.",
        )


class FaceTooSmallError(PortraitsError):
    """The face in the portrait at `where` is `width` pixels wide, which is under `needed`."""

    def __init__(self, where: str, width: int, needed: int) -> None:
        super().__init__(
            f"Khuôn mặt trong ảnh {where} chỉ rộng {width} điểm ảnh, cần ít nhất {needed}; hãy dùng ảnh gần hơn.",
            f"The face in {where} is only {width} pixels wide and needs {needed}; use a closer picture.",
        )


class GalleryMismatchError(FaceError):
    """Templates made by the encoder `found` cannot be compared with those of `wanted`."""

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(
            f"Dữ liệu khuôn mặt do bộ mã hoá {found} tạo, máy này dùng {wanted}; hãy tạo lại từ ảnh.",
            f"These face templates come from encoder {found}, this PC uses {wanted}; make them anew from portraits.",
        )
