/** Finds or makes the Python environment that holds a peer; Pawprint itself never needs one. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where a package is imported under another name than it is installed. */
const moduleNames: Readonly<Record<string, string>> = {
  pillow: "PIL",
  "python-multipart": "python_multipart",
  "Flask-WTF": "flask_wtf",
};

/**
 * The interpreter named by PAWPRINT_PEER_PYTHON; else one in a virtual environment under the user's
 * cache folder, made on first use. `packages` are requirements as pip takes them; each is imported
 * under its name before the version. Answers `undefined`, with the reason logged, where Python or a
 * package cannot be had.
 */
export async function findPeerPython(
  packages: readonly string[],
  log: (text: string) => void,
): Promise<string | undefined> {
  const given = process.env.PAWPRINT_PEER_PYTHON;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pawprint", "peers");
  const python = given ?? join(folder, "bin", "python");
  const modules = packages.map((requirement) => moduleNames[requirement] ?? requirement.split(/==|\[/)[0]);
  const works = () => {
    try {
      execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "pipe" });
      return true;
    } catch {
      return false;
    }
  };
  if (works()) return python;
  if (given) {
    log(`peer absent: ${given} (PAWPRINT_PEER_PYTHON) cannot import ${modules.join(", ")}`);
    return undefined;
  }
  try {
    log(`installing ${packages.join(", ")} into ${folder} (once)`);
    if (!existsSync(python)) execFileSync("python3", ["-m", "venv", folder], { stdio: "pipe" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", ...packages], { stdio: "pipe" });
  } catch (error) {
    log(`peer absent: ${packages.join(", ")} could not be installed (${String(error).split("\n")[0]})`);
    return undefined;
  }
  return works() ? python : undefined;
}
