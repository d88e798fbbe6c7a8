/** `pawprint init`: makes the folder of a project of one's own. */

import { shellPath } from "../../../base/shell-word.ts";
import { readVersion } from "../../../base/version.ts";
import { compareProject, initProject } from "../../../project/init-project.ts";
import { projectName } from "../../../project/project-files.ts";
import { defineCommand } from "../../frame/command.ts";
import { pathFrom, shownPath } from "../../paths.ts";

export const command = defineCommand({
  description: `Makes the folder NAME: pipeline (dvc.yaml, params.yaml), settings, folders for pictures and models, tests of model and service, a smoke test and
a README with its two commands. Files that are there are left as they are. --update shows how a project differs from what this version makes, and writes nothing.`,
  arguments: [{ name: "name", doc: "the project's name, and its folder" }],
  options: [
    {
      name: "pawprint",
      type: "string",
      placeholder: "SPEC",
      doc: "the package that package.json asks for, such as a tarball's path",
    },
    { name: "update", type: "boolean", doc: "show the difference from this version's files" },
    { name: "yes", short: "y", type: "boolean", doc: "ask nothing; nothing is asked today" },
  ],
  examples: [
    { line: "pawprint init my-pets", doc: "a new project in my-pets" },
    { line: "pawprint init my-pets --update", doc: "what changed since it was made" },
  ],
  leavesFiles: true,
  async run({ cwd }, { name }, { pawprint, update }) {
    const values = { name: projectName(name), pawprint: pawprint ?? `^${await readVersion()}` };
    const folder = pathFrom(cwd, name);
    const shown = shownPath(cwd, folder);
    if (update) {
      const differences = await compareProject(folder, values);
      const text = differences.length === 0 ? "no difference" : differences.map(({ patch }) => patch).join("\n");
      return { result: { folder, differences }, text };
    }
    const made = await initProject(folder, values);
    const kept = made.kept.length === 0 ? "" : `; ${made.kept.length} were there, and were left as they are`;
    return {
      result: made,
      text: `${made.written.length} files in ${shown}${kept}`,
      next: `cd ${shellPath(shown)} && git init && npm install`,
      quietText: shown,
    };
  },
});
