import { ACCOUNT, REGION } from './names.ts';

/** Results of the intrinsic functions `Ref` and `Fn::GetAtt` for one resource of the template. */
export interface ResourceNames {
  /** Result of `Ref`. */
  readonly ref: string;
  /** Results of `Fn::GetAtt`, by attribute name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Look-ups of the values from which the results of intrinsic functions are computed. */
export interface Scope {
  readonly stackName: string;
  resource(logicalId: string): ResourceNames | undefined;
  parameter(name: string): unknown;
  condition(name: string): unknown;
  mapping(name: string, first: string, second: string): unknown;
  /** Returns the value that another stack exports under this name. Throws if no stack exports it. */
  imported(name: string): unknown;
}

const NO_VALUE = Symbol('AWS::NoValue');

/** Replaces each CloudFormation intrinsic function in a value by its result. Throws on an unknown intrinsic function. */
export function resolve(value: unknown, scope: Scope): unknown {
  const result = evaluate(value, scope);
  return result === NO_VALUE ? undefined : result;
}

function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && (name === 'Ref' || name.startsWith('Fn::'))) return call(name, argument, scope);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, evaluate(item, scope)] as const).filter(([, item]) => item !== NO_VALUE),
  );
}

function call(name: string, argument: unknown, scope: Scope): unknown {
  const resolved = (item: unknown): unknown => evaluate(item, scope);
  const list = (): unknown[] => (Array.isArray(argument) ? argument : [argument]);
  switch (name) {
    case 'Ref':
      return ref(String(argument), scope);
    case 'Fn::GetAtt':
      return attribute(typeof argument === 'string' ? argument.split('.') : list().map(String), scope);
    case 'Fn::Join': {
      const [separator, items] = list();
      return (resolved(items) as unknown[]).join(String(separator));
    }
    case 'Fn::Sub':
      return substitute(list(), scope);
    case 'Fn::Select': {
      const [index, items] = list();
      return (resolved(items) as unknown[])[Number(resolved(index))];
    }
    case 'Fn::Split': {
      const [separator, text] = list();
      return String(resolved(text)).split(String(separator));
    }
    case 'Fn::Base64':
      return Buffer.from(String(resolved(argument))).toString('base64');
    case 'Fn::If': {
      const [condition, yes, no] = list();
      return resolved(truth({ Condition: condition }, scope) ? yes : no);
    }
    case 'Fn::Equals':
    case 'Fn::And':
    case 'Fn::Or':
    case 'Fn::Not':
      return truth({ [name]: argument }, scope);
    case 'Fn::FindInMap': {
      const [map, first, second] = list().map((item) => String(resolved(item)));
      return scope.mapping(map ?? '', first ?? '', second ?? '');
    }
    case 'Fn::ImportValue':
      return scope.imported(String(resolved(argument)));
    case 'Fn::GetAZs':
      return [`${REGION}a`, `${REGION}b`];
    default:
      throw new Error(`the local stack cannot evaluate ${name} in the template`);
  }
}

function truth(condition: unknown, scope: Scope): boolean {
  const [name, argument] = Object.entries(condition as object)[0] ?? ['', undefined];
  const all = Array.isArray(argument) ? argument : [];
  if (name === 'Condition') return truth(scope.condition(String(argument)), scope);
  if (name === 'Fn::Not') return !truth(all[0], scope);
  if (name === 'Fn::And') return all.every((item) => truth(item, scope));
  if (name === 'Fn::Or') return all.some((item) => truth(item, scope));
  if (name === 'Fn::Equals') return evaluate(all[0], scope) === evaluate(all[1], scope);
  throw new Error(`the local stack cannot evaluate the condition ${name} in the template`);
}

function ref(name: string, scope: Scope): unknown {
  switch (name) {
    case 'AWS::NoValue':
      return NO_VALUE;
    case 'AWS::AccountId':
      return ACCOUNT;
    case 'AWS::Region':
      return REGION;
    case 'AWS::Partition':
      return 'aws';
    case 'AWS::URLSuffix':
      return 'amazonaws.com';
    case 'AWS::StackName':
      return scope.stackName;
    case 'AWS::StackId':
      return `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${scope.stackName}/local`;
    default:
      return scope.resource(name)?.ref ?? scope.parameter(name) ?? missing(name);
  }
}

function attribute([logicalId = '', ...path]: string[], scope: Scope): string {
  const name = path.join('.');
  const resource = scope.resource(logicalId) ?? missing(logicalId);
  return resource.attributes[name] ?? `${resource.ref}.${name}`;
}

function substitute([template, variables]: unknown[], scope: Scope): string {
  const own = (variables ?? {}) as Record<string, unknown>;
  return String(template).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    if (name in own) return String(evaluate(own[name], scope));
    return String(name.includes('.') ? attribute(name.split('.'), scope) : ref(name, scope));
  });
}

function missing(name: string): never {
  throw new Error(`the template refers to ${name}, which is neither a resource nor a parameter of it`);
}
