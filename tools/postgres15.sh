#!/usr/bin/env bash
# A private Debian PostgreSQL 15 with real pg_cron, pgTAP and plpgsql_check, for checks that the local stack's server
# cannot make. Needs the packages that .ci/run installs, and leaves Debian's own cluster alone.
#
#   bash tools/postgres15.sh start <folder> [port]   prints the superuser's address
#   bash tools/postgres15.sh stop <folder>
#   bash tools/postgres15.sh module <file.c> <folder>     builds a module and prints its path
set -euo pipefail

programs=/usr/lib/postgresql/15/bin

# PostgreSQL refuses to run as root; Debian's packages bring the account for it.
as_server() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(s.address().port); s.close() })'
}

start() {
  local folder=$1 port=${2:-$(free_port)}
  mkdir -p "$folder"
  if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
  cd "$folder"
  as_server "$programs/initdb" -D "$folder/data" -U supabase_admin --auth=trust -E UTF8 --locale=C.UTF-8 >/dev/null
  cat >>"$folder/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.host = '127.0.0.1'
timezone = 'UTC'
fsync = off
CONF
  as_server "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" start >/dev/null
  echo "postgres://supabase_admin@127.0.0.1:$port/postgres"
}

stop() {
  local folder=$1
  cd "$folder"
  as_server "$programs/pg_ctl" -D "$folder/data" -w -m immediate stop >/dev/null
}

# The headers' package depends on clang and llvm, which C does not need, so it is unpacked and not installed.
module() {
  local source folder built
  mkdir -p "$2/headers"
  source=$(realpath "$1")
  folder=$(realpath "$2")
  cd "$folder/headers"
  apt-get download -qq -o APT::Sandbox::User=root postgresql-server-dev-15
  dpkg -x postgresql-server-dev-15_*.deb .
  built="$folder/$(basename "$source" .c).so"
  gcc -Wall -Werror -O1 -fPIC -shared -I usr/include/postgresql/15/server -o "$built" "$source"
  echo "$built"
}

case "${1:-}" in
  start) shift && start "$@" ;;
  stop) shift && stop "$@" ;;
  module) shift && module "$@" ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
