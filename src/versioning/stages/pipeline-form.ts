/** The form of a dvc.yaml before its templates are filled in: which keys there are, and what they hold. */
import { AppError } from "../../base/errors.ts";
import { hintForName } from "../../base/nearest.ts";
import { described } from "../formats/entry-reader.ts";
import type { ParamMap, ParamValue } from "../formats/param-value.ts";
import { isPlainKey } from "../formats/yaml-node.ts";

interface Fault {
  readonly at: string;
  readonly required: string;
  readonly received: string;
  readonly hint?: string | undefined;
}

interface Form {
  /** A noun phrase. */
  readonly what: string;
  /** Whether the value is of that kind. */
  fits(value: ParamValue): boolean;
  /** What is wrong inside of a value of that kind. */
  inside?(value: ParamValue, at: string): Fault | undefined;
}

function faultOf(form: Form, value: ParamValue, at: string): Fault | undefined {
  if (!form.fits(value)) return { at, required: form.what, received: described(value) };
  return form.inside?.(value, at);
}

function firstFault<T>(all: Iterable<T>, look: (one: T) => Fault | undefined): Fault | undefined {
  for (const one of all) {
    const fault = look(one);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const text: Form = { what: "a text", fits: (value) => typeof value === "string" };
const flag: Form = { what: "true or false", fits: (value) => typeof value === "boolean" };
const nothing: Form = { what: "nothing", fits: (value) => value === null };
const anything: Form = { what: "a value", fits: () => true };
const isMap = (value: ParamValue): value is ParamMap => value instanceof Map;
const anyMap: Form = { what: "a mapping", fits: isMap };

function listOf(of: Form): Form {
  return {
    what: "a list",
    fits: Array.isArray,
    inside: (value, at) =>
      firstFault((value as readonly ParamValue[]).entries(), ([index, one]) => faultOf(of, one, `${at}[${index}]`)),
  };
}

function mapOf(of: Form): Form {
  return {
    what: "a mapping",
    fits: isMap,
    inside: (value, at) =>
      firstFault(value as ParamMap, ([key, one]) => faultOf(of, one, `${at}.${key}`) ?? keyFault(value, key, at)),
  };
}

/** `needed`: the keys that have to be there. */
function record(fields: Readonly<Record<string, Form>>, needed: readonly string[] = []): Form {
  const known = Object.keys(fields);
  return {
    what: "a mapping",
    fits: isMap,
    inside(value, at) {
      const map = value as ParamMap;
      const missing = needed.find((key) => !map.has(key));
      if (missing !== undefined) return { at, required: `the key '${missing}'`, received: "none" };
      return firstFault(map, ([key, one]) => {
        const form = Object.hasOwn(fields, key) ? fields[key] : undefined;
        if (form !== undefined) return faultOf(form, one, `${at}.${key}`);
        const received = `'${key.slice(0, 60)}'`;
        return { at, required: `the keys ${known.join(", ")}`, received, hint: hintForName(key, known) };
      });
    },
  };
}

function oneOf(...forms: readonly Form[]): Form {
  return {
    what: forms.map(({ what }) => what).join(" or "),
    fits: (value) => forms.some((form) => form.fits(value)),
    inside: (value, at) => forms.find((form) => form.fits(value))?.inside?.(value, at),
  };
}

function keyFault(value: ParamValue, key: string, at: string): Fault | undefined {
  if (!isMap(value) || !isPlainKey(value, key)) return undefined;
  return { at, required: "names that are texts", received: key, hint: `put it in quotes: "${key}"` };
}

const texts = listOf(text);
const annotations = { desc: text, type: text, labels: texts, meta: anything };
const flags = { ...annotations, cache: flag, persist: flag, checkpoint: flag, remote: text, push: flag };
export const plotKeys = ["template", "x", "y", "x_label", "y_label", "title", "header"] as const;
const plotFields = Object.fromEntries(plotKeys.map((key) => [key, key === "header" ? flag : text]));
const outputs = (settings: Form): Form => listOf(oneOf(text, mapOf(settings)));
const plotSettings = record({ ...flags, ...plotFields });
const vars = listOf(oneOf(text, anyMap));

const stageFields: Readonly<Record<string, Form>> = {
  matrix: mapOf(oneOf(text, listOf(anything))),
  cmd: oneOf(text, listOf(anything)),
  wdir: text,
  deps: texts,
  params: listOf(oneOf(text, anyMap)),
  vars,
  frozen: flag,
  meta: anything,
  desc: text,
  always_changed: flag,
  outs: outputs(record(flags)),
  metrics: outputs(record(flags)),
  plots: outputs(oneOf(plotSettings, listOf(plotSettings))),
};
const plainStage = record(stageFields, ["cmd"]);
const foreachStage = record({ foreach: oneOf(anyMap, listOf(anything), text), do: plainStage }, ["foreach", "do"]);
const stage: Form = {
  what: "a mapping with the key 'cmd'",
  fits: isMap,
  inside: (value, at) => {
    const map = value as ParamMap; // it fits
    return (map.has("foreach") || map.has("do") ? foreachStage : plainStage).inside?.(map, at);
  },
};

const plot = record({
  x: oneOf(text, mapOf(text)),
  y: oneOf(text, texts, mapOf(oneOf(text, texts))),
  x_label: text,
  y_label: text,
  title: text,
  template: text,
});

const pipeline = record({
  datasets: anything,
  stages: mapOf(stage),
  vars,
  params: texts,
  metrics: texts,
  plots: listOf(oneOf(text, mapOf(oneOf(plot, nothing)))),
  artifacts: mapOf(record({ path: text, ...annotations }, ["path"])),
});

/** What DVC has and Pawprint has not is refused by its name. Errors: PIPELINE_INVALID, DATA_FEATURE_UNSUPPORTED. */
export function requirePipelineForm(value: ParamValue, where: string): asserts value is ParamMap {
  const fault = faultOf(pipeline, value, "");
  if (fault !== undefined) {
    const { at, required, received, hint } = fault;
    const place = at === "" ? where : `${where}, ${at.slice(1)}`;
    throw new AppError("PIPELINE_INVALID", { required, received, where: place, ...(hint !== undefined && { hint }) });
  }
  if ((value as ParamMap).has("datasets")) {
    const required = "stages, artifacts, metrics, params and plots";
    throw new AppError("DATA_FEATURE_UNSUPPORTED", { required, received: "the key 'datasets'", where });
  }
}
