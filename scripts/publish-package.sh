#!/usr/bin/env bash
# Publishes the package with provenance, where the tag names the version of package.json. GITHUB_REF: refs/tags/vVERSION.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
version=$(node --print 'require("./package.json").version')
[[ ${GITHUB_REF:-} == "refs/tags/v$version" ]] || {
  printf 'error: Expected the tag v%s, the version of package.json; got %q\n' "$version" "${GITHUB_REF:-no tag}" >&2
  exit 2
}
# A version such as 1.0.0-rc.1 must not become what `npm install pawprint` takes.
tag=latest
if [[ $version == *-* ]]; then tag=next; fi
npm publish --provenance --access public --tag "$tag"
