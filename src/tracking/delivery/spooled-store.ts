/**
 * Runs for a server that may go away: written to a folder at once, delivered beside the work. What
 * was not delivered at the end stays there, until it is delivered from there.
 */
import { randomBytes } from "node:crypto";
import { AppError, isAppError, toAppError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { counted } from "../../base/quantity.ts";
import { endsWithin } from "../../base/within.ts";
import type {
  ArtifactEntry,
  ArtifactOwner,
  DatasetInput,
  Experiment,
  Lifecycle,
  LoggedModel,
  MetricPoint,
  Run,
} from "../run.ts";
import type { ArtifactContent, NewLoggedModel, NewRun, RunBatch, RunPage, RunQuery, RunStore } from "../run-store.ts";
import { deliverRun } from "./deliver-run.ts";
import { DeliveryLoop } from "./delivery-loop.ts";
import { KnownIds, originTags } from "./known-ids.ts";
import { openSpool, type Spool } from "./spool.ts";
import { SpooledRun } from "./spooled-run.ts";

export interface SpooledStoreOptions {
  /** The server. Closed with this store. */
  readonly remote: RunStore;
  /** Where runs are until the server has them; made where it is missing. */
  readonly folder: string;
  readonly logger: Logger;
  /** How long a call waits for the server's answer before it goes on without; default 5,000. */
  readonly patienceMs?: number;
  /** How long closing goes on delivering; default 30,000. */
  readonly closeMs?: number;
  /** The same where the server does not answer; default 5,000. */
  readonly awayCloseMs?: number;
  /** Between two deliveries; default 1,000. */
  readonly pauseMs?: number;
  /** Between two attempts to reach a server that is away, at most; default 60,000. */
  readonly longestPauseMs?: number;
}

/**
 * A server's runs that never wait for it: new ones get the server's id where it answers at once,
 * else one of their own, which the server's run has as the tag `pawprint.run_id`. A server that
 * refuses the caller (password, experiment deleted) says so at the first call; one that goes away
 * later costs a warning. `close` waits a stated time, and tells what is left. Errors:
 * FILE_WRITE_FAILED; those of a folder of runs.
 */
export async function openSpooledStore(options: SpooledStoreOptions): Promise<RunStore> {
  return new SpooledStore(await openSpool(options.folder), options);
}

class SpooledStore implements RunStore {
  readonly givesRunIds = true;
  readonly #spool: Spool;
  readonly #remote: RunStore;
  readonly #logger: Logger;
  readonly #patienceMs: number;
  readonly #closeMs: number;
  readonly #awayCloseMs: number;
  readonly #ids: KnownIds;
  readonly #loop: DeliveryLoop;
  /** By the ids that callers use: the spool's, and those under which a run was first recorded. */
  readonly #runs = new Map<string, Promise<OpenRun>>();
  readonly #open = new Set<OpenRun>();

  constructor(spool: Spool, options: SpooledStoreOptions) {
    const { remote, logger, patienceMs = 5000, closeMs = 30_000, awayCloseMs = 5000, ...pauses } = options;
    this.#spool = spool;
    this.#remote = remote;
    this.#logger = logger;
    this.#patienceMs = patienceMs;
    this.#closeMs = closeMs;
    this.#awayCloseMs = awayCloseMs;
    this.#ids = new KnownIds(remote);
    this.#loop = new DeliveryLoop({
      runs: () => [...this.#open].map(({ run }) => run),
      location: remote.location,
      logger,
      pauseMs: pauses.pauseMs ?? 1000,
      longestPauseMs: pauses.longestPauseMs ?? 60_000,
    });
  }

  get location(): string {
    return this.#remote.location;
  }

  async findExperiment(name: string): Promise<Experiment | undefined> {
    const answer = await this.#ask(() => this.#remote.findExperiment(name));
    return answer === undefined ? this.#spool.store.findExperiment(name) : answer.value;
  }

  /** The spool's: its id is for `createRun` of this store. */
  async ensureExperiment(name: string): Promise<Experiment> {
    await this.#ask(() => this.#remote.ensureExperiment(name));
    return this.#spool.store.ensureExperiment(name);
  }

  async listExperiments(lifecycle?: Lifecycle | "all"): Promise<readonly Experiment[]> {
    const answer = await this.#ask(() => this.#remote.listExperiments(lifecycle));
    return answer === undefined ? this.#spool.store.listExperiments(lifecycle) : answer.value;
  }

  async createRun(run: NewRun): Promise<Run> {
    if (run.id !== undefined) throw new TypeError("a server gives ids of its own");
    const origin = randomBytes(16).toString("hex");
    const name = await this.#experimentName(run.experimentId);
    const making = async (): Promise<Run> => {
      const { id: experimentId } = await this.#remote.ensureExperiment(name);
      const tags = new Map([...(run.tags ?? []), [originTags.run, origin] as const]);
      return this.#remote.createRun({ ...run, experimentId, tags });
    };
    let creation: Promise<Run> | undefined;
    const answer = await this.#ask(() => {
      creation = making();
      return creation;
    });
    const id = answer?.value.id ?? origin;
    const { id: experimentId } = await this.#spool.store.ensureExperiment(name);
    const release = await this.#spool.hold(id);
    try {
      const tags = answer === undefined ? new Map([...(run.tags ?? []), [originTags.run, origin] as const]) : run.tags;
      const made = await this.#spool.store.createRun({ ...run, experimentId, id, ...(tags && { tags }) });
      this.#take(id, this.#openRun(id, release, creation));
      return made;
    } catch (error) {
      await release();
      throw error;
    }
  }

  async getRun(id: string): Promise<Run> {
    const spooled = await this.#spooledId(id);
    return spooled === undefined ? this.#remote.getRun(id) : this.#spool.store.getRun(spooled);
  }

  async updateRun(id: string, change: Parameters<RunStore["updateRun"]>[1]): Promise<void> {
    const { run } = await this.#runOf(id);
    await run.changeFacts(() => this.#spool.store.updateRun(run.id, change));
  }

  /** The server's runs, which may be behind; the spool's where the server does not answer. */
  async searchRuns(query: RunQuery): Promise<RunPage> {
    const answer = await this.#ask(async () => {
      if (query.experimentIds === undefined) return this.#remote.searchRuns(query);
      const experimentIds = await Promise.all(query.experimentIds.map((id) => this.#remoteExperimentId(id)));
      return this.#remote.searchRuns({ ...query, experimentIds });
    });
    return answer === undefined ? this.#spool.store.searchRuns(query) : answer.value;
  }

  async logBatch(id: string, batch: RunBatch): Promise<void> {
    const { run } = await this.#runOf(id);
    await run.logBatch(batch);
  }

  async deleteTag(id: string, key: string): Promise<void> {
    const { run } = await this.#runOf(id);
    await run.deleteTag(key);
  }

  async metricHistory(id: string, key: string): Promise<readonly MetricPoint[]> {
    const spooled = await this.#spooledId(id);
    return spooled === undefined ? this.#remote.metricHistory(id, key) : this.#spool.store.metricHistory(spooled, key);
  }

  async logInputs(id: string, inputs: readonly DatasetInput[]): Promise<void> {
    const { run } = await this.#runOf(id);
    await run.changeFacts(() => this.#spool.store.logInputs(run.id, inputs));
  }

  async deleteRun(id: string): Promise<void> {
    await this.#remote.deleteRun(id);
  }

  async restoreRun(id: string): Promise<void> {
    await this.#remote.restoreRun(id);
  }

  async listArtifacts(owner: ArtifactOwner, folder?: string): Promise<readonly ArtifactEntry[]> {
    const { store, owner: there } = await this.#placeOf(owner);
    return store.listArtifacts(there, folder);
  }

  async *readArtifact(owner: ArtifactOwner, path: string): AsyncGenerator<Uint8Array> {
    const { store, owner: there } = await this.#placeOf(owner);
    yield* store.readArtifact(there, path);
  }

  async writeArtifact(owner: ArtifactOwner, path: string, content: ArtifactContent): Promise<void> {
    const { store } = this.#spool;
    const runId = "runId" in owner ? owner.runId : (await this.#spooledModel(owner.modelId))?.runId;
    // A model that the server has and the spool has not is written there.
    if (runId === undefined) return this.#remote.writeArtifact(owner, path, content);
    const { run } = await this.#runOf(runId);
    const place = "runId" in owner ? { runId: run.id } : owner;
    await run.changeFiles(
      () => store.writeArtifact(place, path, content),
      () => ("runId" in place ? place.runId : place.modelId),
      path,
    );
  }

  async createModel(model: NewLoggedModel): Promise<LoggedModel> {
    if (model.runId === undefined) return this.#remote.createModel(model);
    const { run } = await this.#runOf(model.runId);
    const { experimentId } = await this.#spool.store.getRun(run.id);
    return run.changeFiles(
      () => this.#spool.store.createModel({ ...model, experimentId, runId: run.id }),
      ({ id }) => id,
    );
  }

  async finishModel(id: string, status: "READY" | "FAILED"): Promise<void> {
    const model = await this.#spooledModel(id);
    if (model?.runId === undefined) return this.#remote.finishModel(id, status);
    const { run } = await this.#runOf(model.runId);
    await run.changeFiles(
      () => this.#spool.store.finishModel(id, status),
      () => id,
    );
  }

  async getModel(id: string): Promise<LoggedModel> {
    return (await this.#spooledModel(id)) ?? this.#remote.getModel(id);
  }

  async close(): Promise<void> {
    await this.#loop.close(this.#closeMs, this.#awayCloseMs);
    // Before the runs are given back: whoever delivers them next must be the only one.
    await this.#remote.close();
    await endsWithin(this.#loop.ended(), this.#awayCloseMs);
    const left: SpooledRun[] = [];
    for (const { run, release } of this.#open) {
      if (!run.isDelivered) left.push(run);
      else await this.#spool.removeEnded(run.id);
      await release();
    }
    this.#open.clear();
    if (left.length > 0) this.#tellLeft(left);
    await this.#spool.store.close();
  }

  #tellLeft(left: readonly SpooledRun[]): void {
    const points = left.reduce((sum, { undelivered }) => sum + undelivered, 0);
    const what = `${counted(left.length, "run")} (${counted(points, "point")} of metrics)`;
    this.#logger.warn(
      `${what} could not be delivered to ${this.location} and stay in ${this.#spool.folder}; deliver with: pawprint runs push`,
    );
  }

  /**
   * The server's answer; undefined where it is away or slow, in which case the work goes on without.
   * Errors: what the server refuses.
   */
  async #ask<T>(question: () => Promise<T>): Promise<{ readonly value: T } | undefined> {
    if (this.#loop.isAway) return undefined;
    const answer = question();
    try {
      if (await endsWithin(answer, this.#patienceMs)) return { value: await answer };
      answer.catch(() => undefined);
      this.#loop.noteFailure(tooSlow(this.location, this.#patienceMs));
    } catch (error) {
      if (toAppError(error).kind !== "unavailable") throw error;
      this.#loop.noteFailure(error);
    }
    return undefined;
  }

  async #experimentName(id: string): Promise<string> {
    const ours = (await this.#spool.store.listExperiments("all")).find((experiment) => experiment.id === id);
    if (ours !== undefined) return ours.name;
    const theirs = (await this.#remote.listExperiments()).find((experiment) => experiment.id === id);
    if (theirs !== undefined) return theirs.name;
    throw new AppError("EXPERIMENT_NOT_FOUND", {
      required: "the id of an experiment",
      received: JSON.stringify(id),
      where: this.location,
    });
  }

  async #remoteExperimentId(id: string): Promise<string> {
    const ours = (await this.#spool.store.listExperiments("all")).find((experiment) => experiment.id === id);
    const theirs = ours && (await this.#remote.findExperiment(ours.name));
    return theirs?.id ?? id;
  }

  /** The spool's id of a run; undefined for one that the spool does not have. */
  async #spooledId(id: string): Promise<string | undefined> {
    const open = this.#runs.get(id);
    if (open !== undefined) return (await open).run.id;
    return (await this.#findSpooled(id))?.id;
  }

  async #findSpooled(id: string): Promise<Run | undefined> {
    try {
      return await this.#spool.store.getRun(id);
    } catch (error) {
      if (isAppError(error, "RUN_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #spooledModel(id: string): Promise<LoggedModel | undefined> {
    try {
      return await this.#spool.store.getModel(id);
    } catch (error) {
      if (isAppError(error, "LOGGED_MODEL_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async #placeOf(owner: ArtifactOwner): Promise<{ readonly store: RunStore; readonly owner: ArtifactOwner }> {
    if ("modelId" in owner) {
      return { store: (await this.#spooledModel(owner.modelId)) ? this.#spool.store : this.#remote, owner };
    }
    const runId = await this.#spooledId(owner.runId);
    return runId === undefined ? { store: this.#remote, owner } : { store: this.#spool.store, owner: { runId } };
  }

  /** The run to write to: one of this process, one that an earlier process left, or a copy of the server's. */
  #runOf(id: string): Promise<OpenRun> {
    return this.#runs.get(id) ?? this.#take(id, this.#continueRun(id));
  }

  #take(id: string, opening: Promise<OpenRun> | OpenRun): Promise<OpenRun> {
    const open = Promise.resolve(opening);
    this.#runs.set(id, open);
    // What could not be opened can be tried again.
    open.catch(() => this.#runs.delete(id));
    return open;
  }

  async #continueRun(id: string): Promise<OpenRun> {
    const spooled = await this.#findSpooled(id);
    if (spooled !== undefined) return this.#openRun(id, await this.#spool.hold(id));
    const { id: known } = await this.#remote.getRun(id);
    const other = known === id ? undefined : this.#runs.get(known);
    if (other !== undefined) return other;
    const release = await this.#spool.hold(known);
    try {
      await deliverRun(this.#remote, known, this.#spool.store, { files: "none" });
    } catch (error) {
      await release();
      throw error;
    }
    const open = this.#openRun(known, release);
    if (known !== id) this.#take(known, open);
    return open;
  }

  #openRun(id: string, release: () => Promise<void>, creation?: Promise<unknown>): OpenRun {
    const run = new SpooledRun({
      id,
      spool: this.#spool.store,
      remote: this.#remote,
      ids: this.#ids,
      onProblem: ({ what, error }) =>
        this.#logger.warn(`the server refuses the ${what} of run ${id}: ${error.message}`),
      ...(creation && { creation }),
    });
    const open = { run, release };
    this.#open.add(open);
    return open;
  }
}

interface OpenRun {
  readonly run: SpooledRun;
  readonly release: () => Promise<void>;
}

function tooSlow(location: string, patienceMs: number): AppError {
  return new AppError("TRACKING_UNAVAILABLE", {
    required: "an answer at once",
    received: `none after ${patienceMs / 1000} s`,
    where: location,
  });
}
