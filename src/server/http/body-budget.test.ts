import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, it } from "vitest";
import type { AppError } from "../../base/errors.ts";
import { type BodyBudget, createBodyBudget } from "./body-budget.ts";

let time = 0;
let givenUp = 0;
const budgetOf = (bodyBytes: number): BodyBudget =>
  createBodyBudget({ bodyBytes, timeoutMs: 10_000, now: () => time, onGiveUp: () => givenUp++ });

function requestWith(headers: Record<string, string>) {
  const socket = { bytesRead: 500, error: undefined as AppError | undefined };
  const destroy = (error: AppError): void => {
    socket.error = error;
  };
  const request = { headers, complete: false, socket: Object.assign(socket, { destroy }) };
  return request as unknown as typeof request & IncomingMessage;
}

function bodies(limit: number) {
  const budget = budgetOf(limit);
  return (headers: Record<string, string>) => {
    const response = new EventEmitter();
    budget.arrives(requestWith(headers), response as unknown as ServerResponse);
    return () => response.emit("close");
  };
}

it("takes sixteen of the largest bodies at once, and another one when one is done", () => {
  const enter = bodies(1000);
  const ends = Array.from({ length: 16 }, () => enter({ "content-length": "1000" }));
  expect(() => enter({ "content-length": "63" })).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  ends[0]!();
  ends[0]!(); // counts once
  enter({ "content-length": "1000" });
  expect(() => enter({ "content-length": "63" })).toThrow();
});

it("keeps room for small bodies beside the largest, and no more than that", () => {
  const enter = bodies(1000);
  for (let at = 0; at < 16; at++) enter({ "content-length": "1000" });
  const ends = Array.from({ length: 40 }, () => enter({ "content-length": "50" }));
  expect(() => enter({ "content-length": "50" })).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  ends[0]!();
  enter({ "content-length": "50" });
});

it("counts a body of unknown length as one of the largest, and nothing for none", () => {
  const enter = bodies(1000);
  for (let at = 0; at < 1000; at++) enter({});
  for (let at = 0; at < 1000; at++) enter({ "content-length": "0" });
  for (let at = 0; at < 16; at++) enter({ "transfer-encoding": "chunked" });
  expect(() => enter({ "transfer-encoding": "chunked", "content-length": "0" })).toThrow();
});

it("counts nothing for an answer that has closed already, which would never end", () => {
  const budget = budgetOf(1000);
  const closed = { closed: true, once: () => undefined } as unknown as ServerResponse;
  for (let at = 0; at < 100; at++) {
    expect(() => budget.unpacked(1000, closed)).toThrow(expect.objectContaining({ code: "CLIENT_GONE" }));
  }
  budget.unpacked(1000, new EventEmitter() as unknown as ServerResponse);
});

it("refuses what is above the limit of a route", () => {
  const budget = budgetOf(1000);
  const response = new EventEmitter() as unknown as ServerResponse;
  const headers = { "content-length": "101" };
  expect(() => budget.arrives(requestWith(headers), response, 100)).toThrow(
    expect.objectContaining({ code: "REQUEST_TOO_LARGE", required: "a body of at most 100 bytes" }),
  );
  for (let at = 0; at < 160; at++)
    budget.arrives(
      requestWith({ "transfer-encoding": "chunked" }),
      new EventEmitter() as unknown as ServerResponse,
      100,
    );
});

it("says when to come again, in the words from which retry-after is read", () => {
  const budget = budgetOf(2 ** 20);
  const headers = { "content-length": String(2 ** 20) };
  const enter = (): void => budget.arrives(requestWith(headers), new EventEmitter() as unknown as ServerResponse);
  for (let at = 0; at < 16; at++) enter();
  expect(enter).toThrow(
    expect.objectContaining({ required: "at most 16 MiB of bodies at once", hint: "send it again in 1 s" }),
  );
});

it("refuses a body that says it is too large, and counts none of it", () => {
  const enter = bodies(1000);
  for (let at = 0; at < 20; at++) {
    expect(() => enter({ "content-length": "1001" })).toThrow(expect.objectContaining({ code: "REQUEST_TOO_LARGE" }));
    expect(() => enter({ "content-length": "16000001" })).toThrow(
      expect.objectContaining({ code: "REQUEST_TOO_LARGE" }),
    );
  }
  for (let at = 0; at < 16; at++) enter({ "content-length": "1000" });
});

it("counts what a body unpacks to, until its answer ends", () => {
  const budget = budgetOf(1000);
  const responses = Array.from({ length: 16 }, () => new EventEmitter() as unknown as ServerResponse);
  for (const response of responses) {
    budget.arrives(requestWith({ "content-length": "60" }), response);
    budget.unpacked(1000, response);
  }
  const late = new EventEmitter() as unknown as ServerResponse;
  expect(() => budget.unpacked(1000, late)).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  responses[0]!.emit("close");
  budget.unpacked(1000, late);
});

it("gives up bodies that would not arrive in time, but only where others need their place", () => {
  const budget = budgetOf(1000);
  givenUp = 0;
  const enter = () => {
    const request = requestWith({ "content-length": "1000" });
    budget.arrives(request, new EventEmitter() as unknown as ServerResponse);
    return request;
  };
  const requests = Array.from({ length: 16 }, enter);
  const [prompt, whole] = requests;
  time += 900;
  // All of them may still be on their way.
  expect(enter).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
  time += 600;
  prompt!.socket.bytesRead += 200; // of 1000 bytes, after 1.5 of 10 seconds
  whole!.complete = true;
  expect(givenUp).toBe(0);
  for (let at = 0; at < 14; at++) enter();
  expect(givenUp).toBe(14);
  expect(requests.map(({ socket }) => socket.error?.code)).toEqual([
    undefined,
    undefined,
    ...Array<string>(14).fill("OVERLOADED"),
  ]);
  expect(enter).toThrow();
});
