/** Requests of mistaken or hostile clients: the same seed always gives the same one. */
import { createRandom } from "../../../src/base/random.ts";
import { bodyMakers } from "./body-makers.ts";
import { httpMakers } from "./http-makers.ts";
import type { MalformedOptions } from "./maker.ts";
import type { RawRequest } from "./request.ts";

const makers = [...Object.values(bodyMakers), ...Object.values(httpMakers)];

/** Some are valid by chance: the service must survive all of them, and say why it refuses one. */
export function malformedRequest(seed: number, options: MalformedOptions): RawRequest {
  const random = createRandom(seed);
  return makers[random.integer(makers.length)]!(random, options);
}
