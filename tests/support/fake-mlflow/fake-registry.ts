/** Registered models and versions of the fake server, in memory. */
import {
  doesNotExist,
  type Input,
  invalidValue,
  jsonPairs,
  optional,
  pageOf,
  pairs,
  Refusal,
  required,
} from "./refusal.ts";

interface FakeVersion {
  readonly version: string;
  readonly source: string;
  readonly runId: string;
  description: string;
  readonly createdMs: number;
  updatedMs: number;
  readonly tags: Map<string, string>;
}

interface FakeRegistered {
  readonly name: string;
  description: string;
  readonly createdMs: number;
  updatedMs: number;
  readonly tags: Map<string, string>;
  readonly aliases: Map<string, string>;
  readonly versions: Map<string, FakeVersion>;
  last: number;
}

export class FakeRegistry {
  readonly models = new Map<string, FakeRegistered>();
  /** The run that made a logged model. */
  readonly #runOfModel: (modelId: string) => string;

  constructor(runOfModel: (modelId: string) => string) {
    this.#runOfModel = runOfModel;
  }

  readonly routes: Readonly<Record<string, (input: Input) => object>> = {
    "POST registered-models/create": (input) => {
      const name = required(input, "name");
      if (/[/:]/.test(name)) throw invalidValue(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
      if (this.models.has(name))
        throw new Refusal("RESOURCE_ALREADY_EXISTS", `Registered Model (name=${name}) already exists.`);
      const now = Date.now();
      const made: FakeRegistered = {
        name,
        description: optional(input, "description") ?? "",
        createdMs: now,
        updatedMs: now,
        tags: new Map(pairs(input, "tags")),
        aliases: new Map(),
        versions: new Map(),
        last: 0,
      };
      this.models.set(name, made);
      return { registered_model: this.#modelJson(made) };
    },
    "GET registered-models/get": (input) => ({ registered_model: this.#modelJson(this.#model(input)) }),
    "GET registered-models/search": (input) => {
      const name = /^name\s*=\s*'(.*)'$/.exec(optional(input, "filter") ?? "")?.[1]?.replaceAll("''", "'");
      const found = [...this.models.values()].filter((model) => name === undefined || model.name === name);
      found.sort((a, b) => (a.name < b.name ? -1 : 1));
      const { page, next_page_token } = pageOf(found, input, 100);
      return { registered_models: page.map((model) => this.#modelJson(model)), next_page_token };
    },
    "PATCH registered-models/update": (input) => {
      const model = this.#model(input);
      model.description = optional(input, "description") ?? "";
      model.updatedMs = Date.now();
      return { registered_model: this.#modelJson(model) };
    },
    "DELETE registered-models/delete": (input) => {
      this.models.delete(this.#model(input).name);
      return {};
    },
    "POST registered-models/set-tag": (input) => {
      this.#model(input).tags.set(required(input, "key"), String(input.value ?? ""));
      return {};
    },
    "DELETE registered-models/delete-tag": (input) => {
      this.#model(input).tags.delete(required(input, "key"));
      return {};
    },
    "POST registered-models/alias": (input) => {
      const model = this.#model(input);
      const alias = required(input, "alias");
      requireAlias(alias);
      model.aliases.set(alias, this.#version(model, required(input, "version")).version);
      return {};
    },
    "GET registered-models/alias": (input) => {
      const model = this.#model(input);
      const alias = required(input, "alias");
      const version = model.aliases.get(alias);
      if (version === undefined) throw invalidValue(`Registered model alias ${alias} not found.`);
      return { model_version: this.#versionJson(model, this.#version(model, version)) };
    },
    "DELETE registered-models/alias": (input) => {
      this.#model(input).aliases.delete(required(input, "alias"));
      return {};
    },
    "POST model-versions/create": (input) => {
      const model = this.#model(input);
      const source = required(input, "source");
      if (/^(file:|\/)/.test(source))
        throw invalidValue(
          `Invalid model version source: '${source.replace(/^file:\/\//, "")}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`,
        );
      const now = Date.now();
      const modelId = optional(input, "model_id") ?? /^models:\/(m-.*)$/.exec(source)?.[1];
      const made: FakeVersion = {
        version: `${++model.last}`,
        source,
        runId: optional(input, "run_id") ?? (modelId === undefined ? "" : this.#runOfModel(modelId)),
        description: optional(input, "description") ?? "",
        createdMs: now,
        updatedMs: now,
        tags: new Map(pairs(input, "tags")),
      };
      model.versions.set(made.version, made);
      model.updatedMs = now;
      return { model_version: this.#versionJson(model, made) };
    },
    "GET model-versions/get": (input) => {
      const model = this.#modelOfVersion(input);
      return { model_version: this.#versionJson(model, this.#version(model, required(input, "version"))) };
    },
    "GET model-versions/search": (input) => {
      const filter = optional(input, "filter") ?? "";
      const name = /name\s*=\s*'((?:[^']|'')*)'|name\s*=\s*"([^"]*)"/.exec(filter);
      const wanted = name?.[1]?.replaceAll("''", "'") ?? name?.[2];
      const found = [...this.models.values()]
        .filter((model) => wanted === undefined || model.name === wanted)
        .flatMap((model) => [...model.versions.values()].map((version) => ({ model, version })))
        .sort(
          (a, b) => b.version.updatedMs - a.version.updatedMs || Number(b.version.version) - Number(a.version.version),
        );
      const { page, next_page_token } = pageOf(found, input, 10_000);
      // A search tells no aliases.
      const versions = page.map(({ model, version }) => this.#versionJson(model, version, false));
      return versions.length === 0 ? {} : { model_versions: versions, next_page_token };
    },
    "PATCH model-versions/update": (input) => {
      const model = this.#modelOfVersion(input);
      const version = this.#version(model, required(input, "version"));
      version.description = optional(input, "description") ?? "";
      version.updatedMs = Date.now();
      return { model_version: this.#versionJson(model, version) };
    },
    "DELETE model-versions/delete": (input) => {
      const model = this.#modelOfVersion(input);
      const { version } = this.#version(model, required(input, "version"));
      model.versions.delete(version);
      for (const [alias, target] of model.aliases) if (target === version) model.aliases.delete(alias);
      return {};
    },
    "POST model-versions/set-tag": (input) => {
      const version = this.#version(this.#modelOfVersion(input), required(input, "version"));
      version.tags.set(required(input, "key"), String(input.value ?? ""));
      return {};
    },
    "DELETE model-versions/delete-tag": (input) => {
      this.#version(this.#modelOfVersion(input), required(input, "version")).tags.delete(required(input, "key"));
      return {};
    },
    "GET model-versions/get-download-uri": (input) => ({
      artifact_uri: this.#version(this.#modelOfVersion(input), required(input, "version")).source,
    }),
  };

  #model(input: Input): FakeRegistered {
    const name = required(input, "name");
    const found = this.models.get(name);
    if (found === undefined) throw doesNotExist(`Registered Model with name=${name} not found`);
    return found;
  }

  #modelOfVersion(input: Input): FakeRegistered {
    const name = required(input, "name");
    const found = this.models.get(name);
    if (found === undefined)
      throw doesNotExist(`Model Version (name=${name}, version=${String(input.version)}) not found`);
    return found;
  }

  #version(model: FakeRegistered, version: string): FakeVersion {
    const found = model.versions.get(version);
    if (found === undefined) throw doesNotExist(`Model Version (name=${model.name}, version=${version}) not found`);
    return found;
  }

  #modelJson(model: FakeRegistered): object {
    const newest = [...model.versions.values()].at(-1);
    return {
      name: model.name,
      creation_timestamp: model.createdMs,
      last_updated_timestamp: model.updatedMs,
      description: model.description === "" ? undefined : model.description,
      latest_versions: newest && [this.#versionJson(model, newest, false)],
      tags: jsonPairs(model.tags),
      aliases:
        model.aliases.size === 0 ? undefined : [...model.aliases].map(([alias, version]) => ({ alias, version })),
    };
  }

  #versionJson(model: FakeRegistered, version: FakeVersion, hasAliases = true): object {
    const aliases = [...model.aliases].flatMap(([alias, target]) => (target === version.version ? [alias] : []));
    return {
      name: model.name,
      version: version.version,
      creation_timestamp: version.createdMs,
      last_updated_timestamp: version.updatedMs,
      current_stage: "None",
      description: version.description,
      source: version.source,
      run_id: version.runId,
      status: "READY",
      tags: jsonPairs(version.tags),
      run_link: "",
      aliases: hasAliases && aliases.length > 0 ? aliases : undefined,
    };
  }
}

function requireAlias(alias: string): void {
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias))
    throw invalidValue(
      `Invalid alias name: '${alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    );
  if (alias.length > 255)
    throw invalidValue("'Registered model alias name' exceeds the maximum length of 255 characters");
  if (alias.toLowerCase() === "latest") throw invalidValue("'latest' alias name (case insensitive) is reserved.");
  if (/^v\d+$/i.test(alias)) throw invalidValue(`Version alias name '${alias}' is reserved.`);
}
