#!/usr/bin/env bash
# Puts an evaluation under a pull request, in place of the one of before: scripts/comment-evaluation.sh FILE
# PULL_REQUEST: its number. GH_TOKEN and GITHUB_REPOSITORY: for gh.
set -euo pipefail

[[ $# -eq 1 && -f $1 && ${PULL_REQUEST:-} =~ ^[0-9]+$ ]] || {
  printf 'error: Expected a file, and a number in PULL_REQUEST. Usage: scripts/comment-evaluation.sh FILE\n' >&2
  exit 2
}
gh pr comment "$PULL_REQUEST" --repo "$GITHUB_REPOSITORY" --edit-last --create-if-none --body-file "$1"
