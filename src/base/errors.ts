/** The one table of coded errors, and the class that carries them from any part to the edge. */

/** The five kinds of errors, which edges map to HTTP status and exit code. */
export type ErrorKind = "invalid" | "missing" | "conflict" | "unavailable" | "internal";

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** When this error is raised: one sentence for the reference page. */
  readonly when: string;
  /** True for wrong usage of a command, flag or configuration: exit code 2 instead of 1. */
  readonly usage?: true;
  /** The HTTP status, where it differs from that of the kind. */
  readonly status?: number;
}

const entry = (kind: ErrorKind, when: string): ErrorEntry => ({ kind, when });
const usage = (kind: ErrorKind, when: string): ErrorEntry => ({ kind, when, usage: true });
const answer = (kind: ErrorKind, status: number, when: string): ErrorEntry => ({ kind, when, status });

/** Every error that Pawprint raises on purpose. A code is stable: tools may match on it. */
export const errorTable = {
  CLI_USAGE: usage("invalid", "a command, argument or flag is unknown or has an invalid value"),
  CONFIG_INVALID: usage("invalid", "a configuration value has the wrong type or range"),
  CONFIG_UNKNOWN_KEY: usage("invalid", "a configuration key does not exist"),
  CONFIG_UNREADABLE: usage("invalid", "the configuration file is not valid YAML"),
  ARGUMENT_INVALID: usage("invalid", "a function of the library was called with an argument of the wrong kind"),
  ARCHITECTURE_UNKNOWN: usage("missing", "no architecture has this name"),
  BACKBONE_INPUT: usage("invalid", "how a backbone takes pictures is not declared, or not understood"),
  BACKBONE_UNSUITED: entry("invalid", "a model cannot be the backbone of this training"),
  QUANTIZATION_UNSUITED: entry("invalid", "a bundle cannot be quantised: it is already, or has no layers for it"),
  LAYER_UNKNOWN: usage("missing", "a backbone has no such layer"),

  FILE_NOT_FOUND: entry("missing", "a file or folder that was named does not exist"),
  FILE_EXISTS: entry("conflict", "an output exists already and is not to be replaced"),
  FILE_WRITE_FAILED: entry("unavailable", "the operating system refused a write; the old file is intact"),
  FILE_READ_FAILED: entry("unavailable", "the operating system refused a read"),
  TOO_MANY_OPEN_FILES: entry("unavailable", "the process may not open as many files as its work needs"),
  INTERRUPTED: entry("unavailable", "the work was interrupted by Ctrl-C or SIGTERM"),

  DATASET_EMPTY: entry("invalid", "a source has no usable pictures"),
  DATASET_ONE_CLASS: entry("invalid", "a source has pictures of one class only"),
  DATASET_CLASS_TOO_SMALL: entry("invalid", "a class has too few pictures to be split"),
  DATASET_SOURCE_UNKNOWN: entry("invalid", "a source is of an unknown kind"),
  DATASET_LAYOUT_UNCLEAR: entry(
    "invalid",
    "the names of a source's folders leave open what is a class and what is a split",
  ),
  DATASET_LABEL_MISSING: entry("invalid", "a picture has no label in its folder or name"),
  DATASET_LABEL_CONFLICT: entry("invalid", "the same picture has two labels"),
  DATASET_LABELS_DIFFER: entry("invalid", "a dataset has classes that a bundle does not know"),
  DATASET_TOO_LARGE: entry("invalid", "a dataset does not fit into memory at its recipe's size"),
  ARCHIVE_CORRUPT: entry("invalid", "an archive is truncated or damaged"),
  ARCHIVE_LIMIT: entry("invalid", "an archive unpacks to more than the limit"),
  ARCHIVE_UNSUPPORTED: entry(
    "invalid",
    "an archive is encrypted, in several parts, or packed by another method than deflate",
  ),
  IDX_INVALID: entry("invalid", "an idx file has a wrong magic number, type or length"),
  CIFAR_INVALID: entry("invalid", "a CIFAR file has an invalid length or label"),
  MANIFEST_INVALID: entry("invalid", "a line of a CSV or JSONL manifest cannot be read"),
  SOURCE_CHANGED: entry("conflict", "pictures were changed while they were being read"),
  PACK_INVALID: entry("invalid", "a pack's index or shards are damaged, or of another version"),
  DOWNLOAD_FAILED: entry("unavailable", "a download failed after several attempts"),
  DOWNLOAD_MISMATCH: entry("invalid", "a downloaded file differs from the published one"),
  STORE_FAILED: entry("unavailable", "an object store refused or did not answer"),
  STORE_KEY_INVALID: entry("invalid", "a key cannot name an object, or leads out of its store"),
  STORE_CONFLICT: entry("conflict", "an object was changed by someone else since it was read"),
  PACKAGE_MISSING: entry("missing", "a required optional package is not installed"),
  LOCKED: entry("conflict", "another process holds the folder's lock"),
  IMAGE_UNREADABLE: entry("invalid", "a picture cannot be decoded"),
  IMAGE_SIZE: entry("invalid", "a picture has no pixels or more than the limit"),
  RECIPE_INVALID: entry("invalid", "a recipe lacks a field, or has one that is unknown or out of range"),

  GRAPH_SHAPE: entry("invalid", "an op was given tensors whose shapes do not fit together"),
  GRAPH_DTYPE: entry("invalid", "an op was given a tensor of the wrong data type"),
  GRAPH_ATTRIBUTE: entry("invalid", "an op's attribute is out of range"),
  GRAPH_NOT_DIFFERENTIABLE: entry("invalid", "a gradient was requested through an op that has none"),
  MODEL_UNREADABLE: entry("invalid", "a file is not an ONNX model, or uses an unsupported feature"),
  BUNDLE_INVALID: entry("invalid", "an ONNX model is no valid bundle"),
  BUNDLE_PARITY: entry("internal", "an exported bundle gives other outputs than the trained graph"),
  EXECUTION_FAILED: entry("internal", "the engine failed while it ran a graph"),
  EXECUTION_INPUT: entry("invalid", "an input tensor has the wrong name, shape or data type"),
  TRAIN_DIVERGED: entry("invalid", "the loss became NaN or infinite"),
  TRAIN_OUT_OF_MEMORY: entry("unavailable", "a training step needs more memory than is available"),
  BATCH_MISMATCH: entry(
    "conflict",
    "unfinished predictions are those of another model, source or settings, or damaged",
  ),
  TRIAL_FAILED: entry("invalid", "a trial of a sweep failed"),
  TRIAL_RESULT_INVALID: entry("invalid", "an object is no whole result of a trial of the sweep"),
  CHECKPOINT_INVALID: entry("invalid", "a checkpoint does not belong to this training"),

  REQUEST_INVALID: answer("invalid", 400, "a request's path, query, header or body is invalid for the route"),
  REQUEST_TOO_LARGE: answer("invalid", 413, "a request has more bytes, pictures or parts than the limits"),
  MEDIA_TYPE_UNSUPPORTED: answer(
    "invalid",
    415,
    "the route does not accept the content type or content encoding of a request's body",
  ),
  ROUTE_UNKNOWN: answer("missing", 404, "the service has no such route"),
  METHOD_NOT_ALLOWED: answer("invalid", 405, "the route exists, but not for this method"),
  MODEL_UNKNOWN: answer("missing", 404, "the service does not serve a model or version of this name"),
  HOST_NOT_ALLOWED: answer("invalid", 421, "a request names a host that the service does not answer to"),
  ORIGIN_NOT_ALLOWED: answer("invalid", 403, "a page of another origin asks for more than to read"),
  UNAUTHENTICATED: answer("invalid", 401, "a request carries no key or token, or one that is not valid"),
  FORBIDDEN: answer("invalid", 403, "a key or token is valid, but not for this route"),
  KEY_SERVER_UNAVAILABLE: entry(
    "unavailable",
    "an identity provider's keys are unavailable, so that tokens cannot be checked",
  ),
  KEYS_INVALID: entry("invalid", "a file of API keys is damaged or of another version"),
  KEY_UNKNOWN: entry("missing", "no API key in the file has this id"),
  RATE_LIMITED: answer("unavailable", 429, "a key has exceeded its requests per minute"),
  REQUEST_TIMEOUT: answer("unavailable", 408, "a request's body did not arrive in time"),
  OVERLOADED: answer("unavailable", 503, "the queue is longer than the service can work off in time"),
  NOT_READY: answer("unavailable", 503, "the service is starting or ending"),
  DEADLINE_EXCEEDED: answer("unavailable", 504, "a request's deadline passed before its answer was ready"),
  CLIENT_GONE: answer("unavailable", 499, "the client closed the connection before it was answered"),
  MODEL_SOURCE_INVALID: usage(
    "invalid",
    "what is to be read or served is neither a bundle, nor a folder of bundles, nor the address of one",
  ),
  SERVICE_UNREACHABLE: entry("unavailable", "no service answers at the address that was given"),
  LISTEN_FAILED: usage("unavailable", "the service cannot listen on the address and port it was given"),

  RUN_NOT_FOUND: entry("missing", "no run of the store has this id"),
  EXPERIMENT_NOT_FOUND: entry("missing", "no experiment of the store has this name or id"),
  EXPERIMENT_DELETED: entry("conflict", "the experiment of this name was deleted and not restored"),
  LOGGED_MODEL_NOT_FOUND: entry("missing", "no logged model has this id, or a run has logged none"),
  PARAM_CHANGED: entry("conflict", "a run's parameter was logged again with another value"),
  FILTER_INVALID: usage("invalid", "a filter or an order of runs is not of MLflow's search language"),
  ARTIFACT_PATH_INVALID: entry("invalid", "an artifact's name leads out of its run, or cannot be a file's name"),
  RUN_STORE_INVALID: entry("invalid", "a file of a folder of runs is damaged, or of another program"),
  TRACKING_URI_INVALID: usage("invalid", "an address of runs and models is neither a folder nor an MLflow server"),
  TRACKING_VALUE_INVALID: entry("invalid", "a key, value, name or tag is outside MLflow's rules"),
  TRACKING_UNAVAILABLE: entry("unavailable", "the tracking server cannot be reached, or failed to answer"),
  TRACKING_REFUSED: entry("invalid", "the tracking server refused user, password, token, certificate or host"),
  TRACKING_ANSWER_INVALID: entry("invalid", "what answered at the tracking address is not MLflow's interface"),
  TRACKING_UNSUPPORTED: entry("invalid", "the tracking server's version lacks what was asked for"),
  MODEL_NOT_REGISTERED: entry("missing", "no registered model has this name"),
  MODEL_VERSION_NOT_FOUND: entry("missing", "a registered model has no such version or alias"),
  MODEL_CHANGED: entry("conflict", "the files of a model version are not those that were registered"),
  ALIAS_INVALID: usage("invalid", "a name cannot be an alias of a model version"),
  PROMOTION_REFUSED: entry("conflict", "a model version did not pass a gate of its promotion"),
  PREDICTION_LOG_UNAVAILABLE: entry("unavailable", "the prediction log cannot be opened, read or written"),
  PREDICTION_LOG_OFF: entry("missing", "the service keeps no prediction log"),
  PREDICTION_UNKNOWN: entry("missing", "the prediction log has no prediction of this request"),
  REFERENCE_MISMATCH: entry("invalid", "a reference is of another model's labels"),
  WEBHOOK_FAILED: entry("unavailable", "a webhook's receiver did not take a message"),
  LABEL_UNKNOWN: entry("invalid", "a label is none of the model's"),
  LABELS_INVALID: entry("invalid", "a file of late labels has lines that cannot be used"),
  PREDICTION_LOG_NEWER: entry("conflict", "the prediction log was written by a later version"),
  PROMOTION_CONFLICT: entry("conflict", "another process moved the alias at the same time"),

  GIT_MISSING: entry("missing", "the program git is needed and not installed, or a folder is in no Git repository"),
  GIT_FAILED: entry("unavailable", "git refused or failed"),
  GIT_REVISION_UNKNOWN: entry("missing", "the Git repository has no such commit, tag or branch"),
  DATA_REPOSITORY_MISSING: entry("missing", "no DVC repository was found at or above a folder"),
  DATA_FILE_INVALID: entry("invalid", "a file of a DVC repository is damaged, or not of DVC's format"),
  DATA_FEATURE_UNSUPPORTED: entry("invalid", "a DVC repository uses a part of DVC that Pawprint does not have"),
  DATA_CONFIG_INVALID: usage("invalid", "a setting of a DVC repository has the wrong form or value"),
  DATA_NAME_INVALID: entry("invalid", "a name of a file or folder cannot be kept as data"),
  DATA_NOT_TRACKED: entry("missing", "a path is not tracked as data"),
  DATA_OVERLAP: entry("conflict", "a path is tracked already, by Git, inside other data or around it"),
  DATA_OBJECT_MISSING: entry("missing", "content of a data version is neither in the cache nor in the remote"),
  DATA_OBJECT_CORRUPT: entry("invalid", "content of a data version does not have the hash that names it"),
  DATA_UNSAVED: entry("conflict", "files that no data version has would be overwritten or removed"),
  DATA_LINK_UNSUPPORTED: entry("unavailable", "the file system supports none of the configured link types"),
  DATA_REMOTE_UNKNOWN: usage("missing", "no remote of this name is configured, or no default"),
  DATA_TRANSFER_INCOMPLETE: entry("unavailable", "some objects could not be sent or fetched"),
  STAGE_UNKNOWN: usage("missing", "a pipeline has no stage of this name"),
  PIPELINE_INVALID: entry("invalid", "a dvc.yaml, or a file that it names, is not of DVC's format"),
  PIPELINE_CYCLE: entry("invalid", "stages of a pipeline need each other's outputs, or two make the same one"),
  STAGE_FAILED: entry("invalid", "a command of a pipeline's stage failed, or did not make its outputs"),

  INTERNAL: entry("internal", "an unexpected error in Pawprint itself"),
} as const satisfies Record<string, ErrorEntry>;

/** A code of the table of errors: stable, to be compared with. */
export type ErrorCode = keyof typeof errorTable;

/** Whether a text, such as one from another process, is a code of this table. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}

export interface ErrorDetail {
  /**
   * What would have been right, a noun phrase: "weight channels equal to input channels / groups".
   */
  readonly required: string;
  /** What came instead, a noun phrase too. */
  readonly received?: string;
  /** The file, layer, flag or line where it came. */
  readonly where?: string;
  /**
   * One thing to do about it, a command where there is one. A name in backticks is an option of the
   * function that was called ("give `force` to replace it"); the command line shows it as a flag.
   */
  readonly hint?: string;
  /** Seconds after which the call may be repeated; shown as a hint. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * An expected error: a stable code, a kind, and what the reader needs to mend it. The message is
 * `Expected <required>; got <received> (<where>)`; edges print the hint separately.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** The message without the place, for lists that name it themselves. */
  readonly summary: string;
  readonly required: string;
  readonly received: string | undefined;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, given: ErrorDetail) {
    const detail = { ...given, ...shortened(given) };
    const summary = summaryOf(detail);
    const where = detail.where === undefined ? "" : ` (${detail.where})`;
    super(`${summary}${where}`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.kind = errorTable[code].kind;
    this.summary = summary;
    this.required = detail.required;
    this.received = detail.received;
    this.where = detail.where;
    this.retryAfterSeconds = detail.retryAfterSeconds;
    const again = detail.retryAfterSeconds === undefined ? undefined : `send it again in ${detail.retryAfterSeconds} s`;
    this.hint = detail.hint ?? again;
  }

  /** The form that `--json` and HTTP answers carry. */
  toJSON(): Record<string, string> {
    const out: Record<string, string> = { code: this.code, kind: this.kind, message: this.message };
    if (this.where !== undefined) out.where = this.where;
    if (this.hint !== undefined) out.hint = this.hint;
    return out;
  }
}

/** The same error with another hint. */
export function withHint(error: AppError, hint: string): AppError {
  const { code, required, received, where, retryAfterSeconds } = error;
  return new AppError(code, {
    required,
    hint,
    cause: error,
    ...(received !== undefined && { received }),
    ...(where !== undefined && { where }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/** What came may be a file's whole content; a message shows the beginning. */
const longestPart = 2000;

function shortened({ required, received }: ErrorDetail): Pick<ErrorDetail, "required" | "received"> {
  const cut = (text: string): string => (text.length > longestPart ? `${text.slice(0, longestPart)}…` : text);
  return { required: cut(required), ...(received !== undefined && { received: cut(received) }) };
}

function summaryOf({ required, received }: ErrorDetail): string {
  return received === undefined ? `Expected ${required}` : `Expected ${required}; got ${received}`;
}

/** Whether it is an AppError, of this code where one is given. */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/**
 * The error itself; TOO_MANY_OPEN_FILES, which any call of the system may meet; or an INTERNAL one
 * around an unexpected error.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof Error && "code" in error && error.code === "EMFILE") return tooManyOpenFiles(error);
  return new AppError("INTERNAL", {
    required: "no fault in Pawprint itself",
    received: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    cause: error,
  });
}

/** Around the system's EMFILE. */
export function tooManyOpenFiles(cause: unknown): AppError {
  return new AppError("TOO_MANY_OPEN_FILES", {
    required: "a limit of open files that is high enough",
    received: "a process that has reached its limit",
    hint: "raise it: ulimit -n 1024",
    cause,
  });
}

const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  missing: 404,
  conflict: 409,
  unavailable: 503,
  internal: 500,
};

/** The HTTP status of a code. */
export function httpStatusOf(code: ErrorCode): number {
  const row: ErrorEntry = errorTable[code];
  return row.status ?? statusOfKind[row.kind];
}

/**
 * 0 is success; 130 and 143 are what shells give for Ctrl-C and SIGTERM (128 + the signal's
 * number).
 */
export type FailureExitCode = 1 | 2 | 130 | 143;

/**
 * The process exit code for an error: 2 where the caller wrote something wrongly, 130 or 143 after
 * an interruption, else 1.
 */
export function exitCodeOf(error: unknown): FailureExitCode {
  if (!(error instanceof AppError)) return 1;
  if (error.code === "INTERRUPTED") return error.received === "SIGTERM" ? 143 : 130;
  const row: ErrorEntry = errorTable[error.code];
  return row.usage ? 2 : 1;
}
