#!/usr/bin/env bash
# Deploys one image with a kustomize overlay, tests it, and goes back to the version before where that fails.
#
#   scripts/deploy.sh --image ghcr.io/OWNER/NAME@sha256:DIGEST [--commit SHA] [--overlay FOLDER] [--url URL]
#                     [--timeout SECONDS] [--record FILE] [--render]
#
# --image    by digest, or by the tag of a full commit SHA, which skopeo then resolves to its digest
# --url      where the smoke test reaches the service; without it, through a port-forward to a new pod
# --timeout  deadline of the rollout, and of going back; 300
# --record   the deployment record, JSON; deployment-record.json
# --render   prints what would be applied, and stops
# Exit codes: 0 deployed; 1 failed, whatever became of going back; 2 wrong command line.
set -euo pipefail

image='' commit='' url='' overlay=deployment/kubernetes/overlays/eks
timeout_s=300 record=deployment-record.json render=false
deployment=pawprint namespace=default
previous_revision='' previous_image='' started_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$1" >&2; }

summary() {
  say "$1"
  if [[ -n ${GITHUB_STEP_SUMMARY:-} ]]; then printf '%s\n\n' "$1" >>"$GITHUB_STEP_SUMMARY"; fi
}

usage() {
  say "error: $1"
  say "hint: scripts/deploy.sh --image ghcr.io/OWNER/NAME@sha256:DIGEST"
  exit 2
}

json() { # a JSON string, or null of an empty one
  local text=$1
  if [[ -z $text ]]; then printf null && return; fi
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  printf '"%s"' "$(printf '%s' "$text" | tr -d '\000-\037')"
}

write_record() { # status, reason
  local run=''
  if [[ -n ${GITHUB_RUN_ID:-} ]]; then
    run=${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_REPOSITORY:-}/actions/runs/$GITHUB_RUN_ID
  fi
  {
    printf '{\n'
    printf '  "status": %s,\n' "$(json "$1")"
    printf '  "reason": %s,\n' "$(json "$2")"
    printf '  "image": %s,\n' "$(json "$image")"
    printf '  "commit": %s,\n' "$(json "$commit")"
    printf '  "overlay": %s,\n' "$(json "$overlay")"
    printf '  "namespace": %s,\n' "$(json "$namespace")"
    printf '  "previousRevision": %s,\n' "$(json "$previous_revision")"
    printf '  "previousImage": %s,\n' "$(json "$previous_image")"
    printf '  "startedAt": %s,\n' "$(json "$started_at")"
    printf '  "finishedAt": %s,\n' "$(json "$(date -u +%Y-%m-%dT%H:%M:%SZ)")"
    printf '  "run": %s\n' "$(json "$run")"
    printf '}\n'
  } >"$record"
}

while [[ $# -gt 0 ]]; do
  case $1 in
  --render) render=true && shift && continue ;;
  --image | --commit | --overlay | --url | --timeout | --record)
    [[ $# -ge 2 && -n $2 ]] || usage "Expected a value after $1"
    ;;
  *) usage "Unknown argument $(printf '%q' "$1")" ;;
  esac
  case $1 in
  --image) image=$2 ;;
  --commit) commit=$2 ;;
  --overlay) overlay=$2 ;;
  --url) url=$2 ;;
  --timeout) timeout_s=$2 ;;
  --record) record=$2 ;;
  esac
  shift 2
done

name='[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)+'
[[ $image =~ ^$name(@sha256:[0-9a-f]{64}|:[0-9a-f]{40})$ ]] ||
  usage "Expected --image by digest or by the tag of a full commit SHA; got $(printf '%q' "$image")"
[[ -z $commit || $commit =~ ^[0-9a-f]{40}$ ]] || usage "Expected a full commit SHA; got $(printf '%q' "$commit")"
[[ $timeout_s =~ ^[1-9][0-9]{0,3}$ ]] || usage "Expected a number of seconds up to 9999; got $(printf '%q' "$timeout_s")"
[[ -f $overlay/kustomization.yaml ]] || usage "Expected a folder with a kustomization.yaml; got $(printf '%q' "$overlay")"

work=$(mktemp -d)
forward=''
# shellcheck disable=SC2329 # called by the trap
clean() {
  if [[ -n $forward ]]; then kill "$forward" 2>/dev/null || true; fi
  rm -rf -- "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $image != *@* ]]; then
  commit=${commit:-${image##*:}}
  digest=$(skopeo inspect --no-tags --format '{{.Digest}}' "docker://$image") ||
    { write_record failed "The registry does not have $image" && summary "error: The registry does not have $image" && exit 1; }
  image=${image%:*}@$digest
fi

# The overlay with this image: a kustomization beside it, so that the one in Git stays as it is.
overlay_from_work=$(realpath --relative-to="$(realpath "$work")" "$overlay")
cat >"$work/kustomization.yaml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$(json "$overlay_from_work")]
images:
- name: ${image%@*}
  digest: ${image#*@}
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: $deployment
      annotations:
        kubernetes.io/change-cause: "image ${image#*@}, commit ${commit:-unknown}"
    spec:
      template:
        spec:
          containers:
          - name: pawprint
            image: $image
            env:
            # What /version tells, and the smoke test expects.
            - name: PAWPRINT_IMAGE_DIGEST
              value: ${image#*@}
END
kubectl kustomize "$work" >"$work/manifests.yaml" || {
  write_record failed "The overlay $overlay cannot be rendered"
  summary "error: The overlay $overlay cannot be rendered"
  exit 1
}
if [[ $render == true ]]; then
  cat "$work/manifests.yaml"
  exit 0
fi
namespace=$(awk '/^---/ { kind = "" } /^kind:/ { kind = $2 }
  kind == "Deployment" && /^  namespace:/ { print $2; exit }' "$work/manifests.yaml")
namespace=${namespace:-default}

ask() { kubectl --namespace "$namespace" "$@"; }

roll_out() { # waits for it; `timeout` is for a kubectl that does not keep its own deadline
  timeout "$((timeout_s + 30))" kubectl --namespace "$namespace" \
    rollout status "deployment/$deployment" --timeout "${timeout_s}s" >&2
}

give_up() { # reason: goes back to the revision from before, and says what became of it
  local reason=$1 undone
  summary "error: $reason"
  if [[ -z $previous_revision ]]; then
    undone="There is no earlier version to go back to: this was the first deployment."
    write_record failed "$reason"
  elif ! ask rollout undo "deployment/$deployment" --to-revision "$previous_revision" >&2; then
    undone="Going back failed: rollout undo to revision $previous_revision was refused. The cluster needs a person."
    write_record rollback-failed "$reason $undone"
  elif ! roll_out; then
    undone="Going back failed: revision $previous_revision did not become ready within $timeout_s s. The cluster needs a person."
    write_record rollback-failed "$reason $undone"
  else
    undone="Went back to revision $previous_revision (${previous_image:-image unknown}), which is ready."
    write_record rolled-back "$reason"
  fi
  summary "$undone"
  exit 1
}

newest_pod() { # of those with this image that are not on their way out
  local selector
  # shellcheck disable=SC2016 # variables of the template
  selector=$(ask get deployment "$deployment" \
    --output 'go-template={{range $key, $value := .spec.selector.matchLabels}}{{$key}}={{$value}},{{end}}')
  ask get pods --selector "${selector%,}" --sort-by .metadata.creationTimestamp --output \
    'go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}{{range .spec.containers}} {{.image}}{{end}}{{"\n"}}{{end}}{{end}}' |
    awk -v image="$image" '{ for (at = 2; at <= NF; at++) if ($at == image) pod = $1 } END { print pod }'
}

reach() { # sets url to the end of a port-forward
  local pod port tries
  pod=$(newest_pod) || pod=''
  [[ -n $pod ]] || give_up "No pod runs $image after the rollout."
  # It is there before it is read, whichever of the two processes comes first.
  : >"$work/forward"
  ask port-forward --address 127.0.0.1 "pod/$pod" :8000 >"$work/forward" 2>&1 &
  forward=$!
  for ((tries = 0; tries < 150; tries++)); do
    port=$(sed -n 's/^Forwarding from 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/forward" | head -n 1)
    if [[ -n $port ]]; then
      url=http://127.0.0.1:$port
      return
    fi
    kill -0 "$forward" 2>/dev/null || break
    sleep 0.2
  done
  give_up "No port-forward to pod $pod: $(tail -n 1 "$work/forward")"
}

# No Deployment yet is no failure; a cluster that does not answer is one, before anything is changed.
before=$(ask get deployment "$deployment" --ignore-not-found --output \
  'go-template={{index .metadata.annotations "deployment.kubernetes.io/revision"}} {{range .spec.template.spec.containers}}{{if eq .name "pawprint"}}{{.image}}{{end}}{{end}}') || {
  write_record failed "The cluster does not answer"
  summary "error: The cluster does not answer; nothing was changed."
  exit 1
}
if [[ $before =~ ^([0-9]+)\ (.*)$ ]]; then
  previous_revision=${BASH_REMATCH[1]} previous_image=${BASH_REMATCH[2]}
fi

kubectl apply --filename "$work/manifests.yaml" >&2 || give_up "The cluster refused the manifests of $overlay."
roll_out || give_up "The rollout of $image was not ready within $timeout_s s."
if [[ -z $url ]]; then reach; fi
# A load balancer may still send a request or two to a pod of before.
"$root/scripts/smoke-test.sh" "$url" --deadline "$((timeout_s < 60 ? timeout_s : 60))" \
  --expect-digest "${image#*@}" ${commit:+--expect-commit "$commit"} >&2 ||
  give_up "The smoke test of $image failed at $url."

write_record deployed ''
summary "Deployed $image (commit ${commit:-unknown}) to namespace $namespace."
