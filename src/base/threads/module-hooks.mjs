// @ts-check
/**
 * Hooks of Node's module loader, which else opens the files of all modules that one imports at
 * once: several hundred, more than a low limit of open files allows. Plain JavaScript: the loader
 * runs it in a thread of its own.
 */

/** @type {(() => void)[]} */
const waiting = [];
let free = 1;

/** @param {{ atOnce: number }} data */
export function initialize({ atOnce }) {
  free = atOnce;
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function inTurn(work) {
  if (free === 0) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  else free--;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}

/** @type {import("node:module").LoadHook} */
export const load = (url, context, nextLoad) => inTurn(async () => nextLoad(url, context));
