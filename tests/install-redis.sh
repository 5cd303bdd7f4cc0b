#!/usr/bin/env bash
# The distributed stack needs a broker. Install its programs where that is possible; elsewhere
# say what to do.
set -euo pipefail
if command -v redis-server > /dev/null; then exit 0; fi
if ! command -v apt-get > /dev/null; then
  echo "Tests need Redis: install it with this system's package manager (they are skipped without it)." >&2
  exit 0
fi
run=""
if [ "$(id -u)" != 0 ]; then
  if ! sudo -n true 2> /dev/null; then
    echo "Tests need Redis: run 'sudo apt-get install redis-server' (they are skipped without it)." >&2
    exit 0
  fi
  run="sudo"
fi
echo "Installing Redis for the tests ..."
$run apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
DEBIAN_FRONTEND=noninteractive $run apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
  redis-server > /dev/null
