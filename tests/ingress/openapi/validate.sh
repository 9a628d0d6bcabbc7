#!/bin/sh
# Usage: validate.sh WRITER FOLDER
# Checks the OpenAPI document that the program WRITER prints against the schema of its version. FOLDER is where the
# validator is installed at first use, and where the document is left.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 WRITER FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
cp "$here/package.json" "$here/package-lock.json" "$here/validate.js" "$2"
"$1" > "$2/openapi.json"
cd "$2"
[ -d node_modules ] || npm ci --silent --no-audit --no-fund
exec node validate.js openapi.json
