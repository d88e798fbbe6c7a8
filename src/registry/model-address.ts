/** Addresses of models in a store of runs and models, as MLflow writes them. */
import { AppError } from "../base/errors.ts";
import { isVersionNumber, requireAlias, requireModelName } from "./registry-names.ts";

export type ModelAddress =
  /** `models:/NAME@ALIAS` */
  | { readonly kind: "alias"; readonly name: string; readonly alias: string }
  /** `models:/NAME/7` */
  | { readonly kind: "version"; readonly name: string; readonly version: string }
  /** `models:/NAME/latest`: the one with the highest number. */
  | { readonly kind: "latest"; readonly name: string }
  /** `models:/m-...` */
  | { readonly kind: "logged"; readonly modelId: string }
  /** `runs:/ID/model`: a model that the run logged under this name; ID as `findRun` takes it. */
  | { readonly kind: "run"; readonly runId: string; readonly path: string };

/** Whether a text is meant as one, well-formed or not. */
export function isModelAddress(text: string): boolean {
  return /^(models|runs):/i.test(text);
}

/**
 * Names are taken as they are: MLflow decodes no %20 in them, either.
 * Errors: MODEL_SOURCE_INVALID, TRACKING_VALUE_INVALID (name), ALIAS_INVALID.
 */
export function parseModelAddress(text: string): ModelAddress {
  const [, scheme = "", slashes = "", rest = ""] = /^(\w+):(\/*)(.*)$/s.exec(text) ?? [];
  if (slashes !== "/" || rest === "") throw invalid(text);
  return scheme.toLowerCase() === "runs" ? runAddress(text, rest) : registryAddress(text, rest);
}

function runAddress(text: string, rest: string): ModelAddress {
  const at = rest.indexOf("/");
  const path = rest.slice(at + 1).replace(/\/+$/, "");
  if (at < 1 || path === "") throw invalid(text);
  return { kind: "run", runId: rest.slice(0, at), path };
}

function registryAddress(text: string, rest: string): ModelAddress {
  const [first = "", last, ...others] = rest.split("/");
  if (others.length > 0 || last === "") throw invalid(text);
  if (last === undefined) return aliasAddress(text, first);
  requireModelName(first);
  if (last.toLowerCase() === "latest") return { kind: "latest", name: first };
  const version = /^\d+$/.test(last) ? last.replace(/^0+(?=\d)/, "") : "";
  if (isVersionNumber(version)) return { kind: "version", name: first, version };
  const hint = `stages are not used any more: name a version, models:/${first}/1, or an alias, models:/${first}@champion`;
  throw invalid(text, hint);
}

function aliasAddress(text: string, rest: string): ModelAddress {
  const at = rest.lastIndexOf("@");
  if (at < 0 && /^m-[0-9a-f]{32}$/.test(rest)) return { kind: "logged", modelId: rest };
  if (at < 0) throw invalid(text, `name a version, models:/${rest}/1, or an alias, models:/${rest}@champion`);
  const [name, alias] = [rest.slice(0, at), rest.slice(at + 1)];
  requireModelName(name);
  if (alias.toLowerCase() === "latest") return { kind: "latest", name };
  requireAlias(alias);
  return { kind: "alias", name, alias };
}

/** The address in its usual form. */
export function formatModelAddress(address: ModelAddress): string {
  switch (address.kind) {
    case "alias":
      return `models:/${address.name}@${address.alias}`;
    case "version":
      return `models:/${address.name}/${address.version}`;
    case "latest":
      return `models:/${address.name}/latest`;
    case "logged":
      return `models:/${address.modelId}`;
    case "run":
      return `runs:/${address.runId}/${address.path}`;
  }
}

function invalid(
  text: string,
  hint = "the names of models: `pawprint models list`; of runs: `pawprint runs list`",
): AppError {
  return new AppError("MODEL_SOURCE_INVALID", {
    required: "models:/NAME@ALIAS, models:/NAME/VERSION, models:/m-ID or runs:/ID/model",
    received: JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text),
    hint,
  });
}
