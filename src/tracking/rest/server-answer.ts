/** An HTTP answer as JSON of MLflow's interface, or as the error that it stands for. */
import { jsonFaultOf, parseBoundedJson } from "../../base/bounded-json.ts";
import type { AppError } from "../../base/errors.ts";
import type { HttpAnswer } from "./http-exchange.ts";
import { retryAfterMs } from "./retry.ts";
import {
  answerInvalid,
  type MlflowRefusal,
  outsideText,
  refused,
  unavailable,
  usualRefusal,
} from "./server-failure.ts";

/** A page of 1,000 runs with 100 metrics each has 15 MB. */
const longestAnswerBytes = 128 * 2 ** 20;
/** What is read of an answer that is an error. */
const longestErrorBytes = 2 ** 16;

export interface AnswerContext {
  /** The server's address. */
  readonly where: string;
  readonly secrets: readonly string[];
  readonly now: number;
  /** The error for a refusal of MLflow; the usual one unless given. */
  readonly refusal?: ((refusal: MlflowRefusal) => AppError | undefined) | undefined;
}

/** An answer that is an error; the request may be sent again where `isPassing`. */
export class AnswerFault extends Error {
  readonly error: AppError;
  readonly isPassing: boolean;
  /** Whether the server may have done what it was asked for. */
  readonly isDone: boolean;
  readonly askedMs: number | undefined;

  constructor(error: AppError, { isPassing = false, isDone = false, askedMs = undefined as number | undefined } = {}) {
    super(error.message);
    this.error = error;
    this.isPassing = isPassing;
    this.isDone = isDone;
    this.askedMs = askedMs;
  }
}

/** The answer's JSON object; `{}` for an empty one. Errors: AnswerFault, TransportFault. */
export async function jsonOf(answer: HttpAnswer, context: AnswerContext): Promise<unknown> {
  await requireSuccess(answer, context);
  const { where, secrets } = context;
  const bytes = await bytesOf(answer, longestAnswerBytes);
  if (bytes === undefined)
    throw new AnswerFault(answerInvalid(`more than ${longestAnswerBytes} bytes`, where), { isDone: true });
  if (bytes.length === 0) return {};
  try {
    const value = parseBoundedJson(bytes);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new AnswerFault(answerInvalid("JSON that is no object", where), { isDone: true });
  } catch (error) {
    if (error instanceof AnswerFault) throw error;
    const type = answer.headers["content-type"] ?? "";
    if (!type.includes("json")) {
      const kind = outsideText(type.split(";")[0]?.trim() || "an unknown kind", secrets);
      throw new AnswerFault(answerInvalid(`a page of ${kind}`, where), { isDone: true });
    }
    const fault = error instanceof SyntaxError ? jsonFaultOf(error) : "bytes that are no text";
    throw new AnswerFault(
      answerInvalid(fault === "other text" ? "half an answer, or one that is no JSON" : fault, where),
      {
        isPassing: true,
        isDone: true,
      },
    );
  }
}

/** Nothing for a status of success, whose body is still to be read. Errors: AnswerFault, TransportFault. */
export async function requireSuccess(answer: HttpAnswer, context: AnswerContext): Promise<void> {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return;
  const text = await textOf(answer);
  const { where, secrets } = context;
  const told = refusalOf(text);
  const message = outsideText(told?.message ?? text.trim(), secrets);
  if (status === 401 || status === 403) {
    // Pages, and the text of a 401, say nothing of this request.
    const isOfRequest = status === 403 && told === undefined && !/^\s*</.test(text);
    throw new AnswerFault(accessRefused(status, isOfRequest ? message : "", context));
  }
  if (status >= 300 && status < 400) {
    const to = outsideText(headers.location ?? "nowhere", secrets);
    throw new AnswerFault(answerInvalid(`a redirect to ${to}`, where, "give the address that it leads to"));
  }
  if (isPassing(status)) {
    const askedMs = retryAfterMs(headers["retry-after"], context.now);
    const received = told === undefined ? `the status ${status}` : `the status ${status}: ${message}`;
    const seconds = askedMs === undefined ? undefined : Math.ceil(askedMs / 1000);
    // A limit of requests turns them away before they are read.
    throw new AnswerFault(unavailable(received, where, seconds), { isPassing: true, isDone: status !== 429, askedMs });
  }
  if (told?.code !== "RESOURCE_ALREADY_EXISTS" && clash.test(message)) {
    const error = unavailable("a clash in the server's database with another request", where);
    throw new AnswerFault(error, { isPassing: true });
  }
  if (status === 413)
    throw new AnswerFault(
      answerInvalid("the status 413", where, "raise the limit of a request's size at the server or its proxy"),
    );
  const refusal: MlflowRefusal = { status, errorCode: told && outsideText(told.code, secrets), message, where };
  throw new AnswerFault(context.refusal?.(refusal) ?? usualRefusal(refusal));
}

/** Two requests wrote the same at once; the one that is told so was not carried out, and is judged anew. */
const clash = /UNIQUE constraint|UniqueViolation|duplicate key|Duplicate entry|deadlock detected|database is locked/;

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

function accessRefused(status: number, message: string, { where }: AnswerContext): AppError {
  const received = message === "" ? `the status ${status}` : `the status ${status}: ${message}`;
  if (/Host header/i.test(message))
    return refused(
      "a host name that the tracking server answers to",
      received,
      where,
      "start the server with --allowed-hosts and this host's name",
    );
  if (/cross-origin/i.test(message))
    return refused(
      "a request that the tracking server takes",
      received,
      where,
      "look at the server's --cors-allowed-origins",
    );
  return status === 401
    ? refused(
        "a user and password, or a token, that the tracking server takes",
        received,
        where,
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
      )
    : refused("a user with the permission for it", received, where, "ask the server's administrator for it");
}

function refusalOf(text: string): { code: string; message: string } | undefined {
  try {
    const value = parseBoundedJson(text);
    if (typeof value !== "object" || value === null || !("error_code" in value)) return undefined;
    const { error_code: code } = value;
    const message = "message" in value && typeof value.message === "string" ? value.message : "";
    return typeof code === "string" || typeof code === "number" ? { code: `${code}`, message } : undefined;
  } catch {
    return undefined;
  }
}

async function textOf(answer: HttpAnswer): Promise<string> {
  const bytes = await bytesOf(answer, longestErrorBytes);
  return bytes === undefined ? "" : bytes.toString("utf8");
}

/** Undefined where there are more. */
async function bytesOf({ body }: HttpAnswer, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
