/** What can be set about the service: the section `serve` of the configuration. */
import { type Static, Type } from "typebox";
import type { DeepReadonly } from "../base/freeze.ts";
import { logLevels } from "../base/logger.ts";
import { literals } from "../base/schema/literals.ts";

const portRange = { minimum: 0, maximum: 65_535 };
const Text = Type.String({ minLength: 1 });

/** The schema of the service's settings. */
export const serveConfigSchema = Type.Object({
  model: Type.Optional(
    Type.String({
      minLength: 1,
      examples: [
        "models/pets.onnx",
        "models:/pets@champion",
        `https://models.example.com/pets.onnx#sha256=${"0".repeat(64)}`,
      ],
      description:
        "a bundle, a folder whose last bundle serves, models:/NAME@ALIAS, or https://HOST/NAME.onnx#sha256=HEX",
    }),
  ),
  host: Type.String({ minLength: 1, default: "127.0.0.1", description: "address to listen on; 0.0.0.0 for all" }),
  port: Type.Integer({ ...portRange, default: 8000, description: "port of the service; 0 takes a free one" }),
  adminPort: Type.Optional(
    Type.Integer({ ...portRange, description: "port of the admin routes, on adminHost; none unless given" }),
  ),
  adminHost: Type.String({ minLength: 1, default: "127.0.0.1", description: "address of the admin routes" }),
  adminWithoutKeys: Type.Boolean({
    default: false,
    description: "lets other machines call the admin routes without a key or token",
  }),
  canary: Type.Optional(
    Type.String({
      minLength: 1,
      description: "bundle, folder, models:/ address or URL with SHA-256 that answers a share of the requests",
    }),
  ),
  canaryPercent: Type.Number({ minimum: 0, maximum: 100, default: 0, description: "that share" }),
  challenger: Type.Optional(
    Type.String({
      minLength: 1,
      description: "bundle, folder, models:/ address or URL with SHA-256 that answers too, unseen, to be compared",
    }),
  ),
  pollMs: Type.Integer({
    minimum: 100,
    maximum: 3_600_000,
    default: 2000,
    description: "how often the sources are looked at",
  }),
  loadTimeoutMs: Type.Integer({
    minimum: 1000,
    maximum: 3_600_000,
    default: 60_000,
    description: "time within which a bundle must be ready; a slower one is refused",
  }),
  bundleBytes: Type.Integer({
    minimum: 1024,
    maximum: 2_147_483_647,
    default: 536_870_912,
    description: "largest bundle",
  }),
  allowUnverified: Type.Boolean({
    default: false,
    description: "serve bundles without parity examples, whose answers cannot be checked",
  }),
  threads: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 512,
      description: "threads of the engine; the cores that the process may use unless given",
    }),
  ),
  batch: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 16,
    description: "pictures that go through the model together at most",
  }),
  queue: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 512,
    description: "pictures let in at once; more are answered 503",
  }),
  deadlineMs: Type.Integer({ minimum: 1, maximum: 600_000, default: 2000, description: "how long an answer may take" }),
  bodyBytes: Type.Integer({ minimum: 1024, maximum: 1_073_741_824, default: 16_777_216, description: "largest body" }),
  picturesPerRequest: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 64,
    description: "pictures in one request",
  }),
  // The modes of 50 megapixels of today's phones store up to 8192 x 6144 pixels.
  pixels: Type.Integer({ minimum: 1, maximum: 100_000_000, default: 51_000_000, description: "pixels of one picture" }),
  decodeBytes: Type.Integer({
    minimum: 1_048_576,
    maximum: 4_294_967_296,
    default: 536_870_912,
    description: "memory that decoding one picture may take",
  }),
  connections: Type.Integer({ minimum: 1, maximum: 100_000, default: 2048, description: "open connections" }),
  connectionsPerAddress: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100_000,
      description: "open connections of one address; half of connections unless given, all of them with trustProxy",
    }),
  ),
  bodyTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: 600_000,
    default: 10_000,
    description: "time within which a request must arrive",
  }),
  sendTimeoutMs: Type.Integer({
    minimum: 100,
    maximum: 600_000,
    default: 30_000,
    description: "time without progress after which an answer's connection is closed",
  }),
  drainMs: Type.Integer({
    minimum: 0,
    maximum: 600_000,
    default: 0,
    description: "after SIGTERM: time between not ready and no longer listening",
  }),
  samples: Type.Optional(Type.String({ minLength: 1, description: "folder of pictures to try the service with" })),
  logLevel: literals(logLevels, { default: "info", description: "what is logged" }),
  logFile: Type.Optional(
    Type.String({ minLength: 1, description: "where the log goes; standard output unless given" }),
  ),
  predictionLog: Type.Optional(
    Type.String({
      minLength: 1,
      examples: [".pawprint/predictions.db", "postgres://user:password@host/database"],
      description:
        "where predictions and what is said of them are kept: a file, or a PostgreSQL database; nowhere unless given",
    }),
  ),
  predictionDays: Type.Integer({
    minimum: 1,
    maximum: 36_500,
    default: 90,
    description: "days for which the prediction log keeps them",
  }),
  driftWindow: Type.Union([Type.Literal(0), Type.Integer({ minimum: 20, maximum: 1000 })], {
    default: 200,
    description: "predictions of the log that are tested together for drift from the bundle's reference; 0 tests none",
  }),
  driftMs: Type.Integer({
    minimum: 0,
    maximum: 86_400_000,
    default: 60_000,
    description: "time in which at most one such window begins",
  }),
  keepPictures: Type.Optional(
    Type.String({
      minLength: 1,
      examples: [".pawprint/pictures", "s3://bucket/pictures"],
      description:
        "where some of the answered pictures are kept, for predictionDays: a folder, or s3://BUCKET/PREFIX; nowhere unless given",
    }),
  ),
  keepPercent: Type.Number({
    minimum: 0,
    maximum: 100,
    default: 1,
    description: "share of the requests whose pictures are kept",
  }),
  otlpEndpoint: Type.Optional(
    Type.String({
      pattern: "^https?://",
      examples: ["http://collector:4318/v1/traces"],
      description: "where traces go: an OpenTelemetry collector's URL for OTLP over HTTP",
    }),
  ),
  keysFile: Type.Optional(
    Type.String({ minLength: 1, description: "file of API keys; callers without one are refused" }),
  ),
  requestsPerMinute: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      description: "requests of a key (or of an address, where there are no keys) in a minute",
    }),
  ),
  trustProxy: Type.Integer({
    minimum: 0,
    maximum: 16,
    default: 0,
    description: "how many proxies stand in front, whose X-Forwarded-For is believed",
  }),
  allowedHosts: Type.Array(Type.String({ pattern: "^(\\*|\\.?[^\\s*:/@,]+)$", examples: ["pets.example.com"] }), {
    default: [],
    description: "host names to answer to beside localhost and addresses; .example.com for all below it, * for any",
  }),
  corsOrigins: Type.Array(Text, {
    default: [],
    description: "origins whose pages may call the service; none unless given",
  }),
  jwt: Type.Optional(
    Type.Object({
      jwksUrl: Type.Optional(
        Type.String({
          pattern: "^https?://",
          examples: ["https://id.example/.well-known/jwks.json"],
          description: "where the signing keys are published",
        }),
      ),
      jwksFile: Type.Optional(Type.String({ minLength: 1, description: "the signing keys as a file" })),
      issuer: Type.String({ minLength: 1, description: "who must have issued a token" }),
      audience: Type.String({ minLength: 1, description: "for whom it must have been issued" }),
      scopesClaim: Type.String({ minLength: 1, default: "scope", description: "claim that holds the scopes" }),
    }),
  ),
});

/** Every setting of the service. */
export type ServeConfig = DeepReadonly<Static<typeof serveConfigSchema>>;
