import { describe, expect, it } from "vitest";
import { classFactsOf } from "../../dataset/inspection/findings/class-facts.ts";
import {
  type DecodedFacts,
  type Finding,
  type FindingKind,
  findingTable,
  type Inspection,
  type PictureFacts,
} from "../../dataset/inspection/findings/findings.ts";
import { renderDatasetReport, verdict } from "./dataset-report.ts";

const kinds = Object.keys(findingTable) as FindingKind[]; // the keys of a constant are its kinds
const now = new Date("2025-03-04T05:06:07Z");
const jpeg = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0]);

function decoded(at: number): DecodedFacts {
  return {
    format: at % 5 === 0 ? "png" : "jpeg",
    width: 300 + 10 * (at % 20),
    height: 200 + 7 * (at % 30),
    mode: at % 7 === 0 ? "grey" : "rgb",
    bits: 8,
    hasAlpha: false,
    frames: 1,
    orientation: 1,
    brightness: 60 + (at % 100),
    contrast: 20 + (at % 50),
    colourfulness: at % 40,
    meanColour: [100, 110, 120],
  };
}

function picture(at: number, more: Partial<PictureFacts> = {}): PictureFacts {
  const label = at % 2 === 0 ? "cat" : "dog";
  return { id: `${label}/${at}.jpg`, label, sizeBytes: 1000 + at, hash: `${at}`, decoded: decoded(at), ...more };
}

function inspect(facts: readonly PictureFacts[], findings: readonly Finding[] = []): Inspection {
  return {
    source: { kind: "folder", location: "data/raw" },
    pictures: facts.length,
    sizeBytes: facts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    classes: classFactsOf(facts),
    findings,
    facts,
    durationMs: 1234,
  };
}

const facts = Array.from({ length: 60 }, (_, at) => picture(at));
const finding = (kind: FindingKind, ids: readonly string[], detail = "detail"): Finding => ({
  kind,
  ids,
  offenders: ids.slice(1),
  detail,
});
const render = (inspection: Inspection, thumbnails: ReadonlyMap<string, Uint8Array> = new Map()): Promise<string> =>
  renderDatasetReport(inspection, { thumbnails, version: "1.2.3", now });

const voidElements = new Set(["meta", "img", "br"]);

/** Tags that are not closed in the order in which they were opened. */
function misnested(page: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name, self] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (self === "/" || voidElements.has(name!)) continue;
    if (slash === "") open.push(name!);
    else if (open.pop() !== name) wrong.push(name!);
  }
  return [...wrong, ...open];
}

describe("the report of a check", () => {
  it("shows every kind of finding with its severity, meaning and what to do", async () => {
    const findings = kinds.map((kind, at) => finding(kind, [facts[at]!.id, facts[at + 1]!.id], `detail of ${kind}`));
    const page = await render(inspect(facts, findings));
    expect(misnested(page)).toEqual([]);
    for (const kind of kinds) {
      const start = page.indexOf(`<article class="finding" id="finding-${kind}">`);
      const text = page.slice(start, page.indexOf("</article>", start)).replaceAll(/&#39;/g, "'");
      expect(start, kind).toBeGreaterThan(0);
      expect(text).toContain(`<span class="badge ${findingTable[kind].severity}">`);
      expect(text.toLowerCase()).toContain(findingTable[kind].meaning.toLowerCase());
      expect(text).toContain(`detail of ${kind}`);
      expect(text).toMatch(/What to do\.<\/b> \S/);
    }
  });

  it("has links that lead somewhere and ids that are there once", async () => {
    const page = await render(
      inspect(
        facts,
        kinds.map((kind) => finding(kind, ["cat/0.jpg"])),
      ),
    );
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(targets.length).toBeGreaterThan(kinds.length);
    expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("cannot be broken by names, labels, details and the source's own name", async () => {
    const hostile = [
      `"><script>alert(1)</script>.jpg`,
      `'onerror='alert(1)' x='.jpg`,
      "line\nbreak\r\u0000\u001b[31m.jpg",
      "\u202egpj.exe",
      "قطة سوداء.jpg",
      "👩‍👩‍👧🐈.jpg",
      `${"é".repeat(125)}.jpg`,
      "half a pair \ud83d.jpg",
      "</style></title></svg><img src=http://127.0.0.1/x>",
      "",
    ];
    const pictures = hostile.flatMap((id, at) => [
      picture(2 * at, { id, label: id }),
      picture(2 * at + 1, { id: `${id}2` }),
    ]);
    const findings = kinds.flatMap((kind) => [
      finding(kind, hostile, hostile.join()),
      ...hostile.map((id) => finding(kind, [id], id)),
    ]);
    const inspection = { ...inspect(pictures, findings), source: { kind: "folder", location: hostile[0]! } } as const;
    const page = await render(inspection, new Map(hostile.map((id) => [id, jpeg])));
    expect(misnested(page)).toEqual([]);
    expect(page).not.toMatch(/<script|<img src=http/i);
    expect(page).not.toMatch(/[^\P{Cc}\n]|\p{Cs}|\u202e/u);
    // What stands in attributes cannot end them: a tag has names, then values between double
    // quotes, and nothing else.
    for (const [tag] of page.slice(page.indexOf("<body>")).matchAll(/<[a-zA-Z][^<>]*>/g)) {
      expect(tag).toMatch(/^<[a-zA-Z][\w-]*(\s+[\w:-]+(="[^"<>]*")?)*\s*\/?>$/);
    }
  });

  it("loads nothing from anywhere", async () => {
    const page = await render(inspect(facts, [finding("exact-duplicate", ["cat/0.jpg", "cat/2.jpg"])]));
    const withoutNamespaces = page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "");
    expect(withoutNamespaces).not.toMatch(/https?:|<script|<link|@import/);
    expect([...withoutNamespaces.matchAll(/url\(([^)]*)\)/g)].filter(([, target]) => !target!.startsWith("#"))).toEqual(
      [],
    );
  });

  it("shows the pictures of a group side by side with labels, and which one stays", async () => {
    const pictures = [picture(0, { split: "test" }), picture(1, { split: "train" }), picture(2)];
    const group = { kind: "leakage", ids: ["cat/0.jpg", "dog/1.jpg"], offenders: ["dog/1.jpg"], detail: "x" } as const;
    const page = await render(inspect(pictures, [group]), new Map([["cat/0.jpg", jpeg]]));
    const text = page.slice(page.indexOf('<div class="group">'));
    expect(text).toMatch(
      /src="data:image\/jpeg;base64,\/9j\/4A=="[\s\S]*?cat<\/bdi> · test<[\s\S]*?cat\/0\.jpg<\/bdi>[\s\S]*?stays/,
    );
    expect(text).toMatch(/no preview[\s\S]*?dog<\/bdi> · train<[\s\S]*?dog\/1\.jpg/);
    expect(page.match(/>stays</g)).toHaveLength(1);
  });

  it("puts a placeholder where a picture could not be decoded, and lines where there is nothing to see", async () => {
    const { decoded: _, ...broken } = picture(0);
    const inspection = inspect([broken, ...facts.slice(1)], [finding("exact-duplicate", ["cat/0.jpg", "cat/2.jpg"])]);
    expect(await render(inspection, new Map([["cat/2.jpg", jpeg]]))).toContain("cannot be decoded");
    const listed = await render(
      inspect([broken, ...facts.slice(1)], [finding("truncated", ["cat/0.jpg"], "ends at 12 kB")]),
    );
    expect(listed).toContain(
      '<li><bdi class="name">cat/0.jpg</bdi> <span class="muted"><bdi>ends at 12 kB</bdi></span></li>',
    );
    expect(listed).not.toContain('<div class="gallery">');
  });

  it("folds and counts what would be too much", async () => {
    const many = Array.from({ length: 5000 }, (_, at) => picture(at));
    const findings = many.map(({ id }) => finding("exif-rotation", [id]));
    const series = finding(
      "near-duplicate",
      many.map(({ id }) => id),
    );
    const page = await render(inspect(many, [series, ...findings]), new Map(many.map(({ id }) => [id, jpeg])));
    expect(page.match(/<figure class="picture"/g)).toHaveLength(6 + 24);
    expect(page).toContain("4,994 more pictures");
    expect(page).toContain("<summary>4,976 more</summary>");
    expect(page).toContain("and 4,676 more");
    expect(page.length).toBeLessThan(1_000_000);
  });

  it("stays below 10 MB with 500 thumbnails", async () => {
    const many = Array.from({ length: 600 }, (_, at) => picture(at));
    const thumbnails = new Map(many.map(({ id }) => [id, new Uint8Array(6000)]));
    const perKind = kinds.flatMap((kind, k) => many.slice(20 * k, 20 * k + 20).map(({ id }) => finding(kind, [id])));
    const page = await render(inspect(many, perKind), thumbnails);
    expect(page.match(/src="data:image/g)!.length).toBeGreaterThan(500);
    expect(page.length).toBeLessThan(10e6);
  });

  it("of a clean set has figures and charts, and no empty section", async () => {
    const page = await render(inspect(facts));
    expect(page).toContain("<h1>Nothing is wrong with 60 pictures</h1>");
    expect(page).not.toContain('id="findings"');
    expect(page.match(/<svg /g)!.length).toBeGreaterThanOrEqual(6);
    expect(page).not.toContain("nothing to show");
  });

  it("says in a sentence what is the same for all pictures", async () => {
    const same = decoded(1);
    const digits = Array.from({ length: 30 }, (_, at) =>
      picture(at, {
        sizeBytes: 784,
        decoded: { ...same, format: "pixels", mode: "grey", width: 28, height: 28, brightness: at },
      }),
    );
    const page = await render(inspect(digits));
    expect(page).toContain("All 30 pictures are 28 × 28 pixels large and bare pixels, grey.");
    expect(page.match(/<svg /g)).toHaveLength(1);
  });

  it("can be made of no pictures, of broken ones alone, and of many classes", async () => {
    const empty = await render(inspect([], [finding("one-class", [])]));
    expect(empty).not.toMatch(/id="(classes|distributions)"/);
    const { decoded: _, ...broken } = picture(0);
    expect(await render(inspect([broken]))).not.toContain('id="distributions"');
    const many = Array.from({ length: 3000 }, (_, at) => picture(at, { label: `class ${at}` }));
    const page = await render(inspect(many));
    expect(page).toContain("2,960 more classes");
    expect(page).toContain("2,995 other classes");
    expect(page).toContain("The 12 darkest and the 12 brightest classes.");
  });
});

describe("the verdict", () => {
  it("counts and names what weighs most, in one sentence", () => {
    const some = [
      ...Array.from({ length: 2 }, () => finding("truncated", ["a"])),
      finding("empty-file", ["b"]),
      ...Array.from({ length: 1200 }, () => finding("exact-duplicate", ["c"])),
      finding("cmyk", ["d"]),
      finding("greyscale", ["e"]),
    ];
    expect(verdict({ findings: some, pictures: 22_500 })).toBe(
      "3 errors and 1,201 warnings in 22,500 pictures: truncated (2), empty file (1), exact duplicate (1,200) and 1 other kind",
    );
  });

  it("takes notes for no fault", () => {
    expect(verdict({ findings: [finding("alpha", ["a"])], pictures: 5 })).toBe(
      "Nothing is wrong with 5 pictures; 1 thing to know",
    );
    expect(verdict({ findings: [], pictures: 0 })).toBe("There are no pictures here");
    expect(verdict({ findings: [finding("unlabelled", ["a"])], pictures: 0 })).toBe(
      "1 error in 0 pictures: no label (1)",
    );
  });
});
