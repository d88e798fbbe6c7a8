import { describe, expect, it } from "vitest";
import { AppError } from "../../base/errors.ts";
import { errorAnswer, isFault, toRequestError } from "./error-answer.ts";

const unreadable = new AppError("IMAGE_UNREADABLE", {
  required: "a picture",
  received: "text",
  where: "cat.jpg",
  hint: "send a JPEG",
});

describe("an error", () => {
  it("reads as the protocol of its route writes it", () => {
    expect(errorAnswer(unreadable, "pawprint", "r-1")).toEqual({
      status: 400,
      headers: {},
      body: {
        error: {
          code: "IMAGE_UNREADABLE",
          kind: unreadable.kind,
          message: unreadable.message,
          where: "cat.jpg",
          hint: "send a JPEG",
          request_id: "r-1",
        },
      },
    });
    const text = `${unreadable.message}: send a JPEG`;
    expect(errorAnswer(unreadable, "open-inference", "r").body).toEqual({ error: text });
    expect(errorAnswer(unreadable, "mlflow", "r").body).toEqual({
      error_code: "INVALID_PARAMETER_VALUE",
      message: text,
    });
  });

  it("tells nothing of a fault in the service", () => {
    const fault = toRequestError(new TypeError("secret /etc/passwd"));
    for (const form of ["pawprint", "open-inference", "mlflow"] as const) {
      const { status, body } = errorAnswer(fault, form, "r-1");
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toContain("secret");
    }
    expect(errorAnswer(fault, "mlflow", "r").body).toMatchObject({ error_code: "INTERNAL_ERROR" });
    expect(isFault(new TypeError("x"))).toBe(true);
    expect(isFault(unreadable)).toBe(false);
  });

  it("says when to come back, and how to show who one is", () => {
    const headersOf = (error: AppError) => errorAnswer(error, "pawprint", "r").headers;
    expect(headersOf(new AppError("OVERLOADED", { required: "room", retryAfterSeconds: 17 }))).toEqual({
      "retry-after": "17",
    });
    expect(headersOf(new AppError("NOT_READY", { required: "a model" }))).toEqual({ "retry-after": "1" });
    expect(headersOf(new AppError("RATE_LIMITED", { required: "fewer", retryAfterSeconds: 60 }))).toEqual({
      "retry-after": "60",
    });
    expect(headersOf(new AppError("UNAUTHENTICATED", { required: "a key" }))).toEqual({ "www-authenticate": "Bearer" });
  });
});

describe("what others throw", () => {
  it.each([
    [{ code: "FST_ERR_CTP_BODY_TOO_LARGE", statusCode: 413, message: "too large" }, "REQUEST_TOO_LARGE"],
    [{ code: "FST_ERR_CTP_INVALID_MEDIA_TYPE", statusCode: 415, message: "no" }, "MEDIA_TYPE_UNSUPPORTED"],
    [{ code: "OTHER", statusCode: 413, message: "large" }, "REQUEST_TOO_LARGE"],
    [{ code: "OTHER", statusCode: 415, message: "type" }, "MEDIA_TYPE_UNSUPPORTED"],
    [{ code: "OTHER", statusCode: 429, message: "often" }, "RATE_LIMITED"],
    [{ code: "FST_ERR_BAD_URL", statusCode: 400, message: "bad url" }, "REQUEST_INVALID"],
    [{ code: "ECONNRESET", message: "aborted" }, "CLIENT_GONE"],
    [{ statusCode: 502, message: "?" }, "INTERNAL"],
  ])("%j becomes %s", (details, code) => {
    expect(toRequestError(Object.assign(new Error(details.message), details)).code).toBe(code);
  });

  it("a schema's complaint names the place", () => {
    const error = Object.assign(new Error("x"), {
      validation: [{ message: "must be integer", instancePath: "/top_k" }],
      validationContext: "querystring",
    });
    expect(toRequestError(error)).toMatchObject({ code: "REQUEST_INVALID", where: "querystring.top_k" });
  });

  it("an interrupted piece of work is a client that left; other errors of ours stay", () => {
    expect(toRequestError(new AppError("INTERRUPTED", { required: "time" })).code).toBe("CLIENT_GONE");
    expect(toRequestError(unreadable)).toBe(unreadable);
  });
});

it("no place within the service leaves it with a fault", () => {
  const fault = new AppError("EXECUTION_FAILED", {
    required: "x",
    where: "/srv/models/secret.onnx",
    hint: "look there",
  });
  expect(errorAnswer(fault, "pawprint", "r-1").body).toEqual({
    error: {
      code: "EXECUTION_FAILED",
      kind: "internal",
      message: "the service failed at this request; its log says more under the request's id",
      request_id: "r-1",
    },
  });
});

it("takes nothing at all for a fault", () => {
  for (const thrown of [null, undefined, "text", 7]) expect(toRequestError(thrown).code).toBe("INTERNAL");
});
