/** The model that a request's path names. */
import type { FastifyRequest } from "fastify";
import { AppError } from "../../base/errors.ts";
import { chooseModel } from "../answering/answer-pictures.ts";
import type { Service } from "../service.ts";
import type { ServedModel } from "../serving/served-model.ts";

/** A request whose path names a model, and perhaps a version. */
export type NamedRequest = Pick<FastifyRequest, "headers" | "context"> & {
  readonly params: { readonly model: string; readonly version?: string };
};

/** Without a version the one that answers this request. Errors: MODEL_UNKNOWN. */
export function findModel(service: Service, request: NamedRequest): ServedModel {
  const { host } = service;
  const { model: name, version }: NamedRequest["params"] = request.params;
  const found = version === undefined ? chooseModel(service, request) : host.byVersion(version);
  if (found !== undefined && found.name === name) return found;
  const champion = host.current("champion");
  throw new AppError("MODEL_UNKNOWN", {
    required: "the name and version of a served model",
    received: `${JSON.stringify(name.slice(0, 80))}${version === undefined ? "" : ` version ${JSON.stringify(version.slice(0, 80))}`}`,
    ...(champion && { hint: `'${champion.name}' is served, version ${champion.version}` }),
  });
}
