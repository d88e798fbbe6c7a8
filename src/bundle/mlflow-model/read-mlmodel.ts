/** What an `MLmodel` file says, whoever wrote it. */
import { parseBoundedYaml } from "../../base/bounded-yaml.ts";
import { describeValue } from "../../base/describe-value.ts";
import { unreadable } from "../../graph/onnx/unreadable.ts";

/**
 * The path of the ONNX file in the model's folder: `flavors.onnx.data`.
 * Errors: MODEL_UNREADABLE for other text, and other flavours. Any text may be the path.
 */
export function onnxFileOf(mlmodel: Uint8Array, where: string): string {
  const flavors = entriesOf(entriesOf(parseYaml(mlmodel, where)).get("flavors"));
  if (!flavors.has("onnx")) {
    const others = [...flavors.keys()].slice(0, 8).map(String);
    throw unreadable(
      "a model in MLflow's ONNX flavour",
      others.length === 0 ? "one without flavours" : `one in ${others.join(", ")}`,
      where,
    );
  }
  const path = entriesOf(flavors.get("onnx")).get("data");
  if (typeof path === "string" && path !== "") return path;
  throw unreadable("the path of an ONNX file as flavors.onnx.data", describeValue(path), where);
}

/** Maps as Map, everything else as text. */
function parseYaml(bytes: Uint8Array, where: string): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return parseBoundedYaml(text).toJS({ mapAsMap: true });
  } catch (cause) {
    // Nested without end, aliases of aliases, no UTF-8.
    throw unreadable("an MLmodel file in YAML", "other text", where, cause);
  }
}

function entriesOf(value: unknown): ReadonlyMap<unknown, unknown> {
  return value instanceof Map ? value : new Map();
}
