#!/usr/bin/env bash
# The browser tests use the system's Chromium. Install it where that is possible; elsewhere say what to do.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" > /dev/null; then exit 0; fi
done
if ! command -v apt-get > /dev/null; then
  echo "Browser tests need Chromium: install it with this system's package manager (they are skipped without it)." >&2
  exit 0
fi
run=""
if [ "$(id -u)" != 0 ]; then
  if ! sudo -n true 2> /dev/null; then
    echo "Browser tests need Chromium: run 'sudo apt-get install chromium' (they are skipped without it)." >&2
    exit 0
  fi
  run="sudo"
fi
echo "Installing Chromium for the browser tests ..."
$run apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
DEBIAN_FRONTEND=noninteractive $run apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
  chromium fonts-dejavu-core > /dev/null
