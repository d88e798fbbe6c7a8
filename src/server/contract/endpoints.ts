/**
 * Method and path of every route: all that the client needs to know of the contract when it runs.
 */

const get = <const Path extends string>(path: Path) => ({ method: "GET", path }) as const;
const post = <const Path extends string>(path: Path) => ({ method: "POST", path }) as const;
const put = <const Path extends string>(path: Path) => ({ method: "PUT", path }) as const;

/** By the route's id. Paths as in OpenAPI: `{name}` stands for a parameter. */
export const endpoints = {
  health: get("/health"),
  livez: get("/livez"),
  readyz: get("/readyz"),
  predict: post("/predict"),
  explain: post("/explain"),
  feedback: post("/feedback"),
  model: get("/model"),
  samples: get("/samples"),
  sample: get("/samples/{index}"),
  v2Server: get("/v2"),
  v2Live: get("/v2/health/live"),
  v2Ready: get("/v2/health/ready"),
  v2Model: get("/v2/models/{model}"),
  v2Version: get("/v2/models/{model}/versions/{version}"),
  v2ModelReady: get("/v2/models/{model}/ready"),
  v2VersionReady: get("/v2/models/{model}/versions/{version}/ready"),
  v2Infer: post("/v2/models/{model}/infer"),
  v2InferVersion: post("/v2/models/{model}/versions/{version}/infer"),
  v2ModelConfig: get("/v2/models/{model}/config"),
  v2VersionConfig: get("/v2/models/{model}/versions/{version}/config"),
  v2Statistics: get("/v2/models/stats"),
  v2ModelStatistics: get("/v2/models/{model}/stats"),
  v2VersionStatistics: get("/v2/models/{model}/versions/{version}/stats"),
  v2RepositoryIndex: post("/v2/repository/index"),
  ping: get("/ping"),
  version: get("/version"),
  invocations: post("/invocations"),
  metrics: get("/metrics"),
  openapi: get("/openapi.json"),
  adminModels: get("/admin/models"),
  adminReload: post("/admin/reload"),
  adminCanary: put("/admin/canary"),
} as const;

export type Endpoints = typeof endpoints;
/** The name of a route. */
export type RouteId = keyof Endpoints;
