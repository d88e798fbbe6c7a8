/** Artifacts of runs and logged models: through the server, or where it says that they are. */
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../base/errors.ts";
import { openFolderStore } from "../../storage/folder-store.ts";
import { withChunks } from "../../storage/object-content.ts";
import type { ObjectStore } from "../../storage/object-store.ts";
import { isS3Address, parseS3Address } from "../../storage/s3-address.ts";
import { openS3Store } from "../../storage/s3-store.ts";
import type { ArtifactContent } from "../run-store.ts";
import { withoutCredentials } from "../tracking-access.ts";
import type { MlflowClient } from "./mlflow-client.ts";

/** Where the artifacts of one owner are: a path of the server's interface, or a store of objects. */
type Place = { readonly path: string } | { readonly store: ObjectStore };

/** Errors: FILE_NOT_FOUND, TRACKING_UNSUPPORTED; those of the client and of the stores. */
export class RestArtifacts {
  readonly #client: MlflowClient;
  readonly #stores = new Map<string, ObjectStore>();

  constructor(client: MlflowClient) {
    this.#client = client;
  }

  async *read(uri: string, path: string): AsyncGenerator<Uint8Array, void, undefined> {
    const place = await this.#placeOf(uri);
    if ("store" in place) return yield* place.store.read(path);
    yield* this.#client.download({
      method: "GET",
      path: `${place.path}/${encodedPath(path)}`,
      refusal: ({ status, where }) =>
        status === 404
          ? new AppError("FILE_NOT_FOUND", { required: "an artifact that exists", received: path, where })
          : undefined,
    });
  }

  async write(uri: string, path: string, content: ArtifactContent): Promise<void> {
    const place = await this.#placeOf(uri);
    if ("store" in place) {
      await place.store.write(path, content);
      return;
    }
    const call = { method: "PUT", path: `${place.path}/${encodedPath(path)}` } as const;
    await this.#client.upload(call, (send) => withChunks(content, path, send));
  }

  async close(): Promise<void> {
    for (const store of this.#stores.values()) await store.close();
  }

  async #placeOf(uri: string): Promise<Place> {
    const proxied = /^mlflow-artifacts:(?:\/\/(?<host>[^/]*))?\/(?<root>.*)$/i.exec(uri)?.groups;
    if (proxied?.host === undefined || proxied.host === "" || proxied.host === new URL(this.#client.location).host) {
      if (proxied?.root !== undefined) return { path: `${proxyPath}/${encodedPath(proxied.root.replace(/\/+$/, ""))}` };
    }
    // As old servers wrote it: the address of their own interface.
    const own = `${this.#client.location}${proxyPath}/`;
    if (uri.startsWith(own)) return { path: `${proxyPath}/${encodedPath(uri.slice(own.length).replace(/\/+$/, ""))}` };
    const known = this.#stores.get(uri);
    if (known !== undefined) return { store: known };
    const store = await this.#directStore(uri);
    this.#stores.set(uri, store);
    return { store };
  }

  async #directStore(uri: string): Promise<ObjectStore> {
    const address = isS3Address(uri) ? parseS3Address(uri) : undefined;
    if (address !== undefined) return openS3Store(address);
    const isFolder = /^file:\/\/\//i.test(uri) || posix.isAbsolute(uri);
    if (isFolder && isThisMachine(this.#client.location)) {
      return openFolderStore(posix.isAbsolute(uri) ? uri : fileURLToPath(uri));
    }
    throw new AppError("TRACKING_UNSUPPORTED", {
      required: "artifacts that the tracking server takes and gives, or in S3",
      received: isFolder ? "a folder of the server's machine" : `artifacts at ${withoutCredentials(uri)}`,
      where: this.#client.location,
      hint: "let the server give and take artifacts itself, as `mlflow server` does unless it is told otherwise",
    });
  }
}

const proxyPath = "/api/2.0/mlflow-artifacts/artifacts";

/** Each name by itself, so that none can lead elsewhere. */
export function encodedPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function isThisMachine(location: string): boolean {
  const { hostname } = new URL(location);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}
