from __future__ import annotations

from pathlib import Path

import pytest

from bridge_agent.set_reading import PicturesError, read_pairs, read_people


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    ("names", "people"),
    [
        (["Anna/1.jpg", "Anna/2.PNG", "Bình Đức/a.pgm", ".hidden/x.jpg", "Anna/.x.jpg", "Anna/notes.txt"],
         {"Anna": 2, "Bình Đức": 1}),
        (["lfw/Anna/1.jpg", "lfw/Binh/1.jpg"], {"Anna": 1, "Binh": 1}),  # a folder around it all
        (["A/Anna/1.jpg", "A/Anh/1.jpg", "B/Binh/1.jpg"], {"Anna": 1, "Anh": 1, "Binh": 1}),
        (["train/Anna/1.jpg", "train/Binh/1.jpg", "train/Chi/1.jpg", "test/Anna/2.jpg"],
         {"Anna": 2, "Binh": 1, "Chi": 1}),
        (["Anna/day1/1.jpg", "Anna/day2/1.jpg", "Binh/day1/1.jpg", "Binh/2.jpg", "Chi/day2/1.jpg"],
         {"Anna": 2, "Binh": 2, "Chi": 1}),
        (["001_neutral.jpg", "001_smiling.jpg", "002_neutral.jpg"], {"001": 2, "002": 1}),
    ],
)  # fmt: skip
def test_people_are_found_however_their_folders_lie(tmp_path: Path, names: list[str], people: dict[str, int]) -> None:
    found = read_people(files(tmp_path, *names))
    assert {name: len(paths) for name, paths in found.items()} == people


def test_no_folder_and_no_picture_are_one_sentence(tmp_path: Path) -> None:
    for folder in (tmp_path / "absent", files(tmp_path / "empty", "Anna/notes.txt")):
        with pytest.raises(PicturesError) as error:
            read_people(folder)
        assert str(folder) in error.value.en and str(folder) in error.value.vi


@pytest.mark.parametrize(
    "text",
    [
        "file_x,file_y,Decision\na1.jpg,a2.jpg,Yes\na1.jpg,b1.jpg,No\n",
        "\ufefffile_x;file_y;Decision\r\na1.jpg;a2.jpg;YES\r\na1.jpg;b1.jpg;no\r\n",
        "Decision,file_y,file_x\n1,a2.jpg,a1.jpg\n0,b1.jpg,a1.jpg\n",
        "left file,right file,same?\na1.jpg,a2.jpg,true\na1.jpg,b1.jpg,false\n",
        "a1.jpg\ta2.jpg\tsame\na1.jpg\tb1.jpg\tdifferent\n",
        "a1.jpg,a2.jpg,1\na1.jpg,b1.jpg,0\n",
        "img1,img2,label\ndataset\\a1.jpg,dataset/a2.jpg,1.0\ndataset/a1.jpg,dataset/b1.jpg,0.0\n\n",
        "file1,file2,kết quả\na1.jpg,a2.jpg,Có\na1.jpg,b1.jpg,Không\n",
        "file_x,file_y,decision\na1,a2,yes\na1,b1,no\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_lists_of_pairs_are_read_however_they_are_written(tmp_path: Path, text: str, encoding: str) -> None:
    files(tmp_path / "pictures" / "deep", "a1.jpg", "a2.jpg", "b1.jpg")
    listed = tmp_path / "pairs.csv"
    listed.write_bytes(text.removeprefix("\ufeff").encode(encoding) if encoding == "utf-16" else text.encode())
    told = read_pairs(listed, tmp_path / "pictures")
    assert (told.rows, told.genuine, told.impostor) == (2, 1, 1)
    number = {path.name: person for path, person in told.person.items()}
    assert number["a1.jpg"] == number["a2.jpg"] != number["b1.jpg"]
    assert told.apart == {(number["a1.jpg"], number["b1.jpg"]), (number["b1.jpg"], number["a1.jpg"])}


def test_what_follows_from_the_list_is_known_and_nothing_else(tmp_path: Path) -> None:
    folder = files(tmp_path, *(f"{name}.jpg" for name in ("a1", "a2", "a3", "b1", "b2", "c1", "c2")))
    listed = folder / "pairs.csv"
    listed.write_text(
        "x,y,same\na1.jpg,a2.jpg,1\na2.jpg,a3.jpg,1\nb1.jpg,b2.jpg,1\nc1.jpg,c2.jpg,1\na1.jpg,b2.jpg,0\n"
        "a1.jpg,a3.jpg,0\na1.jpg,gone.jpg,0\nb1.jpg,c1.jpg,maybe\nb1.jpg\n"
    )
    told = read_pairs(listed, folder)
    number = {path.stem: person for path, person in told.person.items()}
    assert number["a1"] == number["a3"]
    assert (number["a3"], number["b1"]) in told.apart  # by what joins them
    assert (number["a1"], number["c1"]) not in told.apart and (number["b1"], number["c1"]) not in told.apart
    assert told.contradictions == ["pairs.csv:7"]
    assert told.without_picture == ["pairs.csv:8"]
    assert told.unclear == ["pairs.csv:9", "pairs.csv:10"]


def test_a_list_without_a_usable_row_is_one_sentence(tmp_path: Path) -> None:
    listed = tmp_path / "pairs.csv"
    for content in (b"", b"file_x,file_y,Decision\n", b"a.jpg,b.jpg,1\n", b"\x00\xff\xfe", b"only one column\n"):
        listed.write_bytes(content)
        with pytest.raises(PicturesError, match=r"pairs\.csv"):
            read_pairs(listed, tmp_path)
    with pytest.raises(PicturesError):
        read_pairs(tmp_path / "absent.csv", tmp_path)
    with pytest.raises(PicturesError):
        read_pairs(listed, tmp_path / "absent")
