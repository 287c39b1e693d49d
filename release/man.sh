#!/bin/sh
# Writes a manual page for the command and one for each of its subcommands, from what --help shows.
#   BIN=.venv/bin sh release/man.sh build/man
set -eu
into=$1
command -v help2man >/dev/null || { echo "help2man is missing: apt-get install help2man, or brew install help2man" >&2; exit 1; }
version=$("$BIN/importer" --version)
mkdir -p "$into"
export COLUMNS=80 TERM=dumb
write() { # name of the page, what it is about, words to type
    page=$1 about=$2
    shift 2
    help2man --no-info --no-discard-stderr --section=1 --source="$version" --name="$about" \
        --version-string="$version" --output="$into/$page.1" "$*"
}
write importer "import a movie and TV ratings history" "$BIN/importer"
"$BIN/python" -c 'from importer.cli.app import COMMANDS, SUBCOMMANDS
known = {**COMMANDS, **{f"{name} {each}": line for name, below in SUBCOMMANDS.items() for each, line in below.items()}}
for name, (_, line) in known.items(): print(name, line.rstrip("."), sep="\t")' |
    while IFS="	" read -r name about; do
        write "importer-$(echo "$name" | tr " " -)" "$about" "$BIN/importer $name"
    done
