import { describe, expect, it } from "vitest";
import type { LineageGraph } from "./lineage-graph.ts";
import { lineageMermaid, lineageText } from "./lineage-text.ts";

const graph: LineageGraph = {
  roots: ["a", "s"],
  nodes: [
    { id: "p", kind: "pictures", name: "data/raw", facts: { hash: "ab" } },
    { id: "r", kind: "run", name: "r1", facts: {}, missing: "not in runs" },
    { id: "b", kind: "bundle", name: "b1", facts: { sha256: "cd" } },
    { id: "v", kind: "version", name: "pets/1", facts: {} },
    { id: "a", kind: "alias", name: "pets@champion", facts: {} },
    { id: "o", kind: "alias", name: "pets@other", facts: {} },
    { id: "s", kind: "service", name: "http://localhost:8000", facts: { role: "champion" } },
  ],
  edges: [
    { from: "p", to: "r" },
    { from: "r", to: "b" },
    { from: "b", to: "v" },
    { from: "r", to: "v", label: "logged" },
    { from: "v", to: "a" },
    { from: "v", to: "o" },
    { from: "b", to: "s" },
  ],
};

describe("a lineage as text", () => {
  it("is a tree from the roots back, in which nothing is shown twice", () => {
    expect(lineageText(graph)).toBe(
      [
        "alias pets@champion",
        "└─ version pets/1",
        "   ├─ bundle b1: sha256 cd",
        "   │  └─ run r1: not in runs",
        "   │     └─ pictures data/raw: hash ab",
        "   └─ logged: run r1: not in runs (above)",
        "service http://localhost:8000: role champion",
        "└─ bundle b1: sha256 cd (above)",
        "",
        "Also: alias pets@other",
      ].join("\n"),
    );
  });

  it("keeps to its lines, whatever names hold, and ends where edges go in a circle", () => {
    const nodes = [{ id: "x", kind: "run", name: "a\n└─ bundle forged\u202e", facts: {} }] as const;
    const text = lineageText({ roots: ["x"], nodes, edges: [{ from: "x", to: "x" }] });
    expect(text).toBe("run a\\n└─ bundle forged\\u{202e}\n└─ run a\\n└─ bundle forged\\u{202e} (above)");
  });
});

describe("a lineage as a Mermaid flowchart", () => {
  it("has a node for each node, and an arrow for each edge", () => {
    const lines = lineageMermaid(graph).split("\n");
    expect(lines[0]).toBe("flowchart LR");
    expect(lines).toContain('  n1["run r1<br/>not in runs"]:::missing');
    expect(lines).toContain('  n1 -->|"logged"| n3');
    expect(lines.filter((line) => line.includes("-->"))).toHaveLength(graph.edges.length);
  });

  it("leaves no character in a label that Mermaid, Markdown or HTML reads as more", () => {
    const name = '"]; click n0 "javascript:x" <img src=x> `a` **b** end %% #quot; {x} [y] |z| \n & \\';
    const text = lineageMermaid({ roots: [], nodes: [{ id: "x", kind: "run", name, facts: {} }], edges: [] });
    const [, label = ""] = /^ {2}n0\["(.*)"\]$/m.exec(text) ?? [];
    expect(label).toMatch(/^[\p{L}\p{N} .,:/@()_…#;-]*$/u);
    expect(label.replace(/#\d+;/g, "")).not.toContain("#");
    expect(text.split("\n")).toHaveLength(4);
  });
});
