/** Values of params.yaml, of dvc.lock and of all that is YAML or JSON to DVC. */

/**
 * A value of params.yaml and of what is like it: integers are `bigint`, floats are `number`, since
 * `1` and `1.0` differ for DVC.
 */
export type ParamValue = null | boolean | string | bigint | number | readonly ParamValue[] | ParamMap;
export type ParamMap = ReadonlyMap<string, ParamValue>;
