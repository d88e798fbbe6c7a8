#!/usr/bin/env bash
# Calls a running service after a deployment: scripts/smoke-test.sh URL [FLAGS of pawprint smoke]
# `pawprint smoke` does it, of the build or of the installed package; without Node.js, curl asks three routes.
# PAWPRINT_SMOKE_KEY: an API key or a token, where the service asks for one.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

[[ $# -ge 1 ]] || fail "Expected a URL; got nothing. Usage: scripts/smoke-test.sh URL" 2
url=${1%/}
[[ $url =~ ^https?://[A-Za-z0-9._~:/@%+-]+$|^https?://\[[0-9A-Fa-f:]+\](:[0-9]+)?[A-Za-z0-9._~/%+-]*$ ]] ||
  fail "Expected a URL that begins with http:// or https://; got $(printf '%q' "$1")" 2
shift

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
key=${PAWPRINT_SMOKE_KEY:-}

if command -v node >/dev/null; then
  if [[ -f $root/dist/cli/main.js ]]; then
    exec node "$root/dist/cli/main.js" smoke "$url" ${key:+"--key=$key"} "$@"
  elif command -v pawprint >/dev/null; then
    exec pawprint smoke "$url" ${key:+"--key=$key"} "$@"
  elif [[ -f node_modules/pawprint/bin/pawprint.mjs ]]; then
    exec node node_modules/pawprint/bin/pawprint.mjs smoke "$url" ${key:+"--key=$key"} "$@"
  fi
fi

[[ $# -eq 0 ]] || fail "Expected Node.js and a built Pawprint for $1; got neither"
command -v curl >/dev/null || fail "Expected a built Pawprint (npm ci && npm run build) or curl; got neither"
for route in /health /readyz /docs; do
  curl --silent --show-error --fail --location --max-time 10 --output /dev/null -- "$url$route" ||
    fail "$url$route does not answer as it should"
  printf 'ok  %s\n' "$route"
done
