import { expect, it } from "vitest";
import { createNetwork } from "../nn/architectures/table.ts";
import { samplePack } from "./sample-pack.ts";
import { createModel } from "./create-model.ts";
