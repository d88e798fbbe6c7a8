/** A cluster that is none: its `kubectl`, and the service that was deployed there. */
import { onTestFinished, vi } from "vitest";
import { startService } from "./running-service.ts";

/**
 * A program that answers as kubectl does and writes its calls to CALLS. What the cluster does is said by
 * BEFORE, APPLY, ROLLOUTS, UNDO, PODS, FORWARD_TO; MANIFESTS is what an overlay renders to.
 */
export const fakeKubectl = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case " $* " in
*" kustomize "*) cp -- "$2/kustomization.yaml" "$CALLS.kustomization" && cat "$MANIFESTS" ;;
*" get deployment "*matchLabels*) printf 'app=pawprint,' ;;
*" get deployment "*) [[ $BEFORE != unreachable ]] || { echo "connection refused" >&2; exit 1; }; printf '%s' "$BEFORE" ;;
*" get pods "*) printf '%b' "$PODS" ;;
*" apply "*) [[ $APPLY != fails ]] || { echo "forbidden" >&2; exit 1; } ;;
*" rollout status "*)
  turn=$(grep -c 'rollout status' "$CALLS")
  codes=($ROLLOUTS)
  exit "\${codes[turn - 1]:-0}"
  ;;
*" rollout undo "*) [[ $UNDO != fails ]] || { echo "unable to find specified revision" >&2; exit 1; } ;;
*" port-forward "*) echo "Forwarding from 127.0.0.1:$FORWARD_TO -> 8000"; exec sleep 60 ;;
*) echo "unknown: $*" >&2; exit 1 ;;
esac
`;

export const manifests = `apiVersion: v1
kind: Service
metadata:
  name: pawprint
  namespace: elsewhere
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pawprint
  namespace: pets
`;

/** A service that says that it was deployed as this image. */
export async function deployedService({ commit, digest }: { readonly commit: string; readonly digest: string }) {
  vi.stubEnv("PAWPRINT_IMAGE_DIGEST", digest);
  vi.stubEnv("PAWPRINT_GIT_COMMIT", commit);
  const service = await startService();
  vi.unstubAllEnvs();
  onTestFinished(() => service.close());
  return service;
}
