#!/usr/bin/env bash
# Builds the image into an OCI layout, the very bytes that scripts/push-image.sh copies: scripts/build-image.sh FOLDER
# GIT_COMMIT: the commit, HEAD unless set. PLATFORM: linux/amd64 unless set. VERSION: that of package.json unless set.
set -euo pipefail

fail() {
  printf 'error: %s\n' "$1" >&2
  exit "${2:-1}"
}

[[ $# -eq 1 && -n $1 ]] || fail "Expected the folder of the OCI layout. Usage: scripts/build-image.sh FOLDER" 2
# A comma would begin another setting of buildx's --output.
[[ $1 != -* && $1 != *[,$'\n']* ]] || fail "Expected a folder without a comma, not beginning with '-'; got $(printf '%q' "$1")" 2
[[ ! -e $1 ]] || fail "Expected a folder that does not exist yet; got $(printf '%q' "$1")" 2
out=$(realpath --canonicalize-missing -- "$1")

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
commit=${GIT_COMMIT:-$(git rev-parse HEAD)}
[[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "Expected GIT_COMMIT to be a full commit SHA; got $(printf '%q' "$commit")" 2
version=${VERSION:-$(sed -n 's/^  "version": "\([^"]*\)",*$/\1/p' package.json)}
[[ $version =~ ^[0-9A-Za-z.+-]+$ ]] || fail "Expected VERSION such as 1.2.3; got $(printf '%q' "$version")" 2
platform=${PLATFORM:-linux/amd64}
[[ $platform =~ ^[a-z0-9/]+$ ]] || fail "Expected PLATFORM such as linux/amd64; got $(printf '%q' "$platform")" 2

# The commit's time instead of the clock's: the same commit makes the same files.
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct "$commit")
export SOURCE_DATE_EPOCH
docker buildx build . \
  --platform "$platform" \
  --build-arg "GIT_COMMIT=$commit" \
  --build-arg "VERSION=$version" \
  --label "org.opencontainers.image.revision=$commit" \
  --label "org.opencontainers.image.version=$version" \
  --label "org.opencontainers.image.source=https://github.com/${GITHUB_REPOSITORY:-pawprint-ml/pawprint}" \
  --provenance mode=max \
  --output "type=oci,dest=$out,tar=false,rewrite-timestamp=true"
