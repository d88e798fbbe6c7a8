/**
 * Schemas of the custom resources that the components use: the fields used of the Prometheus operator's
 * and KServe's definitions, so that any other one is looked up before it is added here.
 */

const core = (name: string) => ({ $ref: `schema:kubernetes#/definitions/io.k8s.api.core.v1.${name}` });
const meta = (name: string) => ({
  $ref: `schema:kubernetes#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.${name}`,
});
const text = { type: "string", minLength: 1 } as const;
const count = { type: "integer", minimum: 0 } as const;
const flag = { type: "boolean" } as const;
const duration = { type: "string", pattern: "^([0-9]+(ms|s|m|h))+$" } as const;
const texts = { type: "object", additionalProperties: text } as const;
const listOf = (items: object) => ({ type: "array", minItems: 1, items }) as const;

function closed(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return { type: "object", properties, required, additionalProperties: false } as const;
}

function resource(spec: object) {
  return closed({ apiVersion: text, kind: text, metadata: meta("ObjectMeta"), spec }, ["metadata", "spec"]);
}

/** By `apiVersion kind`. */
export const customResources: Readonly<Record<string, object>> = {
  "monitoring.coreos.com/v1 ServiceMonitor": resource(
    closed(
      {
        selector: meta("LabelSelector"),
        endpoints: listOf(
          closed({ port: text, path: text, interval: duration, scrapeTimeout: duration, honorLabels: flag }, ["port"]),
        ),
      },
      ["selector", "endpoints"],
    ),
  ),
  "monitoring.coreos.com/v1 PrometheusRule": resource(
    closed(
      {
        groups: listOf(
          closed(
            {
              name: text,
              rules: listOf(
                closed({ record: text, alert: text, expr: text, for: duration, labels: texts, annotations: texts }, [
                  "expr",
                ]),
              ),
            },
            ["name", "rules"],
          ),
        ),
      },
      ["groups"],
    ),
  ),
  "serving.kserve.io/v1alpha1 ServingRuntime": resource(
    closed(
      {
        supportedModelFormats: listOf(closed({ name: text, version: text, autoSelect: flag }, ["name"])),
        protocolVersions: listOf({ enum: ["v1", "v2", "grpc-v1", "grpc-v2"] }),
        containers: listOf(core("Container")),
        volumes: listOf(core("Volume")),
      },
      ["containers"],
    ),
  ),
  "serving.kserve.io/v1beta1 InferenceService": resource(
    closed(
      {
        predictor: closed(
          {
            minReplicas: count,
            maxReplicas: count,
            serviceAccountName: text,
            model: closed(
              {
                runtime: text,
                protocolVersion: { enum: ["v1", "v2", "grpc-v1", "grpc-v2"] },
                modelFormat: closed({ name: text, version: text }, ["name"]),
                storageUri: { type: "string", pattern: "^(s3|gs|pvc|https?|hf|oci)://" },
              },
              ["modelFormat"],
            ),
          },
          ["model"],
        ),
      },
      ["predictor"],
    ),
  ),
};
