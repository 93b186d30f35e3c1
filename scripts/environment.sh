# Sourced by the scripts: find a Python, make virtual environments that are reused while nothing changed.

python=""
for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "weakhitl needs Python 3.11 or later; install one, or name it: PYTHON=/path/to/python $0" >&2
    exit 2
fi

# make_environment FOLDER KIND [FIRST PIP ARGUMENTS] -- PIP ARGUMENTS
# Installs what the first arguments name, then the others, unless the same was installed from the
# same sources before.
make_environment() {
    local folder=$1 kind=$2 first=() stamp
    shift 2
    while [ "$1" != "--" ]; do first+=("$1"); shift; done
    shift
    stamp="$kind $("$python" --version) $(pwd) $* $(find pyproject.toml scripts src examples labeling_functions guidelines -type f ! -path '*/__pycache__/*' | sort | xargs sha256sum | sha256sum)"
    if [ -f "$folder/.stamp" ] && [ "$(cat "$folder/.stamp")" = "$stamp" ]; then return; fi
    echo "installing into $folder (once; a few minutes at most)" >&2
    [ -x "$folder/bin/python" ] || "$python" -m venv --clear "$folder"
    rm -f "$folder/.stamp"
    "$folder/bin/python" -m pip install --quiet --upgrade pip
    [ ${#first[@]} -eq 0 ] || "$folder/bin/python" -m pip install --quiet "${first[@]}"
    "$folder/bin/python" -m pip install --quiet "$@"
    echo "$stamp" >"$folder/.stamp"
}
