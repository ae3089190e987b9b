"""Write a host's own settings, coturn's and the server's: `python3 -m deploy.server --help`. Standard library only."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.one_port.__main__ import address, host_name, not_written, write

HERE = Path(__file__).parent


def main(argv: list[str]) -> int:
    """Write the files and say what to do with them."""
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.server",
        description="Viết cấu hình máy chủ và coturn. / Write the server's and coturn's settings for a host.",
    )
    parser.add_argument("--name", required=True, type=host_name, help="tên miền của trang / the pages' host name")
    parser.add_argument("--address", required=True, type=address, help="địa chỉ IP của máy / this machine's address")
    parser.add_argument("--data", default="/var/lib/diemdanh", help="thư mục dữ liệu / data folder (/var/lib/diemdanh)")
    parser.add_argument("--out", required=True, type=Path, help="thư mục sẽ ghi / folder to write to")
    asked = parser.parse_args(argv)
    folder = asked.out.resolve()
    values = {"NAME": asked.name, "ADDRESS": asked.address, "DATA": asked.data}
    try:
        write(folder, values, HERE, public=("server.toml",), private=("turnserver.conf",))
    except (OSError, ValueError) as error:
        print(not_written(folder, error), file=sys.stderr)
        return 2
    print(
        f"Đã ghi / Written: {folder}: server.toml, turnserver.conf, turn-secret. Tiếp theo / Next: {HERE / 'README.md'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
