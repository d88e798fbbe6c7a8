/** Calls MLflow's own Python client on a folder of runs or a server (tests/support/mlflow-client.py). */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findPeerPython } from "./peer-python.ts";

export interface MlflowClient {
  /** Runs one of the script's commands on a folder or an address; gives what it prints as JSON. */
  call(command: "dump" | "write" | "change" | "search", store: string, input?: unknown): unknown;
  /** Runs `mlflow` itself; gives what it prints. */
  run(...args: readonly string[]): string;
}

/**
 * Undefined, with the reason on stderr, where there is no Python with MLflow. `more` goes into its
 * environment.
 */
export async function findMlflowClient(more: Readonly<Record<string, string>> = {}): Promise<MlflowClient | undefined> {
  const notes: string[] = [];
  const python = await findPeerPython(["mlflow"], (text) => notes.push(text));
  if (python === undefined) {
    process.stderr.write(`skipped: ${notes.join("; ")}\n`);
    return undefined;
  }
  const script = fileURLToPath(new URL("mlflow-client.py", import.meta.url));
  const env = {
    ...process.env,
    ...more,
    MLFLOW_ALLOW_FILE_STORE: "true",
    PYTHONWARNINGS: "ignore",
    GIT_PYTHON_REFRESH: "quiet",
    MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
  };
  const execute = (args: readonly string[], input = ""): string =>
    execFileSync(python, args, { encoding: "utf8", env, input, maxBuffer: 2 ** 26, stdio: ["pipe", "pipe", "pipe"] });
  return {
    call(command, store, input) {
      const answer = execute([script, command, store], JSON.stringify(input ?? null));
      return answer === "" ? undefined : JSON.parse(answer);
    },
    run: (...args) => execute(["-m", "mlflow", ...args]),
  };
}
