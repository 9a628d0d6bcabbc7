#!/usr/bin/env bash
# with_postgres.sh COMMAND… — runs COMMAND with TROUPE_TEST_POSTGRES set to the URL of a PostgreSQL server of its own, and
# exits with COMMAND's exit code. The server lives in a temporary directory, listens on a Unix socket only, and is stopped
# and removed afterwards. PostgreSQL refuses to run as root: then it runs as the user postgres.
#
# TROUPE_TEST_POSTGRES_FSYNC=on makes it durable (benchmarks); off by default, because tests test no power cuts.
set -u

fail() { echo "with_postgres.sh: $1" >&2; exit 1; }
[ $# -gt 0 ] || fail "usage: with_postgres.sh COMMAND…"

bin=
for candidate in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin; do
  if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then bin=$candidate; fi
done
[ -n "$bin" ] || fail "PostgreSQL is not installed (no initdb found); the PostgreSQL tests cannot run"

dir=$(mktemp -d /tmp/troupe-postgres.XXXXXX) || fail "cannot make a temporary directory"
as_owner=()
if [ "$(id -u)" = 0 ]; then
  id postgres >/dev/null 2>&1 || fail "running as root, and there is no user postgres to run the server as"
  as_owner=(setpriv --reuid=postgres --regid=postgres --init-groups)
  chown postgres "$dir" && chmod 755 "$dir"
fi

server=
finish() {
  if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null  # at once: nothing of it is kept
    wait "$server" 2>/dev/null
  fi
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

cd "$dir" || fail "cannot enter $dir"
"${as_owner[@]}" "$bin/initdb" -D "$dir/data" -U troupe -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
  { cat "$dir/initdb.log" >&2; fail "initdb failed"; }
"${as_owner[@]}" "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c port=5432 -c max_connections=64 \
  -c fsync="${TROUPE_TEST_POSTGRES_FSYNC:-off}" -c shared_buffers=256MB -c max_wal_size=4GB >"$dir/server.log" 2>&1 &
server=$!

for _ in $(seq 300); do
  kill -0 "$server" 2>/dev/null || { cat "$dir/server.log" >&2; server=; fail "the server did not start"; }
  "$bin/pg_isready" -q -h "$dir" -p 5432 && break
  sleep 0.1
done
"$bin/pg_isready" -q -h "$dir" -p 5432 || { cat "$dir/server.log" >&2; fail "the server did not become ready"; }
cd - >/dev/null || exit 1

export TROUPE_TEST_POSTGRES="postgresql://troupe@/postgres?host=${dir//\//%2F}&port=5432"
"$@"
