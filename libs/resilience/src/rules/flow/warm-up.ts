/** The numbers of a warm-up, worked out once a rule. */
export interface WarmUpShape {
  readonly limit: number;
  readonly coldFactor: number;
  readonly warningTokens: number;
  readonly maxTokens: number;
  readonly slope: number;
}

/** How cold a resource is: the more tokens have gathered unused, the colder. */
export interface WarmUpState {
  readonly tokens: number;
  readonly second: number;
}

/** Guava's and Sentinel's curve: from `limit / coldFactor` a second to `limit` within `warmUpMs` of full demand. */
export function warmUpShape(limit: number, warmUpMs: number, coldFactor: number): WarmUpShape {
  const warmUpSeconds = warmUpMs / 1_000;
  const warningTokens = (warmUpSeconds * limit) / (coldFactor - 1);
  const maxTokens = warningTokens + (2 * warmUpSeconds * limit) / (1 + coldFactor);
  return { limit, coldFactor, warningTokens, maxTokens, slope: (coldFactor - 1) / limit / (maxTokens - warningTokens) };
}

/** A resource that nobody has called for long. */
export const cold = ({ maxTokens }: WarmUpShape): WarmUpState => ({ tokens: maxTokens, second: 0 });

/** The calls of the last whole second. */
export interface LastSecond {
  readonly asked: number;
  readonly passed: number;
}

/**
 * The state in the second of `nowMs`; unchanged within a second. A resource cools while fewer calls ask than a cold one
 * would let pass: by those that passed (as Sentinel has it) one with a small limit would never warm up.
 */
export function warmed(
  state: WarmUpState,
  shape: WarmUpShape,
  nowMs: number,
  { asked, passed }: LastSecond,
): WarmUpState {
  const second = Math.floor(nowMs / 1_000);
  if (second <= state.second) return state;
  const gathers = state.tokens < shape.warningTokens || asked < shape.limit / shape.coldFactor;
  const gathered = gathers
    ? Math.min(shape.maxTokens, state.tokens + (second - state.second) * shape.limit)
    : state.tokens;
  return { tokens: Math.max(0, gathered - passed), second };
}

/** Calls that may pass a second in this state. */
export function warmLimit({ tokens }: WarmUpState, { limit, warningTokens, slope }: WarmUpShape): number {
  return tokens <= warningTokens ? limit : 1 / ((tokens - warningTokens) * slope + 1 / limit);
}
