import type jsep from 'jsep';
import { nameInArn } from '../../template/names.ts';
import { parseExpression } from './parser.ts';
import type { AlarmState } from './state.ts';

/** The rule of a composite alarm: a Boolean expression over the states of other alarms. */
export interface CompositeRule {
  /** Names of the alarms to which the rule refers. */
  readonly names: readonly string[];
  holds(stateOf: (name: string) => AlarmState): boolean;
}

type Node = jsep.CoreExpression;

const STATES: ReadonlySet<string> = new Set<AlarmState>(['OK', 'ALARM', 'INSUFFICIENT_DATA']);

/**
 * Matches a test such as `ALARM(my-alarm)`, in which the alarm name has no quotes. The parser would read the hyphens of such a
 * name as minus signs.
 */
const BARE_NAME = /\b(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*([^"'()\s]+)\s*\)/g;

/**
 * Parses the rule of a composite alarm, such as `ALARM("a") AND NOT OK("b")`. An alarm name may be an ARN. Throws on a form of
 * rule that the local stack does not support.
 */
export function compileRule(text: string): CompositeRule {
  const tree = parseExpression(text.replace(BARE_NAME, (_all, state, name) => `${state}("${name}")`));
  const names = new Set<string>();
  check(tree, names, text);
  return { names: [...names], holds: (stateOf) => holds(tree, stateOf) };
}

function check(node: Node, names: Set<string>, text: string): void {
  const unknown = (): Error =>
    new Error(`the local stack cannot evaluate this rule of a composite alarm: ${JSON.stringify(text)}`);
  switch (node.type) {
    case 'Identifier':
      if (node.name !== 'TRUE' && node.name !== 'FALSE') throw unknown();
      return;
    case 'UnaryExpression':
      if (node.operator !== 'NOT') throw unknown();
      check(node.argument as Node, names, text);
      return;
    case 'BinaryExpression':
      if (node.operator !== 'AND' && node.operator !== 'OR') throw unknown();
      check(node.left as Node, names, text);
      check(node.right as Node, names, text);
      return;
    case 'CallExpression':
      if (!STATES.has(String(node.callee['name'])) || node.arguments[0]?.type !== 'Literal') throw unknown();
      names.add(alarmName(node));
      return;
    default:
      throw unknown();
  }
}

function holds(node: Node, stateOf: (name: string) => AlarmState): boolean {
  switch (node.type) {
    case 'Identifier':
      return node.name === 'TRUE';
    case 'UnaryExpression':
      return !holds(node.argument as Node, stateOf);
    case 'BinaryExpression': {
      const left = holds(node.left as Node, stateOf);
      return node.operator === 'AND'
        ? left && holds(node.right as Node, stateOf)
        : left || holds(node.right as Node, stateOf);
    }
    case 'CallExpression':
      return stateOf(alarmName(node)) === node.callee['name'];
    default:
      return false;
  }
}

function alarmName({ arguments: [argument] }: jsep.CallExpression): string {
  return nameInArn(String((argument as jsep.Literal).value));
}
