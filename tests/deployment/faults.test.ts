/** That the checks of manifests can fail: each fault is put into a manifest that is right, and must be named. */
import { describe, expect, it } from "vitest";
import { createSchemaCheck, schemaMissing } from "./support/kubernetes-schema.ts";
import { type Manifest, parseManifests } from "./support/manifest.ts";
import { imageFault, imageFaults, podHygieneFaults, podSecurityFaults } from "./support/pod-rules.ts";
import { referenceFaults } from "./support/reference-rules.ts";
import { serviceFaults } from "./support/service-rules.ts";

const right = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { PAWPRINT_SERVE_MODEL: /models, PAWPRINT_SERVE_PORT: "8000" }
---
apiVersion: v1
kind: Service
metadata: { name: pets, labels: { app: pets } }
spec: { selector: { app: pets }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: pets }
spec:
  replicas: 2
  selector: { matchLabels: { app: pets } }
  template:
    metadata: { labels: { app: pets } }
    spec:
      terminationGracePeriodSeconds: 60
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: pets
          image: example.com:5000/pets:1.2.3
          ports: [{ name: http, containerPort: 8000 }]
          envFrom: [{ configMapRef: { name: settings } }]
          livenessProbe: { httpGet: { path: /livez, port: http } }
          resources: { requests: { cpu: 1, memory: 1Gi }, limits: { cpu: 1, memory: 1Gi } }
          securityContext:
            privileged: false
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
      volumes: [{ name: tmp, emptyDir: {} }]
`;
const container = "Deployment/pets container pets";

type Check = (manifests: readonly Manifest[]) => string[];

/** The faults of the manifest with one text in place of another, which must be there. */
function faultsOf(check: Check, from = "", to = ""): string[] {
  expect(right).toContain(from);
  return check(parseManifests(right.replace(from, to)));
}

const schemaFaults: Check = (manifests) => manifests.flatMap(createSchemaCheck());
const rules: Readonly<Record<string, Check>> = {
  podSecurityFaults,
  podHygieneFaults,
  imageFaults,
  referenceFaults,
  serviceFaults,
};

it.each(Object.keys(rules))("%s finds nothing in a manifest that is right", (name) => {
  expect(faultsOf(rules[name]!)).toEqual([]);
});

const reason = schemaMissing === undefined ? "" : ` (skipped: ${schemaMissing})`;
describe.skipIf(schemaMissing !== undefined)(`the schema's check${reason}`, () => {
  it("finds nothing in a manifest that is right", () => {
    expect(faultsOf(schemaFaults)).toEqual([]);
  });

  it.each([
    [
      "an unknown field",
      "replicas: 2",
      "replica: 2",
      "Deployment/pets: /spec must NOT have additional properties 'replica'",
    ],
    ["a wrong type", "replicas: 2", 'replicas: "2"', "Deployment/pets: /spec/replicas must be integer"],
    [
      "a missing field",
      "name: http, port: 80, ",
      "name: http, ",
      "Service/pets: /spec/ports/0 must have required property 'port'",
    ],
    [
      "an unknown field deep inside",
      "privileged: false",
      "priviledged: false",
      "Deployment/pets: /spec/template/spec/containers/0/securityContext must NOT have additional properties 'priviledged'",
    ],
    [
      "a version that was removed",
      "apps/v1",
      "extensions/v1beta1",
      "Deployment/pets: no such kind as extensions/v1beta1 Deployment",
    ],
  ])("names %s", (_what, from, to, fault) => {
    expect(faultsOf(schemaFaults, from, to)).toEqual([fault]);
  });
});

it.each([
  ["privileged: false", "privileged: true", `${container} is privileged`],
  [
    "allowPrivilegeEscalation: false",
    "allowPrivilegeEscalation: true",
    `${container} lacks allowPrivilegeEscalation: false`,
  ],
  ["runAsNonRoot: true, ", "", `${container} lacks runAsNonRoot: true`],
  ["runAsUser: 1000", "runAsUser: 0", `${container} runs as user 0`],
  ["type: RuntimeDefault", "type: Unconfined", `${container} lacks a seccomp profile`],
  ["drop: [ALL]", "drop: [CHOWN]", `${container} does not drop ALL capabilities`],
  ["drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", `${container} adds the capabilities SYS_ADMIN`],
  ["containerPort: 8000", "containerPort: 8000, hostPort: 80", `${container} takes a port of the host`],
  ["emptyDir: {}", "hostPath: { path: / }", "Deployment/pets: volume tmp is a hostPath"],
  [
    "terminationGracePeriodSeconds",
    "hostNetwork: true\n      terminationGracePeriodSeconds",
    "Deployment/pets: hostNetwork is true",
  ],
])("podSecurityFaults names what %s becomes as %s", (from, to, fault) => {
  expect(faultsOf(podSecurityFaults, from, to)).toEqual([fault]);
});

it.each([
  ["limits: { cpu: 1, memory: 1Gi }", "limits: { cpu: 1 }", `${container} lacks limits of memory`],
  ["readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", `${container} may write to its root file system`],
  ["runAsUser: 1000, ", "", `${container} lacks a numeric user`],
])("podHygieneFaults names what %s becomes as %s", (from, to, fault) => {
  expect(faultsOf(podHygieneFaults, from, to)).toEqual([fault]);
});

it("imageFaults names an image of the tag latest, and one without a tag", () => {
  expect(faultsOf(imageFaults, "pets:1.2.3", "pets:latest")).toEqual([
    `${container}: image example.com:5000/pets:latest has a tag that moves`,
  ]);
  expect(imageFault("example.com:5000/pets")).toBe("has no tag");
  expect(imageFault(`example.com/pets@sha256:${"0".repeat(64)}`)).toBeUndefined();
});

it.each([
  ["configMapRef: { name: settings }", "configMapRef: { name: other }", "Deployment/pets: no ConfigMap other"],
  [
    "envFrom: [{ configMapRef: { name: settings } }]",
    "envFrom: [{ secretRef: { name: key } }]",
    "Deployment/pets: no Secret key",
  ],
  [
    "terminationGracePeriodSeconds",
    "serviceAccountName: pets\n      terminationGracePeriodSeconds",
    "Deployment/pets: no ServiceAccount pets",
  ],
  ["volumeMounts: [{ name: tmp", "volumeMounts: [{ name: temp", "Deployment/pets: no volume temp to mount"],
  ["emptyDir: {}", "persistentVolumeClaim: { claimName: data }", "Deployment/pets: no PersistentVolumeClaim data"],
  ["targetPort: http", "targetPort: 8080", "Service/pets: Deployment/pets has no port 8080"],
  ["spec: { selector: { app: pets }", "spec: { selector: { app: cats }", "Service/pets: selects no pod"],
  ["matchLabels: { app: pets }", "matchLabels: { app: cats }", "Deployment/pets: its selector does not match its pods"],
  ["path: /livez, port: http", "path: /livez, port: web", "Deployment/pets: no port web for its livenessProbe"],
])("referenceFaults names what %s becomes as %s", (from, to, fault) => {
  expect(faultsOf(referenceFaults, from, to)).toEqual([fault]);
});

it.each([
  ["PAWPRINT_SERVE_MODEL: /models", "PAWPRINT_SERVE_MODLE: /models", "PAWPRINT_SERVE_MODLE"],
  ['PAWPRINT_SERVE_PORT: "8000"', "PAWPRINT_SERVE_PORT: many", '"many"'],
  ['PAWPRINT_SERVE_PORT: "8000"', 'PAWPRINT_SERVE_PORT: "9000"', "listens on 9000, which is not among its ports"],
  ["path: /livez", "path: /alive", "livenessProbe asks for /alive, which is no route"],
  [
    "terminationGracePeriodSeconds: 60",
    "terminationGracePeriodSeconds: 5",
    "is killed after 5000 ms, and may take 22000 ms",
  ],
  [
    "ports: [{ name: http, container",
    "args: [train, --dta, s3://pets]\n          ports: [{ name: http, container",
    "pawprint train has no flag --dta",
  ],
  [
    "ports: [{ name: http, container",
    "args: [batch, s3://pets, --outt, s3://pets/a.csv]\n          ports: [{ name: http, container",
    "pawprint batch has no flag --outt",
  ],
])("serviceFaults names what %s becomes as %s", (from, to, fault) => {
  const faults = faultsOf(serviceFaults, from, to);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(fault);
});
