/** A policy document of IAM. */
export interface Policy {
  readonly Statement: readonly Statement[] | Statement;
}

type Values = string | readonly string[];

interface Statement {
  readonly Effect: string;
  readonly Action?: Values;
  readonly NotAction?: Values;
  readonly Resource?: Values;
  readonly NotResource?: Values;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Values | boolean>>>>;
}

/** One action on one resource, as IAM is asked about it. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Values of condition keys; a key that the request does not have is absent. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Whether the identity policies of a role allow a request: one statement does, and none denies it. Resource policies, boundaries and
 * policies of the organisation are not considered (IAM user guide, "Policy evaluation logic", 2026-11-29).
 *
 * @throws Error for an operator of conditions that is not known here, so that none is taken for true
 */
export function allows(policies: readonly Policy[], request: Request): boolean {
  const statements = policies.flatMap(({ Statement }) => list(Statement)).filter((one) => applies(one, request));
  return statements.some(({ Effect }) => Effect === 'Allow') && !statements.some(({ Effect }) => Effect === 'Deny');
}

function applies(statement: Statement, { action, resource, context = {} }: Request): boolean {
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const named = Action ? some(Action, action, true) : !some(NotAction ?? [], action, true);
  const meant = Resource ? some(Resource, resource) : NotResource !== undefined && !some(NotResource, resource);
  return (
    named &&
    meant &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], list(wanted).map(String))),
    )
  );
}

/** Whether one condition is true; `given` is undefined for a key that the request does not have. */
function holds(operator: string, given: readonly string[] | undefined, wanted: readonly string[]): boolean {
  if (operator === 'Null') return wanted.includes(String(given === undefined));
  const [, set, name = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const compare = COMPARISONS[name];
  if (compare === undefined) throw new Error(`the operator ${operator} of IAM is not known here`);
  const negated = name.includes('Not');
  if (given === undefined)
    return set === 'ForAllValues' || ifExists !== undefined || (negated && set !== 'ForAnyValue');
  const one = (value: string) => wanted.some((pattern) => compare(pattern, value)) !== negated;
  return set === 'ForAllValues' ? given.every(one) : given.some(one);
}

const COMPARISONS: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringNotEquals: (pattern, value) => pattern === value,
  StringLike: (pattern, value) => matches(pattern, value),
  StringNotLike: (pattern, value) => matches(pattern, value),
  ArnLike: (pattern, value) => matches(pattern, value),
  ArnEquals: (pattern, value) => matches(pattern, value),
  Bool: (pattern, value) => pattern === value,
};

function some(patterns: Values, value: string, ignoreCase = false): boolean {
  return list(patterns).some((pattern) =>
    ignoreCase ? matches(pattern.toLowerCase(), value.toLowerCase()) : matches(pattern, value),
  );
}

/** IAM's wildcards: `*` is any text, `?` is one character. */
function matches(pattern: string, value: string): boolean {
  const expression = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
