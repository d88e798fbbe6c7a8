/** A value of any kind, in the few words of an error message. */

const longest = 60;

/**
 * "nothing", "'abc'", "3", "a Buffer of 512 bytes", "a Float32Array of 784 numbers", "a list of 3",
 * "a Response", "a function"; never the whole content.
 */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "nothing";
    case "string":
      return `'${value.length > longest ? `${value.slice(0, longest)}…` : value}'`;
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return String(value);
  }
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const name = nameOf(value);
  if (ArrayBuffer.isView(value)) {
    const isBytes = value instanceof Uint8Array || value instanceof DataView;
    const amount = isBytes ? `${value.byteLength} bytes` : `${(value as Float32Array).length} numbers`; // every other view has a length
    return `${withArticle(name)} of ${amount}`;
  }
  if (value instanceof ArrayBuffer) return `an ArrayBuffer of ${value.byteLength} bytes`;
  if (value instanceof Promise) return "a Promise that was not awaited";
  if (name !== "Object") return withArticle(name);
  const keys = Object.keys(value);
  const list = keys.map((key) => `'${key}'`).join(", ");
  if (keys.length === 0 || list.length > longest) return "an object";
  return `an object with the key${keys.length === 1 ? "" : "s"} ${list}`;
}

function nameOf(value: object): string {
  const maker: unknown = value.constructor;
  return typeof maker === "function" && maker.name !== "" ? maker.name : "Object";
}

function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}
