/**
 * MLflow's scoring protocol. `/invocations` answers as its server answers for a bundle logged with
 * the onnx flavour.
 */
import { AppError } from "../../base/errors.ts";
import { answerPictures, chooseModel } from "../answering/answer-pictures.ts";
import type { mlflowRoutes } from "../contract/mlflow-routes.ts";
import type { BodyOf } from "../contract/route.ts";
import type { Handlers, RouteRequest } from "../http/register-route.ts";
import { nameOfKind } from "../input/nested-array.ts";
import { type PictureInput, requireFewPictures } from "../input/picture-input.ts";
import { readJsonPicture } from "../input/read-picture-json.ts";
import type { Service } from "../service.ts";

type Invocations = (typeof mlflowRoutes)["invocations"];
type Invocation = BodyOf<Invocations>;

const forms = ["instances", "inputs", "dataframe_split", "dataframe_records"] as const;

export function mlflowHandlers(service: Service): Handlers<typeof mlflowRoutes> {
  return {
    ping(_request, reply) {
      const reason = service.notReady();
      if (reason !== undefined) {
        throw new AppError("NOT_READY", { required: "a ready service", received: `a service that is ${reason}` });
      }
      reply.type("text/plain");
      return "\n";
    },
    version(_request, reply) {
      reply.type("text/plain");
      return service.version;
    },
    invocations: (request) => invoke(service, request),
  };
}

async function invoke(service: Service, request: RouteRequest<Invocations>) {
  const pictures = readInvocation(request.body, service.config.picturesPerRequest);
  const { model, answers } = await answerPictures(service, request.context, pictures, chooseModel(service, request));
  const classes = model.info.labels.length;
  const rows = (values: Float32Array): number[][] =>
    pictures.map((_, index) => Array.from(values.subarray(index * classes, (index + 1) * classes)));
  return { predictions: { logits: rows(answers.logits), probabilities: rows(answers.probabilities) } };
}

function readInvocation(body: Invocation, limit: number): readonly PictureInput[] {
  const given = forms.filter((form) => body[form] !== undefined);
  const [form] = given;
  if (given.length !== 1 || form === undefined) {
    throw invalid(`exactly one of ${forms.join(", ")}`, given.length === 0 ? "none" : given.join(", "));
  }
  const cells = cellsOf(body, form);
  if (cells.length === 0) throw invalid("at least one picture", "none");
  requireFewPictures(cells.length, limit, form);
  return cells.map((cell, index) => asBytes(readJsonPicture(cell, `${form}[${index}]`)));
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

/** Numbers are bytes from 0 to 255 here, never scaled from 0 to 1: MLflow's server would not do so. */
function asBytes(picture: PictureInput): PictureInput {
  return picture.kind === "numbers" ? { ...picture, areBytes: true } : picture;
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
