/** Finds or makes the Python environment that holds a peer; Pawprint itself never needs one. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Log = (text: string) => void;

/** Where a package is imported under another name than it is installed. */
const moduleNames: Readonly<Record<string, string>> = {
  pillow: "PIL",
  "python-multipart": "python_multipart",
  "Flask-WTF": "flask_wtf",
  "dvc-s3": "dvc_s3",
  "psycopg2-binary": "psycopg2",
};

const given = (): string | undefined => process.env.PAWPRINT_PEER_PYTHON;
const ownFolder = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pawprint", "peers");
const ownPython = (): string => join(ownFolder(), "bin", "python");

/**
 * The interpreter named by PAWPRINT_PEER_PYTHON; else one in a virtual environment under the user's
 * cache folder, made on first use. `packages` are requirements as pip takes them; each is imported
 * under its name before the version. Answers `undefined`, with the reason logged, where Python or a
 * package cannot be had.
 */
export async function findPeerPython(packages: readonly string[], log: Log): Promise<string | undefined> {
  const python = given() ?? ownPython();
  const missing = missingModules(python, packages);
  if (missing.length === 0) return python;
  if (given() !== undefined) {
    log(`peer absent: ${python} cannot import ${missing.join(", ")}`);
    return undefined;
  }
  return install(packages, log) && missingModules(python, packages).length === 0 ? python : undefined;
}

/**
 * Installs as many of the packages as can be had, where PAWPRINT_PEER_PYTHON names no interpreter.
 * Answers the interpreter, whether or not it is there. For one process alone at a time.
 */
export function installPeers(packages: readonly string[], log: Log): string {
  const python = given() ?? ownPython();
  if (given() !== undefined || missingModules(python, packages).length === 0) return python;
  if (!install(packages, log) && existsSync(python)) for (const one of packages) install([one], log);
  return python;
}

function install(packages: readonly string[], log: Log): boolean {
  try {
    log(`installing ${packages.join(", ")} into ${ownFolder()} (once)`);
    if (!existsSync(ownPython())) execFileSync("python3", ["-m", "venv", ownFolder()], { stdio: "pipe" });
    execFileSync(ownPython(), ["-m", "pip", "install", "--quiet", ...packages], { stdio: "pipe" });
    return true;
  } catch (error) {
    log(`peer absent: ${packages.join(", ")} could not be installed (${String(error).split("\n")[0]})`);
    return false;
  }
}

/** All of them where there is no such interpreter. */
function missingModules(python: string, packages: readonly string[]): string[] {
  const modules = packages.map((requirement) => moduleNames[requirement] ?? requirement.split(/==|\[/)[0] ?? "");
  const isMissing = (names: readonly string[]): boolean => {
    try {
      execFileSync(python, ["-c", `import ${names.join(", ")}`], { stdio: "pipe" });
      return false;
    } catch {
      return true;
    }
  };
  if (!isMissing(modules)) return [];
  return modules.filter((name) => isMissing([name]));
}
