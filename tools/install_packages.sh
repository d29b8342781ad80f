#!/bin/sh
# Installs the Debian packages of apt-packages.txt that are missing. Says nothing if none is. Without root and sudo it
# prints them and stops.
set -eu
cd "$(dirname "$0")/.."

if ! command -v dpkg-query > /dev/null; then
  echo "This is no Debian system. Install what these packages hold, by the names they have on yours:" >&2
  grep -v '^#' apt-packages.txt | tr '\n' ' ' >&2
  echo >&2
  # Somebody who has them all goes on; CMake says what is missing.
  exit 0
fi

missing=""
for package in $(grep -v '^#' apt-packages.txt); do
  status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=""
elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
  as_root="sudo"
else
  echo "These packages are missing, and there is neither root nor sudo to install them:" >&2
  echo " $missing" >&2
  echo "Ask whoever looks after this machine for: apt-get install --no-remove$missing" >&2
  exit 1
fi

echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# --no-remove: some -dev packages would take others away (libboost1.81 removes half of the Python science stack).
$as_root apt-get install -y -qq --no-remove --no-install-recommends $missing
