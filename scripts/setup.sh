#!/bin/sh
# A virtual environment with the packages of a requirements file; at once when it is already there.
# usage: PYTHON=python3 VENV=.venv sh scripts/setup.sh requirements.txt
set -eu
requirements=$1
stamp="$VENV/.installed-$requirements"

# What is installed is known by the files themselves and by the interpreter.
wanted=$(cat requirements* | cksum; "$PYTHON" -c 'import sys; print(sys.version)')
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0

make_venv() { "$PYTHON" -m venv --clear "$VENV"; }

"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || {
    echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12" >&2
    exit 1
}
if [ ! -x "$VENV/bin/python" ] || ! cmp -s "$VENV/.interpreter" - <<EOF
$("$PYTHON" -c 'import sys; print(sys.version)')
EOF
then
    if ! make_venv 2>/dev/null; then
        # Debian ships venv apart from Python.
        package="python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        [ "$(id -u)" = 0 ] || { echo "Please install venv first: sudo apt-get install $package" >&2; exit 1; }
        apt-get update -qq && apt-get install -y -qq "$package"
        make_venv
    fi
    "$PYTHON" -c 'import sys; print(sys.version)' > "$VENV/.interpreter"
fi
echo "Installing the packages of $requirements (about a minute the first time) ..."
# Python 3.11 gets exactly the packages that were locked, each checked against its hash; others what fits.
lock="${requirements%.txt}.lock"
if [ -f "$lock" ] && "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    set -- --require-hashes -r "$lock"
else
    set -- -r "$requirements"
fi
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
printf '%s' "$wanted" > "$stamp"
