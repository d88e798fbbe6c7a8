import { describe, expect, it } from "vitest";
import { adviceFor, fixCommand, importCommand } from "./finding-advice.ts";

describe("the advice about a finding", () => {
  it("is a command where pictures can be set aside, for this kind alone", () => {
    expect(adviceFor("truncated", { kind: "folder", location: "data/raw" }).command).toBe(
      "pawprint data check data/raw --fix --kinds truncated",
    );
    expect(adviceFor("class-imbalance", { kind: "folder", location: "data/raw" }).command).toBeUndefined();
  });

  it("goes by way of a folder for other sources", () => {
    const source = { kind: "archive", location: "/data/my cats.zip" } as const;
    expect(importCommand(source)).toBe("pawprint data import '/data/my cats.zip' --to data/raw");
    expect(fixCommand(source)).toBe("pawprint data check data/raw --fix");
    expect(importCommand({ kind: "folder", location: "x" })).toBeUndefined();
  });

  it("can be pasted into a shell, whatever the folder is called", () => {
    const line = (location: string): string => fixCommand({ kind: "folder", location });
    expect(line("it's $(rm -rf ~) `x`")).toBe("pawprint data check 'it'\\''s $(rm -rf ~) `x`' --fix");
    expect(line("кошки/猫")).toBe("pawprint data check кошки/猫 --fix");
    expect(line("a\nb\u202e")).toBe("pawprint data check PATH --fix");
    expect(line("--force")).toBe("pawprint data check ./--force --fix");
    expect(line("")).toBe("pawprint data check '' --fix");
  });
});
