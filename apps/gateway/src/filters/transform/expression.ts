import { type ASTNode, Environment } from '@marcbachmann/cel-js';

/** What an expression may name. */
export interface Variables {
  readonly request: unknown;
  readonly response?: unknown;
  readonly body?: unknown;
}

export type Expression = (variables: Variables) => unknown;

const LIMITS = { maxAstNodes: 500, maxDepth: 32, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 16 };
const LOOPS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
/** Functions that cost the same for any value. */
const CHEAP = new Set(['has', 'hasValue', 'of', 'none', 'or', 'orValue', 'value']);
/** Whose cost is bounded by what they are called on. */
const BOUNDED_BY_RECEIVER = new Set(['contains', 'endsWith', 'startsWith']);
/** Longest result: what is written once in an expression may come out once for each element of a client's list. */
const MAX_RESULT_CHARACTERS = 4 * 1_048_576;

/**
 * A CEL expression (https://cel.dev) as a function. CEL has no statements, no recursion and no access to anything but what it
 * is given, and always ends. What it would still let a client's data do is refused here: a loop or a function inside a loop
 * over other data, whose cost is the square of it, and `matches`, whose regular expressions may take exponential time.
 * @throws with a sentence that says what is wrong.
 */
export function compileExpression(text: string, names: readonly (keyof Variables)[]): Expression {
  const environment = new Environment({
    limits: LIMITS,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  for (const name of names) environment.registerVariable(name, 'dyn');
  const parsed = environment.parse(text);
  const { valid, error } = parsed.check();
  if (!valid) throw error ?? new Error('it is not valid');
  refuseCostly(parsed.ast, undefined);
  return (variables) => parsed({ ...variables });
}

/** @param loop variable of the loop around the node. */
function refuseCostly(node: ASTNode, loop: string | undefined): void {
  if (node.op === 'rcall' || node.op === 'call') {
    const [name] = node.args;
    if (name === 'matches') throw new Error('matches is not offered: use contains, startsWith, endsWith or ==');
  }
  if (node.op === 'in' && loop !== undefined) refuseOther(node.args[1], loop);
  if (loop !== undefined) for (const operand of costlyOperands(node)) refuseOther(operand, loop);
  if (node.op === 'rcall' && LOOPS.has(node.args[0])) {
    const [, over, [variable, ...inside]] = node.args;
    if (loop !== undefined) refuseOther(over, loop);
    refuseCostly(over, loop);
    for (const each of inside) refuseCostly(each, variable?.op === 'id' ? variable.args : undefined);
    return;
  }
  for (const child of childrenOf(node)) refuseCostly(child, loop);
}

/** What a function goes over, whose cost grows with that. */
function costlyOperands(node: ASTNode): readonly ASTNode[] {
  if (node.op === 'call') return CHEAP.has(node.args[0]) ? [] : node.args[1];
  if (node.op !== 'rcall' || LOOPS.has(node.args[0]) || CHEAP.has(node.args[0])) return [];
  const [name, receiver, given] = node.args;
  return BOUNDED_BY_RECEIVER.has(name) ? [receiver] : [receiver, ...given];
}

/** Inside a loop only what the loop holds may be gone over, or what is written out. */
function refuseOther(node: ASTNode, loop: string): void {
  const root = rootOf(node);
  if (isWrittenOut(root) || (root.op === 'id' && root.args === loop)) return;
  throw new Error(`inside of a loop only what is in ${loop} may be looped over, searched or given to a function`);
}

/** What a value is taken from. */
function rootOf(node: ASTNode): ASTNode {
  switch (node.op) {
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return rootOf(node.args[0]);
    case 'rcall':
      return rootOf(node.args[1]);
    default:
      return node;
  }
}

const isWrittenOut = (node: ASTNode): boolean =>
  node.op === 'value' || ((node.op === 'list' || node.op === 'map') && childrenOf(node).every(isWrittenOut));

function childrenOf({ args }: ASTNode): ASTNode[] {
  return [args].flat(3).filter((each): each is ASTNode => typeof each === 'object' && each !== null && 'op' in each);
}

/** A value of CEL as JSON. Fails before a result is made that is longer than may be. */
export function toJson(value: unknown): string {
  let left = MAX_RESULT_CHARACTERS;
  const text = JSON.stringify(value, (key, each: unknown) => {
    left -= key.length + (typeof each === 'string' ? each.length : 1);
    if (left < 0) throw new Error(`the result is longer than ${MAX_RESULT_CHARACTERS} characters`);
    if (typeof each === 'bigint') return Number.isSafeInteger(Number(each)) ? Number(each) : String(each);
    if (each instanceof Map) return Object.fromEntries(each);
    if (each instanceof Uint8Array) return Buffer.from(each).toString('base64');
    return each;
  });
  if (text === undefined) throw new Error('the result is not JSON');
  return text;
}
