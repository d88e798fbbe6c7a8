/** Files that this repository uses itself, and what of them is another in a project of one's own. */

/** Changes of a file's text, in turn; what is to be replaced must be there. */
export interface OwnFile {
  /** From the repository's top folder, which the package has too. */
  readonly path: string;
  /** Whether `pawprint` as a name of the image and its objects becomes the project's name. */
  readonly isNamed: boolean;
  readonly changes: readonly (readonly [from: string, to: string])[];
}

const command = "npx --no-install pawprint";
/** The data's remote is in S3, where `DATA_ROLE_ARN` and `AWS_REGION` are set: GitHub's token is traded for the role. */
const pull = `      - uses: aws-actions/configure-aws-credentials@8df5847569e6427dd6c4fb1cf565c83acfa8afa7 # v6.0.0
        if: vars.DATA_ROLE_ARN != ''
        with:
          role-to-assume: \${{ vars.DATA_ROLE_ARN }}
          aws-region: \${{ vars.AWS_REGION }}
      - run: ${command} data pull
`;
const node = `      - uses: actions/setup-node@53b83947a5a98c8d113130e565377fae1a50d02f # v6.3.0
        with:
          node-version: 24
          cache: npm
      - run: npm ci
`;
const identity = "      contents: read\n      id-token: write\n";

const kubernetes = (path: string, ...changes: readonly (readonly [from: string, to: string])[]): OwnFile => ({
  path: `deployment/kubernetes/${path}`,
  isNamed: true,
  changes,
});
const copied = (path: string): OwnFile => ({ path, isNamed: false, changes: [] });
const named = (path: string, ...changes: readonly (readonly [from: string, to: string])[]): OwnFile => ({
  path,
  isNamed: true,
  changes,
});

const claimPatch = `  # Volumes of one node can be written by one node only.
  - target:
      kind: PersistentVolumeClaim
      name: NAME-models
    patch: |-
      - op: replace
        path: /spec/accessModes
        value: [ReadWriteOnce]
`;
const modelInImage = "components:\n  - ../../components/model-in-image\n";

/** `NAME` in a change stands for the project's name. */
export const ownFiles: readonly OwnFile[] = [
  ...[
    "autoscaler",
    "deployment",
    "disruption-budget",
    "kustomization",
    "models-claim",
    "network-policy",
    "service-account",
    "service",
  ].map((name) => kubernetes(`base/${name}.yaml`)),
  kubernetes("base/settings.env"),
  kubernetes("components/model-in-image/kustomization.yaml"),
  kubernetes("components/prediction-log/kustomization.yaml"),
  kubernetes("components/service-monitor/kustomization.yaml"),
  kubernetes("components/service-monitor/service-monitor.yaml"),
  kubernetes("overlays/local/kustomization.yaml", ["patches:\n", `${modelInImage}patches:\n`], [claimPatch, ""]),
  kubernetes(
    "overlays/eks/kustomization.yaml",
    [", models on EFS.", "."],
    ["patches:\n", `${modelInImage}patches:\n`],
    ["  - path: models-claim.yaml\n", ""],
  ),
  ...["default-deny", "namespace", "service-account", "service"].map((name) => kubernetes(`overlays/eks/${name}.yaml`)),
  named("deployment/docker-compose.yml"),
  copied("deployment/postgres/predictions.sql"),
  ...[
    "prometheus/prometheus.yml",
    "prometheus/rules.yml",
    "prometheus/rules.test.yml",
    "grafana/dashboards/pawprint.json",
    "grafana/provisioning/dashboards/pawprint.yml",
    "grafana/provisioning/datasources/prometheus.yml",
  ].map((path) => copied(`deployment/monitoring/${path}`)),
  named(
    ".github/workflows/ci.yml",
    [
      `    timeout-minutes: 30
    permissions:
      contents: read
`,
      `    timeout-minutes: 30
    permissions:
${identity}`,
    ],
    [
      `    timeout-minutes: 45
    permissions:
      contents: read
`,
      `    timeout-minutes: 45
    permissions:
${identity}`,
    ],
    [
      `      - name: Build into an OCI layout
`,
      `${node}${pull}      - name: Build into an OCI layout
`,
    ],
    [
      `      - run: npm ci
      - run: npm run check
      - run: npm test
      - run: npm run test:deployment
      - run: npm run test:package
`,
      `      - run: npm ci
${pull}      - run: npm test
`,
    ],
  ),
  named(".github/workflows/cd.yml", ["      - run: npm run build\n", ""]),
  named(
    ".github/workflows/train.yml",
    [
      `    timeout-minutes: 60
    permissions:
      contents: read
`,
      `    timeout-minutes: 60
    permissions:
${identity}`,
    ],
    ["      - run: npm run build\n", pull],
    ["      - run: npm run build\n", ""],
    ["            data/drawings\n", ""],
    ["models/drawings-version.json", "models/version.json"],
  ),
  copied(".github/dependabot.yml"),
  named("scripts/build-image.sh", ["NAME-ml/NAME", "owner/NAME"]),
  copied("scripts/push-image.sh"),
  copied("scripts/sign-image.sh"),
  named("scripts/verify-image.sh", ["NAME-ml/NAME", "owner/NAME"]),
  copied("scripts/connect-eks.sh"),
  named("scripts/deploy.sh"),
  copied("scripts/smoke-test.sh"),
  {
    path: "scripts/train-pipeline.sh",
    isNamed: false,
    changes: [
      ["node bin/pawprint.mjs repro\n", `${command} repro\n`],
      ["  node bin/pawprint.mjs metrics", `  ${command} metrics`],
      ["    node bin/pawprint.mjs params", `    ${command} params`],
    ],
  },
  {
    path: "scripts/promote-model.sh",
    isNamed: false,
    changes: [
      ["models/drawings-version.json", "models/version.json"],
      ["node bin/pawprint.mjs", command],
    ],
  },
  copied("scripts/comment-evaluation.sh"),
];

/** The file's text in a project. Errors: TypeError where a change has nothing to replace. */
export function asInProject({ path, isNamed, changes }: OwnFile, text: string, name: string): string {
  const image = text.replaceAll("ghcr.io/pawprint-ml/pawprint", "ghcr.io/owner/pawprint");
  const renamed = isNamed ? image.replaceAll(/\bpawprint\b(?!\.mjs)/g, name) : text;
  return changes.reduce((now, [from, to]) => {
    const wanted = from.replaceAll("NAME", name);
    if (!now.includes(wanted)) throw new TypeError(`${path} has no text ${JSON.stringify(wanted)} any more`);
    return now.replace(wanted, () => to.replaceAll("NAME", name));
  }, renamed);
}
