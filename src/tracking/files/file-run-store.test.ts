import { describeRunStore } from "../../../tests/contracts/run-store.ts";
import { temporaryFolder } from "../../../tests/support/temporary-folder.ts";
import { openFileRunStore } from "./file-run-store.ts";

describeRunStore("a folder", async () => {
  const folder = temporaryFolder("runs");
  return { store: await openFileRunStore(folder), reopen: () => openFileRunStore(folder) };
});
