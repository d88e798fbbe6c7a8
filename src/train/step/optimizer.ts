/**
 * Optimizers: an initial state and an update that is part of the graph. Parameters are one vector
 * [P]; the scalars that change from step to step are computed in float64 and fed.
 */
import { add, div, minimum, mul, sqrt, sub } from "../../graph/ops/elementwise/elementwise.ts";
import { reshape } from "../../graph/ops/movement/movement.ts";
import { reduceSumSquare } from "../../graph/ops/reduction.ts";
import { scalar, type Value } from "../../graph/value.ts";

/** What the scalars of a step depend on. */
export interface StepMoment {
  readonly learningRate: number;
  /** 1 for the first step. */
  readonly step: number;
}

export interface OptimizerInput {
  /** `[P]` */
  readonly parameters: Value;
  /** `[P]` */
  readonly gradient: Value;
  /** `[P]` each, by the names in `stateNames`. */
  readonly state: Readonly<Record<string, Value>>;
  /** Scalars, by the names that `scalars` gives. */
  readonly scalars: Readonly<Record<string, Value>>;
  /** `[P]`: 1 where weight decay applies, 0 for biases, norms and frozen parameters. */
  readonly decayMask: Value;
}

/**
 * An element whose gradient was 0 at every step and whose decay mask is 0 must stay as it is: it is
 * frozen.
 */
export interface OptimizerOutput {
  readonly parameters: Value;
  readonly state: Readonly<Record<string, Value>>;
}

/** An update rule as part of a graph, and the state that it keeps. */
export interface Optimizer {
  /** The name with its settings, for logs and checkpoints: `adamw(0.9, 0.999, 1e-8, 0.01)`. */
  readonly name: string;
  /** The vectors `[P]` of its state, zero before the first step. */
  readonly stateNames: readonly string[];
  /** The numbers fed at a step; the same names at every step. */
  scalars(moment: StepMoment): Readonly<Record<string, number>>;
  update(input: OptimizerInput): OptimizerOutput;
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum m and weight decay w, as PyTorch's SGD computes it:
 * g' = g + w p;  v = m v + g';  p = p - rate * (nesterov ? g' + m v : v).
 */
export function sgd({ momentum = 0.9, nesterov = true, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  const keepsVelocity = momentum > 0;
  return {
    name: `sgd(${momentum}, ${nesterov ? "nesterov" : "plain"}, ${weightDecay})`,
    stateNames: keepsVelocity ? ["velocity"] : [],
    scalars: ({ learningRate }) => ({ learningRate }),
    update: ({ parameters, gradient, state, scalars, decayMask }) => {
      const pulled = weightDecay === 0 ? gradient : add(gradient, mul(mul(parameters, decayMask), scalar(weightDecay)));
      if (!keepsVelocity) return { parameters: sub(parameters, mul(pulled, scalars.learningRate!)), state: {} };
      const velocity = add(mul(state.velocity!, scalar(momentum)), pulled);
      const direction = nesterov ? add(pulled, mul(velocity, scalar(momentum))) : velocity;
      return { parameters: sub(parameters, mul(direction, scalars.learningRate!)), state: { velocity } };
    },
  };
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

export interface AdamwOptions extends AdamOptions {
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay w (Loshchilov and Hutter, ICLR 2019), as PyTorch's AdamW
 * computes it:
 * p = p (1 - rate w);  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;
 * p = p - rate m^ / (sqrt(v^) + epsilon) with m^ = m / (1 - b1^t) and v^ = v / (1 - b2^t).
 * Both corrections are scalars; with c = sqrt(1 - b2^t) the last line is
 * p = p - (rate c / (1 - b1^t)) m / (sqrt(v) + c epsilon).
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  return {
    name: `adamw(${beta1}, ${beta2}, ${epsilon}, ${weightDecay})`,
    stateNames: ["firstMoment", "secondMoment"],
    scalars: ({ learningRate, step }) => {
      const rootCorrection = Math.sqrt(1 - beta2 ** step);
      return {
        stepSize: (learningRate * rootCorrection) / (1 - beta1 ** step),
        correctedEpsilon: rootCorrection * epsilon,
        ...(weightDecay === 0 ? {} : { decay: learningRate * weightDecay }),
      };
    },
    update: ({ parameters, gradient, state, scalars, decayMask }) => {
      const { stepSize, correctedEpsilon, decay } = scalars;
      const firstMoment = add(mul(state.firstMoment!, scalar(beta1)), mul(gradient, scalar(1 - beta1)));
      const squared = mul(mul(gradient, gradient), scalar(1 - beta2));
      const secondMoment = add(mul(state.secondMoment!, scalar(beta2)), squared);
      const decayed = decay ? sub(parameters, mul(mul(parameters, decayMask), decay)) : parameters;
      const direction = div(firstMoment, add(sqrt(secondMoment), correctedEpsilon!));
      return { parameters: sub(decayed, mul(direction, stepSize!)), state: { firstMoment, secondMoment } };
    },
  };
}

/** Adam without weight decay. Source: Kingma and Ba, ICLR 2015. */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions = {}): Optimizer {
  return { ...adamw({ beta1, beta2, epsilon, weightDecay: 0 }), name: `adam(${beta1}, ${beta2}, ${epsilon})` };
}

/** g min(1, maxNorm / |g|), over all parameters together. */
export function clipByGlobalNorm(gradient: Value, maxNorm: number): Value {
  const norm = sqrt(reshape(reduceSumSquare(gradient), []));
  return mul(gradient, minimum(scalar(1), div(scalar(maxNorm), add(norm, scalar(1e-6)))));
}

/** The same optimizer behind gradient clipping. Source: Pascanu et al., ICML 2013. */
export function withClipping(optimizer: Optimizer, maxNorm: number): Optimizer {
  return {
    ...optimizer,
    name: `clip(${maxNorm}) ${optimizer.name}`,
    update: (input) => optimizer.update({ ...input, gradient: clipByGlobalNorm(input.gradient, maxNorm) }),
  };
}

/**
 * The same optimizer with gradient accumulation: every `count`-th step updates by the mean gradient
 * of the last `count` steps. Updates in between are computed and discarded, at little cost.
 */
export function withAccumulation(optimizer: Optimizer, count: number): Optimizer {
  const sum = "gradientSum";
  return {
    name: `accumulate(${count}) ${optimizer.name}`,
    stateNames: [...optimizer.stateNames, sum],
    scalars: ({ learningRate, step }) => ({
      ...optimizer.scalars({ learningRate, step: Math.ceil(step / count) }),
      keptSum: (step - 1) % count === 0 ? 0 : 1,
      isApplied: step % count === 0 ? 1 : 0,
    }),
    update(input) {
      const { keptSum, isApplied, ...scalars } = input.scalars;
      const gradient = add(mul(input.state[sum]!, keptSum!), mul(input.gradient, scalar(1 / count)));
      const moved = optimizer.update({ ...input, gradient, scalars });
      const orStay = (before: Value, after: Value): Value => add(before, mul(sub(after, before), isApplied!));
      const state = Object.entries(moved.state).map(([name, after]) => [name, orStay(input.state[name]!, after)]);
      return {
        parameters: orStay(input.parameters, moved.parameters),
        state: { ...Object.fromEntries(state), [sum]: gradient },
      };
    },
  };
}

/** The optimizer's vectors before the first step, each `[P]` of zeros. */
export function initialOptimizerState(optimizer: Optimizer, parameterCount: number): Record<string, Float32Array> {
  return Object.fromEntries(optimizer.stateNames.map((name) => [name, new Float32Array(parameterCount)]));
}
