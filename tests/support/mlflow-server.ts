/**
 * An MLflow server in memory, for tests that need one at once or one that misbehaves. Its answers
 * are those that the real server gave (`tests/interop/mlflow-server.test.ts` holds both to the same
 * contract).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { FakeArtifacts } from "./fake-mlflow/fake-artifacts.ts";
import { FakeRegistry } from "./fake-mlflow/fake-registry.ts";
import { FakeRuns } from "./fake-mlflow/fake-runs.ts";
import { type Input, optional, Refusal, required } from "./fake-mlflow/refusal.ts";

export interface SeenRequest {
  readonly method: string;
  /** Without the query: `/api/2.0/mlflow/runs/create`. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** The query of a GET, else the JSON body. */
  readonly input: Input;
}

/**
 * What goes wrong with one request. Before its work is done: `close` the connection, answer another
 * `status` or a `page`, `stall`. After: `cut` the answer in its middle, `lose` it whole, `silent`.
 */
export type Fault =
  | "close"
  | "stall"
  | "page"
  | "cut"
  | "lose"
  | "silent"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

export interface FakeMlflowOptions {
  /** As over MLflow's folders: a point is kept as often as it comes. */
  readonly keepsRepeats?: boolean;
  /** Without logged models and `server-info`, as before MLflow 3. */
  readonly isOld?: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Below which the routes are, as behind a proxy: `/mlflow`. */
  readonly prefix?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
}

export class FakeMlflow {
  readonly requests: SeenRequest[] = [];
  readonly runs: FakeRuns;
  readonly registry: FakeRegistry;
  readonly artifacts = new FakeArtifacts();
  /** Asked for each request; undefined answers it as it should be. */
  fault: ((request: SeenRequest, count: number) => Fault | undefined) | undefined;
  readonly #options: FakeMlflowOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: FakeMlflowOptions = {}) {
    this.#options = options;
    this.runs = new FakeRuns(options.keepsRepeats ?? false);
    this.registry = new FakeRegistry((modelId) => this.runs.models.get(modelId)?.runId ?? "");
  }

  /** Where it listens, or listened. */
  get url(): string {
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${this.#port}${this.#options.prefix ?? ""}`;
  }

  /** Listens, after a stop at the same port and with the same contents. */
  async start(): Promise<void> {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response).catch(() => response.destroy());
    };
    const { tls } = this.#options;
    const server = tls ? createTlsServer(tls, answer) : createServer(answer);
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port; // a TCP server that listens
    this.#server = server;
  }

  /** Closes every connection at once; may be called twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://localhost");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const method = request.method ?? "GET";
    const path = url.pathname.slice((this.#options.prefix ?? "").length);
    const isArtifact = path.startsWith(artifactsPath);
    const json: Input = !isArtifact && body.length > 0 ? JSON.parse(body.toString()) : {};
    // Only a GET is asked by its query.
    const input = method === "GET" ? Object.fromEntries(url.searchParams) : json;
    const seen = { method, path, headers: request.headers, input };
    this.requests.push(seen);
    const fault = this.fault?.(seen, this.requests.length);
    if (fault === "close") return void response.destroy();
    if (fault === "stall") return;
    if (fault === "page") return send(response, 200, "text/html", "<html><body>Welcome</body></html>");
    if (typeof fault === "object") {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
      return send(response, fault.status, "text/html", fault.body ?? "<h1>Fault</h1>");
    }
    const { status, type, content } = this.#work(seen, body);
    if (fault === "lose") return void response.destroy();
    if (fault === "silent") return;
    if (fault !== "cut") return send(response, status, type, content);
    response.writeHead(status, { "content-type": type, "content-length": content.length + 2 });
    response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.destroy());
  }

  #work(seen: SeenRequest, body: Buffer): { status: number; type: string; content: Buffer } {
    const asJson = (status: number, value: object) => ({
      status,
      type: "application/json",
      content: Buffer.from(JSON.stringify(value)),
    });
    if (!this.#isAllowed(seen.headers.authorization)) {
      const content = Buffer.from(
        "You are not authenticated. Please see https://www.mlflow.org/docs/latest/auth/index.html#authenticating-to-mlflow on how to authenticate.",
      );
      return { status: 401, type: "text/html; charset=utf-8", content };
    }
    try {
      if (seen.path.startsWith(artifactsPath)) return this.#artifact(seen, body);
      const answer = this.#route(seen);
      if (answer !== undefined) return asJson(200, answer);
      const content = Buffer.from(
        "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n",
      );
      return { status: 404, type: "text/html; charset=utf-8", content };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return asJson(error.status, { error_code: error.errorCode, message: error.message });
    }
  }

  #isAllowed(authorization: string | undefined): boolean {
    const { user, password, token } = this.#options;
    if (token !== undefined) return authorization === `Bearer ${token}`;
    if (password === undefined) return true;
    return authorization === `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  #artifact({ method, path, input }: SeenRequest, body: Buffer): { status: number; type: string; content: Buffer } {
    const name = decodeURIComponent(path.slice(artifactsPath.length + 1));
    const nothing = { status: 200, type: "application/json", content: Buffer.from("{}") };
    if (method === "PUT") this.artifacts.write(name, body);
    else if (method === "DELETE") this.artifacts.delete(name);
    else if (name === "") {
      const files = this.artifacts.list(optional(input, "path") ?? "", undefined);
      return { ...nothing, content: Buffer.from(JSON.stringify({ files })) };
    } else return { status: 200, type: "application/octet-stream", content: this.artifacts.read(name) };
    return nothing;
  }

  #route({ method, path, input }: SeenRequest): object | undefined {
    const isOld = this.#options.isOld ?? false;
    if (path === "/api/3.0/mlflow/server-info" && !isOld)
      return { store_type: this.#options.keepsRepeats ? "FileStore" : "SqlStore" };
    const name = path.startsWith(apiPath) ? path.slice(apiPath.length) : "";
    if (isOld && /^logged-models|^runs\/outputs/.test(name)) return undefined;
    if (method === "GET" && name === "artifacts/list") {
      const root = this.runs.artifactRoot({ runId: required(input, "run_id") });
      return filesJson(this.artifacts.list(root, optional(input, "path")));
    }
    const [, modelId, rest] = /^logged-models\/(m-[^/]+)(\/.*)?$/.exec(name) ?? [];
    if (modelId !== undefined && rest === "/artifacts/directories") {
      const root = this.runs.artifactRoot({ modelId });
      return filesJson(this.artifacts.list(root, optional(input, "artifact_directory_path")));
    }
    const key = `${method} ${modelId === undefined ? name : `logged-models/:id${rest ?? ""}`}`;
    const routes = { ...this.runs.routes, ...this.registry.routes };
    const work = Object.hasOwn(routes, key) ? routes[key] : undefined;
    return work?.(modelId === undefined ? input : { ...input, id: modelId });
  }
}

/** Started; the caller stops it. */
export async function startFakeMlflow(options: FakeMlflowOptions = {}): Promise<FakeMlflow> {
  const server = new FakeMlflow(options);
  await server.start();
  return server;
}

const apiPath = "/api/2.0/mlflow/";
const artifactsPath = "/api/2.0/mlflow-artifacts/artifacts";

function filesJson(files: object[]): object {
  return files.length === 0 ? {} : { files };
}

function send(response: ServerResponse, status: number, type: string, content: Buffer | string): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(content) });
  response.end(content);
}
