from __future__ import annotations

import random
import shutil
import zipfile
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.errors import EvidenceError
from central_server.own_log.server_key import server_key
from central_server.proof.pack import MANIFEST, Manifest, PackEvidence
from central_server.proof.verifying import verify
from models.receipts import Receipt
from tests.central_server.proof.tampering import make_ledger
from tests.central_server.test_cli import central_server, one_sentence

ROUNDS = 80


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Receipt], Path]:
    folder = tmp_path_factory.mktemp("pack")
    data, receipts, _ = make_ledger(folder)
    (folder / "receipts").mkdir()
    (folder / "receipts" / "all.ndjson").write_bytes(b"\n".join(map(msgspec.json.encode, receipts)))
    done = central_server("export-log", "--data", data, "--out", folder / "pack.zip", "--receipts", folder / "receipts")
    assert (done.returncode, done.stderr) == (0, ""), done
    return folder / "pack.zip", receipts, data


Pack = tuple[Path, list[Receipt], Path]


def rewritten(pack: Path, to: Path, name: str, body: bytes) -> Path:
    """The pack with one file exchanged; its manifest stays."""
    with zipfile.ZipFile(pack) as old, zipfile.ZipFile(to, "w") as new:
        for one in old.namelist():
            new.writestr(one, body if one == name else old.read(one))
    return to


def test_a_pack_is_proved_without_the_database_and_names_nobody(pack: Pack, tmp_path: Path) -> None:
    path, _, data = pack
    alone = shutil.copy(path, tmp_path / "pack.zip")
    assert path.stat().st_mode & 0o077 == 0
    done = central_server("verify", "--pack", alone, "--data", tmp_path / "nothing")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "2 nhật ký với 48 bản ghi" in done.stdout and "10 biên nhận" in done.stdout
    assert not (tmp_path / "nothing").exists()
    with zipfile.ZipFile(alone) as one:
        whole = b"".join(one.read(name) for name in one.namelist())
    assert "Nguyễn".encode() not in whole and b"HV00" not in whole
    done = central_server("verify", "--data", data, "--receipts", path.parent / "receipts", lang="en")
    assert (done.returncode, done.stderr) == (0, "") and "All of it fits" in done.stdout


def test_a_changed_pack_is_found_and_the_record_named(pack: Pack, tmp_path: Path) -> None:
    path, receipts, _ = pack
    for seed in range(ROUNDS):
        rng = random.Random(seed)
        with zipfile.ZipFile(path) as old:
            name = rng.choice([one for one in old.namelist() if one.startswith("logs/")])
            lines = old.read(name).split(b"\n")[:-1]
        at = rng.randrange(len(lines))
        match rng.choice(["edit", "remove", "add", "swap", "cut"]):
            case "edit":
                where = rng.randrange(lines[at].index(b"{"), len(lines[at]))
                lines[at] = lines[at][:where] + bytes([lines[at][where] ^ 1]) + lines[at][where + 1 :]
            case "remove":
                del lines[at]
            case "add":
                lines.insert(rng.randrange(len(lines)), lines[at])
            case "swap":
                other = (at + rng.randrange(1, len(lines))) % len(lines)
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                del lines[at:]
        changed = rewritten(path, tmp_path / "changed.zip", name, b"".join(one + b"\n" for one in lines))
        device = name.split("/")[1]
        with PackEvidence(changed) as evidence:
            report = verify(evidence, receipts)
        assert [one for one in report.findings if one.device == device and one.first <= at + 1 <= one.last], seed
        assert [name in one.vi for one in evidence.findings] == [True]


@pytest.mark.parametrize("name", ["own.rows", "plan.json", "totals.json", "receipts.ndjson", "forks.ndjson"])
def test_any_other_file_of_a_pack_is_signed_too(pack: Pack, tmp_path: Path, name: str) -> None:
    path, _, _ = pack
    with zipfile.ZipFile(path) as old:
        body = old.read(name)
    changed = rewritten(path, tmp_path / "changed.zip", name, body[:-1].replace(b"1", b"2", 1) + b" \n")
    with PackEvidence(changed) as evidence:
        assert [name in one.vi for one in evidence.findings] == [True]
    done = central_server("verify", "--pack", changed)
    assert done.returncode in (1, 2), done


def test_a_pack_that_another_server_signed_is_no_proof(pack: Pack, tmp_path: Path) -> None:
    """Whoever changes a pack can sign it again with a key of his own; the own log knows the server's keys."""
    path, _, data = pack
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "again.zip", "w") as new:
        key = Ed25519PrivateKey.generate()
        manifest = msgspec.json.decode(old.read(MANIFEST), type=Manifest)
        files = {name: digest for name, digest in manifest.files.items() if name != "receipts.ndjson"}
        mine = msgspec.structs.replace(manifest, files=files, server_key=key.public_key().public_bytes_raw().hex())
        mine = msgspec.structs.replace(mine, signature=key.sign(mine.message()).hex())
        for name in files:
            new.writestr(name, old.read(name))
        new.writestr(MANIFEST, msgspec.json.encode(mine))
    done = central_server("verify", "--pack", tmp_path / "again.zip", lang="en")
    assert done.returncode == 1 and "signed with a key that the server's own log does not know" in done.stdout
    done = central_server("verify", "--pack", path, lang="en")
    assert f"by the server's key {server_key(data).id}" in done.stdout


def test_receipts_that_are_not_there_are_asked_for(pack: Pack, tmp_path: Path) -> None:
    _, _, data = pack
    (tmp_path / "none.ndjson").write_bytes(b"\n")
    for given in (tmp_path, tmp_path / "none.ndjson"):
        assert "không có biên nhận nào" in one_sentence(central_server("verify", "--receipts", given, "--data", data))


def test_what_is_no_pack_or_no_receipt_is_one_sentence(pack: Pack, tmp_path: Path) -> None:
    path, _, _ = pack
    broken = tmp_path / "broken.zip"
    body = path.read_bytes()
    for end in (0, 10, len(body) // 2, len(body) - 1):
        broken.write_bytes(body[:end])
        with pytest.raises(EvidenceError):
            PackEvidence(broken)
    assert "broken.zip" in one_sentence(central_server("verify", "--pack", broken))
    broken.write_bytes(b"{}\n")
    told = one_sentence(central_server("verify", "--receipts", broken, "--data", tmp_path))
    assert "1:" in told and "thiếu" in told
    told = one_sentence(central_server("verify", "--pack", broken))
    assert "không phải là gói bằng chứng hoặc đã hỏng" in told and "zip file" not in told
    told = one_sentence(central_server("verify", "--pack", tmp_path / "none.zip"))
    assert "không có tệp" in told and "Errno" not in told
    assert "diemdanh.db" in one_sentence(central_server("verify", "--data", tmp_path))
