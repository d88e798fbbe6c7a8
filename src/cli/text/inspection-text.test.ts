import { describe, expect, it } from "vitest";
import type { Finding, Inspection } from "../../dataset/inspection/findings/findings.ts";
import { createStyle } from "../frame/console.ts";
import { inspectionText } from "./inspection-text.ts";

const style = createStyle(false);

const inspection: Inspection = {
  source: { kind: "folder", location: "pets" },
  pictures: 4,
  sizeBytes: 1200,
  classes: [
    { label: "cat", pictures: 3, bySplit: { train: 2, test: 1 }, brightnessMean: 0, meanColour: [0, 0, 0] },
    { label: "big dog", pictures: 1, bySplit: { train: 1 }, brightnessMean: 0, meanColour: [0, 0, 0] },
  ],
  findings: [],
  facts: [],
  durationMs: 2000,
};

const finding = (kind: Finding["kind"], detail: string, ...ids: string[]): Finding => ({
  kind,
  ids,
  offenders: ids,
  detail,
});

describe("an inspection's text", () => {
  it("is short where nothing is wrong", () => {
    expect(inspectionText(inspection, style)).toBe(
      [
        "No fault was found.",
        "",
        "CLASS      PICTURES  TRAIN  TEST   SHARE",
        "cat               3      2     1  75.0 %  ████████████████████",
        '"big dog"         1      1     0  25.0 %  ██████▋░░░░░░░░░░░░░',
        "",
        "4 pictures, 1.2 kB, 2 classes: 0 errors, 0 warnings, 0 notes",
        "2.0 s, 2.00 pictures/s",
      ].join("\n"),
    );
  });

  it("has a row for each kind with the first example", () => {
    const findings = [
      finding("truncated", "jpeg of 9 bytes", "cat/a.jpg"),
      finding("truncated", "png of 9 bytes", "cat/b.png"),
      finding("exact-duplicate", "3 files of the same bytes", "cat/c d.jpg", "cat/e\n.jpg", "cat/f.jpg"),
      finding("class-imbalance", '"dog" has 1 pictures'),
    ];
    expect(inspectionText({ ...inspection, findings }, style).split("\n\n")[0]).toBe(
      [
        "SEVERITY  KIND             FOUND  PICTURES  THE FIRST",
        "error     truncated            2         2  cat/a.jpg: jpeg of 9 bytes",
        'warning   exact-duplicate      1         3  "cat/c d.jpg", "cat/e\\n.jpg" and 1 more: 3 files of the same bytes',
        'warning   class-imbalance      1            "dog" has 1 pictures',
      ].join("\n"),
    );
  });

  it("keeps a row a row, however long the name and the detail are", () => {
    const findings = [finding("corrupt", "x\ny ".repeat(100), `cat/${"n".repeat(250)}.jpg`)];
    const [rows] = inspectionText({ ...inspection, findings }, style).split("\n\n");
    const lines = rows!.split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]!.length).toBeLessThan(230);
  });
});
