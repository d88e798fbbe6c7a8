import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { deadlineFrom, parseTraceparent, RequestContext } from "./request-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

describe("traceparent", () => {
  it("is read where it is valid, from versions to come, too", () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, isSampled: true });
    expect(parseTraceparent(`00-${traceId}-${spanId}-00`)?.isSampled).toBe(false);
    expect(parseTraceparent(`cc-${traceId}-${spanId}-09-what-comes`)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    undefined,
    "",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-0g`,
  ])("is left aside where it is %j", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe("a request", () => {
  it("has its deadline, and keeps the longest time of each phase", () => {
    const context = new RequestContext({}, undefined, 1000, 250);
    expect(context.deadline).toBe(1250);
    context.took("decode", 2);
    context.took("decode", 5);
    context.took("decode", 3);
    expect(context.phases).toEqual({ decode: 5 });
  });

  it("is gone when its socket is", () => {
    const socket = { destroyed: false };
    const context = new RequestContext({}, socket as Socket, 0, 1);
    expect(context.isGone).toBe(false);
    socket.destroyed = true;
    expect(context.isGone).toBe(true);
    expect(new RequestContext({}, undefined, 0, 1).isGone).toBe(false);
  });

  it("takes an id over that can forge no log line", () => {
    const idOf = (id: string) => new RequestContext({ "x-request-id": id }, undefined, 0, 1).id;
    expect(idOf("shop:17/a_b=c@d+e.f-g")).toBe("shop:17/a_b=c@d+e.f-g");
    for (const other of ["", "a b", 'a"b', "a\nb", "x".repeat(129), "é"]) expect(idOf(other)).not.toBe(other);
  });
});

describe("x-deadline-ms", () => {
  it("shortens the time, and never lengthens it", () => {
    expect([undefined, "100", "1.5", "99999"].map((header) => deadlineFrom(header, 2000))).toEqual([
      2000, 100, 1.5, 2000,
    ]);
  });

  it.each(["", "0", "-1", "NaN", "Infinity", "soon"])("is refused where it is %j", (header) => {
    expect(() => deadlineFrom(header, 2000)).toThrow(expect.objectContaining({ code: "REQUEST_INVALID" }));
  });
});

it("refuses less than a millisecond, and says what it got", () => {
  expect(deadlineFrom("1", 2000)).toBe(1);
  expect(() => deadlineFrom("0.5", 2000)).toThrow(expect.objectContaining({ received: '"0.5"', where: "header" }));
});

it("is called by its own id first, then by its trace's, then by a new one", () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  expect(new RequestContext({ "x-request-id": "a", traceparent }, undefined, 0, 1).id).toBe("a");
  expect(new RequestContext({ traceparent }, undefined, 0, 1).id).toBe(traceId);
  expect(new RequestContext({}, undefined, 0, 1).id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
});
