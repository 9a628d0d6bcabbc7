#!/bin/sh
# Usage: validate.sh FILE
# Checks an OpenAPI document against the schema of its version. Installs the validator beside this script at first use.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FILE" >&2; exit 2; }
file=$(realpath "$1")
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --silent --no-audit --no-fund
exec node validate.js "$file"
