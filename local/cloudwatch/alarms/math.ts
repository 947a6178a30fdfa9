import type jsep from 'jsep';
import type { DataPoints } from '../metrics/metric.ts';
import { type Frame, MATH_FUNCTIONS, REPEAT } from './math-functions.ts';
import { type MathValue, mapPoints, seriesOf, zipPoints } from './math-value.ts';
import { parseExpression } from './parser.ts';

/** A parsed expression of CloudWatch metric math. */
export interface MathExpression {
  /** Ids of the metrics and of the other expressions to which this expression refers. */
  readonly uses: readonly string[];
  /**
   * Computes the value of the expression. `read` returns the value of the metric or expression with the given id. `metrics`
   * returns the metrics whose id contains the given text; the function METRICS() needs it.
   */
  evaluate(
    frame: Frame,
    read: (id: string) => MathValue,
    metrics: (searchText: string) => readonly DataPoints[],
  ): MathValue;
}

type Node = jsep.CoreExpression;

/**
 * Parses an expression. Throws on an unsupported function, operator or form, since the local stack would evaluate such an
 * expression wrongly.
 */
export function compileMath(text: string): MathExpression {
  const tree = parseExpression(text);
  const uses = new Set<string>();
  check(tree, uses, text);
  return {
    uses: [...uses],
    evaluate: (frame, read, metrics) => evaluate(tree, { frame, read, metrics }),
  };
}

type Operator = (left: number, right: number) => number;

const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '^': (left, right) => left ** right,
  '>': (left, right) => Number(left > right),
  '<': (left, right) => Number(left < right),
  '>=': (left, right) => Number(left >= right),
  '<=': (left, right) => Number(left <= right),
  '==': (left, right) => Number(left === right),
  '!=': (left, right) => Number(left !== right),
  '&&': (left, right) => Number(left !== 0 && right !== 0),
  '||': (left, right) => Number(left !== 0 || right !== 0),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

function check(node: Node, uses: Set<string>, text: string): void {
  for (const part of partsOf(node, uses, text)) check(part as Node, uses, text);
}

function partsOf(node: Node, uses: Set<string>, text: string): readonly unknown[] {
  const known = (what: string, isKnown: boolean): void => {
    if (!isKnown) throw new Error(`the local stack cannot evaluate ${what} in ${JSON.stringify(text)}`);
  };
  switch (node.type) {
    case 'Literal':
      return [];
    case 'Identifier':
      if (node.name !== 'REPEAT') uses.add(node.name);
      return [];
    case 'ArrayExpression':
      return node.elements;
    case 'UnaryExpression':
      known(`the operator ${node.operator}`, node.operator === '-' || node.operator === '+');
      return [node.argument];
    case 'BinaryExpression':
      known(`the operator ${node.operator}`, node.operator in OPERATORS);
      return [node.left, node.right];
    case 'CallExpression': {
      const name = nameOf(node);
      known(`the function ${name}`, name === 'METRICS' || name in MATH_FUNCTIONS);
      return node.arguments;
    }
    default:
      known(`a ${node.type}`, false);
      return [];
  }
}

interface Scope {
  readonly frame: Frame;
  read(id: string): MathValue;
  metrics(searchText: string): readonly DataPoints[];
}

function evaluate(node: Node, scope: Scope): MathValue {
  const of = (part: unknown): MathValue => evaluate(part as Node, scope);
  switch (node.type) {
    case 'Literal':
      return Number(node.value);
    case 'Identifier':
      return node.name === 'REPEAT' ? REPEAT : scope.read(node.name);
    case 'ArrayExpression':
      return node.elements.flatMap((element) => seriesOf(of(element), scope.frame.endings.length));
    case 'UnaryExpression':
      return mapPoints(of(node.argument), (point) => (node.operator === '-' ? -point : point));
    case 'BinaryExpression':
      return zipPoints(of(node.left), of(node.right), OPERATORS[node.operator] as Operator);
    case 'CallExpression': {
      const name = nameOf(node);
      if (name === 'METRICS') return scope.metrics(searchTextOf(node.arguments[0] as Node | undefined));
      return MATH_FUNCTIONS[name]?.(node.arguments.map(of), scope.frame) ?? Number.NaN;
    }
    default:
      return Number.NaN;
  }
}

function nameOf({ callee }: jsep.CallExpression): string {
  return callee.type === 'Identifier' ? String(callee['name']) : callee.type;
}

/**
 * Returns the text argument of METRICS. For `METRICS("errors")` the argument is `errors`, and METRICS returns the metrics whose
 * id contains `errors`.
 */
function searchTextOf(node: Node | undefined): string {
  return node?.type === 'Literal' ? String(node.value) : '';
}
