#!/usr/bin/env bash
# Signs a pushed image without a key, with the identity of the workflow that runs: scripts/sign-image.sh REPOSITORY DIGEST
set -euo pipefail

[[ $# -eq 2 && $1 =~ ^[a-z0-9][a-z0-9./:_-]*$ && $2 =~ ^sha256:[0-9a-f]{64}$ ]] || {
  printf 'error: Expected a repository and a digest. Usage: scripts/sign-image.sh REPOSITORY DIGEST\n' >&2
  exit 2
}
cosign sign --yes "$1@$2"
