import { describeRunStore } from "../../../tests/contracts/run-store.ts";
import { startFakeMlflow } from "../../../tests/support/mlflow-server.ts";
import type { ServerAccess } from "../tracking-access.ts";
import { openRestRunStore } from "./rest-run-store.ts";

const access = (url: string): ServerAccess => ({
  kind: "server",
  url,
  acceptsAnyCertificate: false,
  timeoutMs: 5000,
  retries: 2,
});

for (const keepsRepeats of [false, true]) {
  describeRunStore(`a server over ${keepsRepeats ? "folders" : "a database"}`, async () => {
    const server = await startFakeMlflow({ keepsRepeats });
    const open = () => openRestRunStore(access(server.url));
    return { store: await open(), reopen: open, remove: () => server.stop() };
  });
}
