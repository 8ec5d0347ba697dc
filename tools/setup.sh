#!/bin/sh
# Prepare this machine for `make demo`, `make test` …; safe to run again, quick when nothing is missing.
#
#     tools/setup.sh run      the needs of the command: uv and the locked packages
#     tools/setup.sh test     also the development tools, PySpark, and openssl
#     tools/setup.sh spark    also Java, other programs that read our deliveries, and a Japanese font for pictures
#     tools/setup.sh bench    also the programs that the benchmarks compare with
#
# Nothing is installed outside of this directory, except by apt when run as root. The last line of standard
# output is the path of uv, which the Makefile uses; everything else goes to standard error.
set -eu
cd "$(dirname "$0")/.."

OLDEST_UV=0.9.17 # the first version that reads `exclude-newer = "7 days"`
tools=$PWD/.tools
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

python_is_new_enough() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

is_new_enough() { # is_new_enough UV
    version=$("$1" --version 2>/dev/null | awk '{ print $2 }') && [ -n "$version" ] &&
        [ "$(printf '%s\n%s\n' "$OLDEST_UV" "$version" | sort -V | head -n 1)" = "$OLDEST_UV" ]
}

java_is_new_enough() {
    command=java
    [ -z "${JAVA_HOME:-}" ] || command=$JAVA_HOME/bin/java
    major=$("$command" -version 2>&1 | sed -n '1s/.*version "\([0-9]*\).*/\1/p') && [ "${major:-0}" -ge 17 ]
}

outside_readers_are_there() {
    for each in javac pdftotext pkcs11-tool softhsm2-util; do
        command -v $each >/dev/null 2>&1 || return 1
    done
    [ -e /usr/share/java/bcpkix.jar ]
}

# apt_get WHY PACKAGE…: install, or say what to install and fail.
apt_get() {
    why=$1
    shift
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing $* ($why)"
        export DEBIAN_FRONTEND=noninteractive
        log=$(apt-get install -y --no-install-recommends "$@" 2>&1) && return 0
        log=$(apt-get update 2>&1 && apt-get install -y --no-install-recommends "$@" 2>&1) && return 0
        say "apt could not install $*:"
        printf '%s\n' "$log" >&2
        return 1
    fi
    say "$why: please install $* (Debian: sudo apt-get install $*)"
    return 1
}

# 1. Python is there.
python_is_new_enough || apt_get "Python 3.11 or newer is needed" python3 || exit 1
python_is_new_enough || stop "Python 3.11 or newer is needed; this is $(python3 --version 2>&1)"

# 2. uv: the one on the path, the one fetched before, or a new one from PyPI in our own directory. Debian's Python
#    has neither pip nor venv, and its pip refuses to install beside apt; a private venv or folder works with both.
if command -v uv >/dev/null 2>&1 && is_new_enough "$(command -v uv)"; then
    uv=$(command -v uv)
elif is_new_enough "$tools/bin/uv"; then
    uv=$tools/bin/uv
else
    say "fetching uv from PyPI into .tools/"
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null && ! python3 -c 'import pip' 2>/dev/null; then
        apt_get "uv comes from PyPI by pip, and this Python has none" python3-venv || exit 1
    fi
    if python3 -c 'import ensurepip, venv' 2>/dev/null; then
        python3 -m venv --clear "$tools" >&2
        "$tools/bin/python" -m pip install --quiet "uv>=$OLDEST_UV" >&2
    else
        python3 -m pip install --quiet --upgrade --target "$tools" "uv>=$OLDEST_UV" >&2
    fi
    uv=$tools/bin/uv
    is_new_enough "$uv" || stop "uv could not be fetched from PyPI; install it by hand and run this again"
fi

# 3. The packages of the lock file, into .venv. --inexact: packages of another target may stay.
case ${1:-run} in
    run) set -- --no-dev --extra node ;;
    test) set -- --extra node --extra spark --extra excel; tests=yes ;;
    spark) set -- --extra node --extra spark --extra excel; tests=yes; java=yes; outside=yes ;;
    bench) set -- --extra node --extra spark --group bench; java=yes ;;
    *) stop "unknown: $1 (run, test, spark, bench)" ;;
esac
"$uv" sync --locked --inexact --quiet --compile-bytecode "$@" >&2 || stop "the packages could not be installed"
# Tests start a thousand processes. Some systems forbid Python to write bytecode, and without it compiling
# doubles the start time of each process.
"$uv" run --no-sync python -m compileall -q src >&2

# 4. Packages of the operating system.
ls /usr/share/fonts/*/ipaexfont*/ipaexg.ttf >/dev/null 2>&1 ||
    apt_get "letters and cover sheets embed a font" fonts-ipaexfont-gothic ||
    [ "${outside:-no}" = no ] || exit 1
if [ "${tests:-no}" = yes ]; then
    command -v openssl >/dev/null 2>&1 || apt_get "tests check deliveries with openssl" openssl || exit 1
fi
if [ "${outside:-no}" = yes ]; then
    outside_readers_are_there ||
        apt_get "tests check deliveries with BouncyCastle, use a token for keys, and read the cover sheet" \
            libbcpkix-java openjdk-17-jdk-headless softhsm2 opensc poppler-utils || exit 1
fi
if [ "${outside:-no}" = yes ]; then
    ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ||
        apt_get "a node's tests run on PostgreSQL too" postgresql || exit 1
    command -v chromium >/dev/null 2>&1 || apt_get "tests open the console's pages in a browser" chromium || exit 1
fi
if [ "${java:-no}" = yes ]; then
    java_is_new_enough || apt_get "Spark needs Java 17" openjdk-17-jre-headless || exit 1
    java_is_new_enough || stop "Spark needs Java 17 or newer; JAVA_HOME or the path leads to an older one"
    [ -d /usr/share/fonts/opentype/noto ] || apt_get "pictures of the report need a Japanese font" fonts-noto-cjk ||
        say "going on without a Japanese font"
fi

printf '%s\n' "$uv"
