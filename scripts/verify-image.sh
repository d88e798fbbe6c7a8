#!/usr/bin/env bash
# Resolves the image of a commit to its digest, checks who signed it, and prints it: scripts/verify-image.sh REPOSITORY COMMIT
# The signature has to be that of this repository's CI on main. GITHUB_REPOSITORY: owner/name.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$1" >&2
  if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then printf 'error: %s\n' "$1" >>"$GITHUB_STEP_SUMMARY"; fi
  exit "${2:-1}"
}

[[ $# -eq 2 ]] || fail "Expected a repository and a commit. Usage: scripts/verify-image.sh REPOSITORY COMMIT" 2
[[ $1 =~ ^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+$ ]] ||
  fail "Expected a repository such as ghcr.io/owner/name, in lower case; got $(printf '%q' "$1")" 2
[[ $2 =~ ^[0-9a-f]{40}$ ]] || fail "Expected a full commit SHA; got $(printf '%q' "$2")" 2

digest=$(skopeo inspect --no-tags --format '{{.Digest}}' "docker://$1:$2") || fail "The registry does not have $1:$2"
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "Expected a digest from the registry; got $(printf '%q' "$digest")"
cosign verify \
  --certificate-oidc-issuer https://token.actions.githubusercontent.com \
  --certificate-identity "https://github.com/${GITHUB_REPOSITORY:-pawprint-ml/pawprint}/.github/workflows/ci.yml@refs/heads/main" \
  "$1@$digest" >&2 || fail "$1@$digest is not signed by CI on main"

if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf 'image=%s\n' "$1@$digest" >>"$GITHUB_OUTPUT"; fi
printf '%s\n' "$1@$digest"
