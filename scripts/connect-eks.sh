#!/usr/bin/env bash
# Points kubectl at the EKS cluster of EKS_CLUSTER in AWS_REGION, with the credentials of the environment.
set -euo pipefail

[[ ${EKS_CLUSTER:-} =~ ^[A-Za-z0-9][A-Za-z0-9_-]*$ && ${AWS_REGION:-} =~ ^[a-z0-9-]+$ ]] || {
  printf 'error: Expected EKS_CLUSTER and AWS_REGION; got %q and %q\n' "${EKS_CLUSTER:-}" "${AWS_REGION:-}" >&2
  printf 'hint: set them as variables of the environment: docs/setup-eks.md\n' >&2
  exit 2
}
aws eks update-kubeconfig --name "$EKS_CLUSTER" --region "$AWS_REGION"
