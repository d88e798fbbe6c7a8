/**
 * Promotes in a process of its own: reads where the alias stands, waits for a line, and goes on with
 * the gates; writes the outcome or the error's code.
 */
import { once } from "node:events";
import { isAppError } from "../../src/base/errors.ts";
import type { TrackingAccess } from "../../src/tracking/tracking-access.ts";
import { modelsAt, promoteModel } from "../../src/wire/models.ts";
import type { PromoteModelOptions } from "../../src/wire/options/models-options.ts";

// Its own test wrote it.
const { access, ...options } = JSON.parse(process.argv[2]!) as PromoteModelOptions & { access: TrackingAccess };
const models = await modelsAt(access);
let isReady = false;
try {
  const { outcome } = await promoteModel(
    {
      ...models,
      async readBundle(version) {
        if (!isReady) {
          isReady = true;
          process.stdout.write("ready\n");
          await once(process.stdin, "data");
        }
        return models.readBundle(version);
      },
    },
    options,
  );
  process.stdout.write(`${outcome}\n`);
} catch (error) {
  process.stdout.write(`${isAppError(error) ? `${error.code} ${error.message}` : String(error)}\n`);
}
process.stdin.destroy();
await models.close();
