/** What the compiler refuses: these lines are checked by `tsc`, and would fail there. */
import { expect, it } from "vitest";
import type { adminRoutes } from "../contract/admin-routes.ts";
import type { healthRoutes } from "../contract/health-routes.ts";
import type { modelRoutes } from "../contract/model-routes.ts";
import type { Handler, Handlers } from "./register-route.ts";

const health = () => ({ status: "healthy", model_loaded: true }) as const;
const state = () => ({ status: "ok" });

it("takes one handler for each route, which answers what the contract says", () => {
  const whole: Handlers<typeof healthRoutes> = { health, livez: state, readyz: state };
  // @ts-expect-error: one is missing
  const missing: Handlers<typeof healthRoutes> = { health, livez: state };
  // @ts-expect-error: one is superfluous
  const superfluous: Handlers<typeof healthRoutes> = { health, livez: state, readyz: state, alive: state };
  // @ts-expect-error: an answer of another shape
  const otherAnswer: Handlers<typeof healthRoutes> = { health: state, livez: state, readyz: state };
  expect([whole, missing, superfluous, otherAnswer].map((one) => Object.keys(one).length)).toEqual([3, 2, 4, 3]);
});

it("gives handlers the parts of a request with their types", () => {
  type Canary = Handler<(typeof adminRoutes)["adminCanary"]>;
  type Sample = Handler<(typeof modelRoutes)["sample"]>;
  const canary: Canary = ({ body }) => ({ versions: [], canary_percent: body.percent });
  // @ts-expect-error: the body has no such field
  const unknownField: Canary = ({ body }) => ({ versions: [], canary_percent: body.share });
  const sample: Sample = ({ params }) => new Uint8Array(params.index);
  // @ts-expect-error: the parameter is a number
  const otherType: Sample = ({ params }) => params.index.slice(1);
  expect([canary, unknownField, sample, otherType]).toHaveLength(4);
});
