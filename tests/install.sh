#!/usr/bin/env bash
# Install a program that tests use, where that is possible; elsewhere say what to do.
#   tests/install.sh "What it is" "packages of Debian" program [program under another name ...]
# A program with a path may have patterns in it.
set -euo pipefail
what=$1 packages=$2
shift 2
for program in "$@"; do
  if compgen -G "$program" > /dev/null || command -v "$program" > /dev/null; then exit 0; fi
done
if ! command -v apt-get > /dev/null; then
  echo "Tests need $what: install it with this system's package manager (they are skipped without it)." >&2
  exit 0
fi
run=""
if [ "$(id -u)" != 0 ]; then
  if ! sudo -n true 2> /dev/null; then
    echo "Tests need $what: run 'sudo apt-get install $packages' (they are skipped without it)." >&2
    exit 0
  fi
  run="sudo"
fi
echo "Installing $what for the tests ..."
$run apt-get -qq -o DPkg::Lock::Timeout=300 update > /dev/null
# shellcheck disable=SC2086 # packages are words
DEBIAN_FRONTEND=noninteractive $run apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
  $packages > /dev/null
