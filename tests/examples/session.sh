#!/usr/bin/env bash
# session.sh FILE BIN DATA: runs, in a copy of DATA and with the programs of BIN, each line of FILE that begins with
# "$ ", and compares the commands and what they print with FILE, to four decimals: the last digits depend on the
# instruction set. With --write, writes FILE.
set -euo pipefail
write=0
if [[ $1 == --write ]]; then write=1; shift; fi
file=$(realpath "$1") bin=$(realpath "$2") data=$(realpath "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$data"/*.csv "$work"
cd "$work"
export PATH="$bin:$PATH"

while IFS= read -r line; do
  echo "$line"
  bash -c "${line#\$ }" 2>&1 || echo "exit status $?"
done < <(grep '^\$ ' "$file") >session.txt
four_decimals() { sed -E 's/(\.[0-9]{4})[0-9]+/\1/g' "$1"; }
if ((write)); then cp session.txt "$file"; else diff -u <(four_decimals "$file") <(four_decimals session.txt); fi
