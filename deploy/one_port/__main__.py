"""Write nginx's and coturn's settings for one TLS port: `python3 -m deploy.one_port --help`. Standard library only.

The port is shared by name (ADR 0024): the DNS has two names for the machine, the certificate is for both.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import secrets
import sys
from pathlib import Path

HERE = Path(__file__).parent
INSIDE = (8443, 8444, 3478)
"""The ports that nginx and coturn have between them, as nginx.conf and turnserver.conf say."""
_NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


def write(
    folder: Path, values: dict[str, str], templates: Path, public: tuple[str, ...], private: tuple[str, ...]
) -> None:
    """Write the files from their templates, and turn-secret, into the folder; a secret that is there stays.

    Raises OSError, or ValueError where the secret is no text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "turn-secret"
    if not secret.exists() or not secret.read_bytes().strip():
        _private(secret, secrets.token_urlsafe(32) + "\n")
    values = values | {"SECRET": secret.read_text(encoding="utf-8").strip(), "FOLDER": str(folder)}
    for name, put in (*((one, _public) for one in public), *((one, _private) for one in private)):
        text = (templates / name).read_text(encoding="utf-8")
        put(folder / name, re.sub("@([A-Z_]+)@", lambda found: values[found[1]], text))


def _private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _public(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def not_written(folder: Path, error: OSError | ValueError) -> str:
    """The sentence for what `write` raises."""
    why = getattr(error, "strerror", None) or "turn-secret"
    return f"Không ghi được vào {folder}: {why}. / {folder} can't be written."


def main(argv: list[str]) -> int:
    """Write the files and say what to do with them."""
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.one_port",
        description="Viết cấu hình nginx và coturn để mọi thứ đi qua một cổng TLS. / "
        "Write nginx's and coturn's settings, so that everything goes over one TLS port.",
    )
    parser.add_argument("--name", required=True, type=host_name, help="tên miền của trang / the pages' host name")
    parser.add_argument("--turn-name", required=True, type=host_name, help="tên miền thứ hai / the second host name")
    parser.add_argument("--address", required=True, type=address, help="địa chỉ IP của máy / this machine's address")
    parser.add_argument("--certificate", required=True, type=_file, help="cho cả hai tên / for both names (PEM)")
    parser.add_argument("--key", required=True, type=_file, help="khóa của chứng chỉ / its key (PEM)")
    parser.add_argument("--port", type=_port, default=443, help="443")
    parser.add_argument("--server-port", type=_port, default=8080, help="cổng của máy chủ / the server's port (8080)")
    parser.add_argument("--out", required=True, type=_folder, help="thư mục sẽ ghi / folder to write to")
    asked = parser.parse_args(argv)
    if asked.name == asked.turn_name:
        parser.error("hai tên miền phải khác nhau / the two names must differ")
    ports = [asked.port, asked.server_port, *INSIDE]
    if len(set(ports)) < len(ports):
        parser.error(f"các cổng phải khác nhau và khác {INSIDE} / ports must differ from each other and from {INSIDE}")
    folder = asked.out
    values = {
        "NAME": asked.name, "TURN_NAME": asked.turn_name, "ADDRESS": asked.address, "PORT": str(asked.port),
        "SERVER_PORT": str(asked.server_port), "CERTIFICATE": str(asked.certificate), "KEY": str(asked.key),
    }  # fmt: skip
    try:
        write(folder, values, HERE, public=("nginx.conf",), private=("turnserver.conf",))
    except (OSError, ValueError) as error:
        print(not_written(folder, error), file=sys.stderr)
        return 2
    port = "" if asked.port == 443 else f":{asked.port}"
    print(
        f"Đã ghi / Written: {folder}\n"
        f"  nginx -c {folder}/nginx.conf\n"
        f"  turnserver -c {folder}/turnserver.conf\n"
        "Thêm vào tệp cấu hình của máy chủ / Add to the server's settings:\n\n"
        f'public_address = "https://{asked.name}{port}"\n'
        "[media]\n"
        f'turn = ["turns:{asked.turn_name}:{asked.port}?transport=tcp"]\n'
        f'turn_secret_file = "{folder}/turn-secret"'
    )
    return 0


def host_name(text: str) -> str:
    """A host name, for argparse."""
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("tên miền như diemdanh.example.vn / a host name such as diemdanh.example.vn")
    return text


def address(text: str) -> str:
    """An address that others reach, for argparse."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        raise argparse.ArgumentTypeError("địa chỉ IP như 192.0.2.7 / an IP address such as 192.0.2.7") from None
    if found.is_loopback or found.is_unspecified:
        raise argparse.ArgumentTypeError("địa chỉ của máy trong mạng / the address that the network knows")
    return text


def _port(text: str) -> int:
    port = int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("số cổng từ 1 đến 65535 / a port number from 1 to 65535")
    return port


def _folder(text: str) -> Path:
    path = Path(text).resolve()
    if re.search(r"[\s;{}]", str(path)):
        raise argparse.ArgumentTypeError(
            f"đường dẫn {path} không được có khoảng trắng hay ký tự ; {{ }} / the path may hold no blank and no ; {{ }}"
        )
    return path


def _file(text: str) -> Path:
    path = _folder(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"không có tệp {path} / there is no file {path}")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
