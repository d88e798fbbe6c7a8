#!/usr/bin/env bash
# Copies the OCI layout of scripts/build-image.sh to a registry, byte for byte, and prints its digest.
#
#   scripts/push-image.sh FOLDER REPOSITORY          copies it by digest, without a tag
#   scripts/push-image.sh --tags FOLDER REPOSITORY   gives what was copied the commit's tag, and latest on main
#
# GITHUB_SHA is the commit (HEAD unless set); GITHUB_REF tells whether it is main. skopeo uses docker's login.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

tags=false
if [[ ${1:-} == --tags ]]; then tags=true && shift; fi
[[ $# -eq 2 ]] || fail "Expected a folder and a repository. Usage: scripts/push-image.sh [--tags] FOLDER REPOSITORY" 2
layout=$1 repository=$2
[[ $repository =~ ^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+$ ]] ||
  fail "Expected a repository such as ghcr.io/owner/name, in lower case; got $(printf '%q' "$repository")" 2
# skopeo reads what follows a colon as a tag.
[[ $layout != -* && $layout != *:* && -f $layout/index.json ]] ||
  fail "Expected the folder of an OCI layout; got $(printf '%q' "$layout")" 2

digest=$(jq --raw-output 'if (.manifests | length) == 1 then .manifests[0].digest else "" end' "$layout/index.json")
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "Expected one image in $(printf '%q' "$layout"); got another number of them"

copy() { skopeo copy --all --preserve-digests "$1" "$2" >&2; }

if [[ $tags == false ]]; then
  copy "oci:$layout" "docker://$repository@$digest"
else
  commit=${GITHUB_SHA:-$(git rev-parse HEAD)}
  [[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "Expected GITHUB_SHA to be a full commit SHA; got $(printf '%q' "$commit")" 2
  copy "docker://$repository@$digest" "docker://$repository:$commit"
  if [[ ${GITHUB_REF:-} == refs/heads/main ]]; then copy "docker://$repository@$digest" "docker://$repository:latest"; fi
fi

if [[ -n ${GITHUB_OUTPUT:-} ]]; then printf 'digest=%s\n' "$digest" >>"$GITHUB_OUTPUT"; fi
printf '%s\n' "$digest"
