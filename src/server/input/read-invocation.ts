/** Requests of MLflow's scoring protocol. */
import { AppError } from "../../base/errors.ts";
import { mlflowRoutes } from "../contract/mlflow-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import { compileCheck } from "../http/validate.ts";
import { nameOfKind } from "./nested-array.ts";
import { parseJson } from "./parse-json.ts";
import { type PictureInput, requireFewPictures } from "./picture-input.ts";
import { readJsonPicture } from "./read-picture-json.ts";

type Invocation = BodyOf<(typeof mlflowRoutes)["invocations"]>;

export interface InvocationRequest {
  readonly pictures: readonly PictureInput[];
}

const checkInvocation = compileCheck(mlflowRoutes.invocations.body["application/json"], "body");

const forms = ["instances", "inputs", "dataframe_split", "dataframe_records"] as const;

/** `limit` is the number of pictures. Errors: REQUEST_INVALID, REQUEST_TOO_LARGE. */
export function readInvocation(bytes: Uint8Array, { limit }: { readonly limit: number }): InvocationRequest {
  const body = checkInvocation(parseJson(bytes));
  const given = forms.filter((form) => body[form] !== undefined);
  const [form] = given;
  if (given.length !== 1 || form === undefined) {
    throw invalid(`exactly one of ${forms.join(", ")}`, given.length === 0 ? "none" : given.join(", "));
  }
  const cells = cellsOf(body, form);
  if (cells.length === 0) throw invalid("at least one picture", "none");
  requireFewPictures(cells.length, limit, form);
  // Numbers are bytes here, never scaled from 0 to 1: MLflow's server would not do so.
  return { pictures: cells.map((cell, index) => readJsonPicture(cell, `${form}[${index}]`, true)) };
}

/** One value for each picture. */
function cellsOf(body: Invocation, form: (typeof forms)[number]): readonly unknown[] {
  switch (form) {
    case "instances":
      return listOf(body.instances, form).map((row) => (isRecord(row) ? onlyField(row, form) : row));
    case "inputs":
      return listOf(isRecord(body.inputs) ? onlyField(body.inputs, form) : body.inputs, form);
    case "dataframe_split":
      return (body.dataframe_split?.data ?? []).map((row) => {
        if (row.length === 1) return row[0];
        throw invalid("one column with the pictures", `${row.length} columns`);
      });
    case "dataframe_records":
      return (body.dataframe_records ?? []).map((row) => onlyField(row, form));
  }
}

function listOf(value: unknown, form: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`a list of pictures in ${form}`, nameOfKind(value));
}

function onlyField(row: Readonly<Record<string, unknown>>, form: string): unknown {
  const values = Object.values(row);
  if (values.length === 1) return values[0];
  throw invalid(`one field, the picture, in each row of ${form}`, `${values.length} fields`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(required: string, received: string): AppError {
  return new AppError("REQUEST_INVALID", { required, received, where: "body" });
}
