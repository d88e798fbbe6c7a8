/** One run of the spool and what the server lacks of it. */
import type { MetricPoint } from "../run.ts";
import type { RunBatch, RunStore } from "../run-store.ts";
import { deliverRun } from "./deliver-run.ts";
import { batchPoints, type DeliveryProblem, type DeliverySource } from "./delivery.ts";
import type { KnownIds } from "./known-ids.ts";

export interface SpooledRunOptions {
  readonly id: string;
  readonly spool: RunStore;
  readonly remote: RunStore;
  readonly ids: KnownIds;
  /** Told once of each part that the server refuses. */
  readonly onProblem: (problem: DeliveryProblem) => void;
  /** An attempt to make the run on the server that has not ended yet. */
  readonly creation?: Promise<unknown>;
}

interface PendingPoint {
  readonly point: MetricPoint;
  readonly modelId: string | undefined;
}

/** Points in memory; beyond them the spool's files are read. */
const mostPending = 100_000;

/**
 * What is written goes to the spool and, while the server has everything up to it, to a list of
 * what is new. After a failure, of which nobody knows how much was done, the list is dropped: the
 * spool is compared with the server, then collecting goes on.
 */
export class SpooledRun {
  readonly id: string;
  readonly #options: SpooledRunOptions;
  /** Writes and reads of histories, one after another, so that a point read is not pending. */
  #turn: Promise<unknown> = Promise.resolve();
  #state: "unknown" | "comparing" | "level" = "unknown";
  #pending = new Map<string, PendingPoint[]>();
  #pendingCount = 0;
  #hasNewFacts = false;
  #changedFiles = new Map<string, Set<string>>();
  #deletedTags = new Set<string>();
  #problems: readonly DeliveryProblem[] = [];
  readonly #told = new Set<string>();
  #undelivered = 0;

  constructor(options: SpooledRunOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Points of this process that the server is not known to have. */
  get undelivered(): number {
    return this.#undelivered;
  }

  get hasNews(): boolean {
    if (this.#isGone) return false;
    const others = this.#pendingCount + this.#changedFiles.size + this.#deletedTags.size;
    return this.#state !== "level" || this.#hasNewFacts || others > 0;
  }

  /** Whether the server has it all, and refused nothing. */
  get isDelivered(): boolean {
    return !this.hasNews && this.#problems.length === 0;
  }

  /** Deleted at the server: nothing more can be delivered. */
  get #isGone(): boolean {
    return this.#problems.some(({ what }) => what === "run");
  }

  async logBatch(batch: RunBatch): Promise<void> {
    await this.#inTurn(async () => {
      await this.#options.spool.logBatch(this.id, batch);
      const { metrics = [], params, tags, modelId } = batch;
      this.#undelivered += metrics.length;
      this.#collect(metrics, modelId);
      for (const key of tags?.keys() ?? []) this.#deletedTags.delete(key);
      if ((params?.size ?? 0) > 0 || (tags?.size ?? 0) > 0) this.#hasNewFacts = true;
    });
  }

  /** Anything but points and files: status, name, inputs. */
  async changeFacts(change: () => Promise<void>): Promise<void> {
    await this.#inTurn(change);
    this.#hasNewFacts = true;
  }

  async deleteTag(key: string): Promise<void> {
    await this.changeFacts(async () => {
      await this.#options.spool.deleteTag(this.id, key);
      this.#deletedTags.add(key);
    });
  }

  /** A file of the run, or of one of its models, or the model itself. */
  async changeFiles<T>(change: () => Promise<T>, ownerOf: (result: T) => string, path?: string): Promise<T> {
    const result = await change();
    const owner = ownerOf(result);
    const paths = this.#changedFiles.get(owner) ?? new Set();
    this.#changedFiles.set(owner, paths);
    if (path !== undefined) paths.add(path);
    return result;
  }

  /** Sends what is new. Errors: those of the server and of the spool; INTERRUPTED. */
  async deliver(signal: AbortSignal): Promise<void> {
    await this.#options.creation?.catch(() => undefined);
    try {
      while (this.hasNews) await (this.#state === "level" ? this.#sendNews(signal) : this.#compare(signal));
    } catch (error) {
      this.#state = "unknown";
      this.#dropPending();
      throw error;
    }
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { remote, ids } = this.#options;
    this.#state = "comparing";
    this.#dropPending();
    this.#hasNewFacts = false;
    this.#changedFiles = new Map();
    const atStart = this.#undelivered;
    const { problems } = await deliverRun(this.#source(), this.id, remote, { ids, signal, comparesAll: true });
    this.#note(problems);
    // What was overtaken while it was compared is counted as pending.
    this.#undelivered = Math.max(this.#pendingCount, this.#undelivered - atStart);
    if (this.#state === "comparing") this.#state = "level";
  }

  async #sendNews(signal: AbortSignal): Promise<void> {
    await this.#sendPoints((modelId) => modelId === undefined);
    if (this.#hasNewFacts || this.#changedFiles.size > 0 || this.#deletedTags.size > 0) {
      const { remote, ids, spool } = this.#options;
      const files = this.#changedFiles;
      this.#changedFiles = new Map();
      this.#hasNewFacts = false;
      const { problems, targetId } = await deliverRun(spool, this.id, remote, { ids, signal, metrics: false, files });
      this.#note(problems);
      for (const key of this.#deletedTags) {
        await remote.deleteTag(targetId, key);
        this.#deletedTags.delete(key);
      }
    }
    await this.#sendPoints(() => true);
  }

  async #sendPoints(isWanted: (modelId: string | undefined) => boolean): Promise<void> {
    const { remote, ids } = this.#options;
    const targetId = ids.get(this.id);
    if (targetId === undefined) throw new TypeError("a run is compared before its points are sent");
    for (const [modelId, points] of this.#takePending(isWanted)) {
      const model = modelId === undefined ? undefined : ids.get(modelId);
      for (let start = 0; start < points.length; start += batchPoints) {
        const metrics = points.slice(start, start + batchPoints);
        await remote.logBatch(targetId, { metrics, ...(model !== undefined && { modelId: model }) });
        this.#undelivered -= metrics.length;
      }
    }
  }

  /** The spool, where reading a key's history takes over what is pending of it. */
  #source(): DeliverySource {
    const { spool } = this.#options;
    return {
      getRun: (id) => spool.getRun(id),
      listExperiments: (lifecycle) => spool.listExperiments(lifecycle),
      listArtifacts: (owner, folder) => spool.listArtifacts(owner, folder),
      readArtifact: (owner, path) => spool.readArtifact(owner, path),
      getModel: (id) => spool.getModel(id),
      metricHistory: (id, key) =>
        this.#inTurn(async () => {
          const history = await spool.metricHistory(id, key);
          this.#pendingCount -= this.#pending.get(key)?.length ?? 0;
          this.#pending.delete(key);
          return history;
        }),
    };
  }

  #collect(metrics: readonly MetricPoint[], modelId: string | undefined): void {
    if (this.#state === "unknown") return;
    if (this.#pendingCount + metrics.length > mostPending) {
      this.#state = "unknown";
      this.#dropPending();
      return;
    }
    for (const point of metrics) {
      const points = this.#pending.get(point.key) ?? [];
      this.#pending.set(point.key, points);
      points.push({ point, modelId });
    }
    this.#pendingCount += metrics.length;
  }

  /** Points of one model, or of none, by model. */
  #takePending(isWanted: (modelId: string | undefined) => boolean): Map<string | undefined, MetricPoint[]> {
    const taken = new Map<string | undefined, MetricPoint[]>();
    for (const [key, points] of this.#pending) {
      const left: PendingPoint[] = [];
      for (const pending of points) {
        if (!isWanted(pending.modelId)) left.push(pending);
        else {
          const ofModel = taken.get(pending.modelId) ?? [];
          taken.set(pending.modelId, ofModel);
          ofModel.push(pending.point);
        }
      }
      if (left.length > 0) this.#pending.set(key, left);
      else this.#pending.delete(key);
      this.#pendingCount -= points.length - left.length;
    }
    return taken;
  }

  #dropPending(): void {
    this.#pending = new Map();
    this.#pendingCount = 0;
  }

  #note(problems: readonly DeliveryProblem[]): void {
    const fresh = problems.filter(({ what }) => !this.#told.has(what));
    this.#problems = [...this.#problems, ...fresh];
    for (const problem of fresh) {
      this.#told.add(problem.what);
      this.#options.onProblem(problem);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
