#!/usr/bin/env bash
# The tests of loading into PostgreSQL start a server of their own. Install its programs where that is possible; elsewhere
# say what to do.
set -euo pipefail
if command -v initdb > /dev/null; then exit 0; fi
for folder in /usr/lib/postgresql/*/bin; do
  if [ -x "$folder/initdb" ]; then exit 0; fi
done
if ! command -v apt-get > /dev/null; then
  echo "Tests need PostgreSQL: install it with this system's package manager (they are skipped without it)." >&2
  exit 0
fi
run=""
if [ "$(id -u)" != 0 ]; then
  if ! sudo -n true 2> /dev/null; then
    echo "Tests need PostgreSQL: run 'sudo apt-get install postgresql' (they are skipped without it)." >&2
    exit 0
  fi
  run="sudo"
fi
echo "Installing PostgreSQL for the tests ..."
$run apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
DEBIAN_FRONTEND=noninteractive $run apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
  postgresql > /dev/null
