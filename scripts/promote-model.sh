#!/usr/bin/env bash
# Promotes the version that the pipeline registered, if it passes its gates: scripts/promote-model.sh FILE
# FILE is what `pawprint models register --json` printed. MLFLOW_TRACKING_URI: where the models are registered.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

[[ $# -eq 1 && -f $1 ]] || fail "Expected a file. Usage: scripts/promote-model.sh models/drawings-version.json" 2
name=$(jq --raw-output .name "$1")
version=$(jq --raw-output .version "$1")
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._\ -]*$ && $version =~ ^[1-9][0-9]*$ ]] ||
  fail "Expected the name and the version of a registered model in $(printf '%q' "$1")"
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
node bin/pawprint.mjs models promote "$name" "$version" --reason "commit ${GITHUB_SHA:-unknown}"
