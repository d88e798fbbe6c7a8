#!/usr/bin/env bash
# Runs the pipeline of dvc.yaml and writes its evaluation as Markdown: scripts/train-pipeline.sh FILE
# GITHUB_BASE_REF: the branch of a pull request that its metrics are compared with.
set -euo pipefail

[[ $# -eq 1 && -n $1 ]] || {
  printf 'error: Expected a file for the evaluation. Usage: scripts/train-pipeline.sh FILE\n' >&2
  exit 2
}
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

node bin/pawprint.mjs repro
{
  printf '### Evaluation\n\n'
  node bin/pawprint.mjs metrics show --md
  if [[ -n ${GITHUB_BASE_REF:-} ]]; then
    printf '\n### Parameters that differ from %s\n\n' "$GITHUB_BASE_REF"
    node bin/pawprint.mjs params diff "origin/$GITHUB_BASE_REF" --md
  fi
} >"$1"
if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then cat -- "$1" >>"$GITHUB_STEP_SUMMARY"; fi
