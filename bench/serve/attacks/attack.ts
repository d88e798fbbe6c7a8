/** What an attack is: a row of the table, and what is made for it before it starts. */

/** What the rows build their bytes from. */
export interface Material {
  /** For files; it goes when the benchmark ends. */
  readonly folder: string;
  /** The bundle that is served. */
  readonly bundle: string;
  /** Another good one. */
  readonly otherBundle: string;
  /** A small JPEG file, as the bystanders send it. */
  readonly jpeg: Buffer;
}

/** How the attackers behave. */
export type Means =
  /** Each client sends the request, waits for the answer, and sends it again. */
  | { readonly by: "requests"; readonly request: (material: Material) => Promise<Buffer> }
  /** Each client sends the request and reads nothing of the answer. */
  | { readonly by: "slow readers"; readonly request: (material: Material) => Promise<Buffer> }
  /** Each client keeps a connection open and sends nothing. */
  | { readonly by: "idle sockets" }
  /** Each client sends a head that never ends, one byte at a time. */
  | { readonly by: "slow heads" }
  /**
   * One address uses up its rate, this many others send one request each, and the first one sends
   * more.
   */
  | { readonly by: "many addresses"; readonly addresses: number }
  /** Files appear in the folder that is served, one after another; a good bundle comes last. */
  | { readonly by: "bundles"; readonly bundles: (material: Material) => Promise<readonly WriteBundle[]> }
  /** Nobody: what is tried is in the flags. */
  | { readonly by: "nobody" };

/** Writes a bundle, or what is to be taken for one, at a path. */
export type WriteBundle = (path: string) => Promise<void>;

export interface Attack {
  /** For `--only`. */
  readonly name: string;
  /** What is sent, for people. */
  readonly sends: string;
  readonly clients: number;
  readonly means: Means;
  /** Settings of the service beside the defaults. */
  readonly flags?: (material: Material) => Promise<readonly string[]>;
}

/** What bystanders and operators may expect while the attack lasts. */
export const goals = {
  /** Share of the undisturbed rate that is left. */
  rate: 0.5,
  /** Share of the bystanders' requests that are answered before their deadline. */
  inTime: 0.99,
  /** Kubernetes takes a probe for failed after one second. */
  probeMs: 1000,
  peakBytes: 2 ** 30,
  endSeconds: 10,
} as const;

/** The deadline of a bystander's request: the service's default. */
export const deadlineMs = 2000;
