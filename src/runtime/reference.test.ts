import { describeExecutor } from "../../tests/contracts/executor.ts";
import { createReferenceExecutor } from "./reference.ts";

describeExecutor("the reference executor", createReferenceExecutor);
