import { expect, it } from "vitest";
import { createNetwork } from "../nn/architectures/table.ts";
import { createModel } from "./create-model.ts";
import { samplePack } from "./sample-pack.ts";
