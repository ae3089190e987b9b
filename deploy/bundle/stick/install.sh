#!/bin/sh
# Installs the agent for this user:  sh install.sh        (also: rollback, uninstall, --help)
# Finds a Python that fits, then install.py does the work.
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
newest=
for python in ${DIEMDANH_PYTHON:-} python3.13 python3.12 python3.14 python3.11 python3; do
    "$python" -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null || continue
    newest=${newest:-$python}
    if "$python" -I -B -X utf8 "$here/install.py" fits "$@" >/dev/null 2>&1; then
        exec "$python" -I -B -X utf8 "$here/install.py" "$@"
    fi
done
if [ -n "$newest" ]; then
    exec "$newest" -I -B -X utf8 "$here/install.py" "$@" # it says what does not fit
fi
case ${DIEMDANH_LANGUAGE:-vi} in
en*) echo "This PC has no Python 3.11 to 3.14. Install one, for example: sudo apt install python3" >&2 ;;
*) echo "Máy này chưa có Python 3.11 đến 3.14. Hãy cài, ví dụ: sudo apt install python3" >&2 ;;
esac
exit 2
