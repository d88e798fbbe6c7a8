/**
 * `import … from "pawprint/registry"`: registered models, their promotion and where they come from.
 *
 * `openModels` opens them in a folder or on an MLflow server; `registerModel` adds a version, `promoteModel` moves an alias to a
 * version that passes its gates, `rollbackModel` moves it back; `modelLineage` and `traceService`
 * lead back to the pictures.
 */
export {
  type LineageEdge,
  type LineageGraph,
  type LineageKind,
  type LineageNode,
  lineageKinds,
} from "../registry/lineage/lineage-graph.ts";
export { lineageMermaid, lineageText } from "../registry/lineage/lineage-text.ts";
export type { ModelRegistry, ModelVersion, NewModelVersion, RegisteredModel } from "../registry/model-registry.ts";
export type { GateKey, GateResult } from "../registry/promotion/gates.ts";
export type { AliasMove, OutsideMove } from "../registry/promotion/move.ts";
export type { Mover } from "../registry/promotion/move-alias.ts";
export { type Promotion, PromotionRefusal } from "../registry/promotion/promote.ts";
export type { PromotionConfig } from "../registry/promotion/promotion-config.ts";
export type { AliasHistory, ModelHistory } from "../registry/promotion/read-history.ts";
export type { Registration } from "../registry/register-bundle.ts";
export {
  type Models,
  modelHistory,
  modelLineage,
  openModels,
  promoteModel,
  registerModel,
  rollbackModel,
  traceService,
} from "../wire/models.ts";
export type {
  LineageOptions,
  OpenModelsOptions,
  PromoteModelOptions,
  RegisterModelOptions,
  RollbackModelOptions,
  TraceServiceOptions,
} from "../wire/options/models-options.ts";
