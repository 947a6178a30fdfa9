import { expect, test } from 'vitest';
import { DEPLOYMENT } from '../../../chaos/world/world.ts';
import { deploy, type Resource, resources } from '../deployment.ts';

// This deployment has every option that adds a function.
const { template } = deploy({
  providers: [
    { key: 'postmark', type: 'postmark', options: {}, inbound: { preference: 20 } },
    {
      key: 'mailgun',
      type: 'mailgun',
      options: { domain: 'mg.example.com' },
      inbound: { domains: ['in.example.com'], preference: 10 },
      canary: { to: 'canary@in.example.com', from: 'canary@example.com', everyMinutes: 15 },
    },
    {
      key: 'ses',
      type: 'ses',
      options: { identities: ['example.com'] },
      inbound: { recipients: ['in.example.com'] },
    },
  ],
});
const functions = resources(template, 'AWS::Lambda::Function');
const ours = Object.entries(functions).filter(([, { Properties }]) => String(Properties['Runtime']).startsWith('node'));

const PUTS = /^(sqs:SendMessage|sns:Publish|s3:PutObject|lambda:InvokeFunction)$/;

/** Outputs of each function: the queues, topics, buckets and functions that the role of the function names. */
const outputs = new Map(ours.map(([id, fn]) => [id, targetsOf(fn)]));
/** Triggers of each function, apart from schedules and requests. */
const inputs = new Map(ours.map(([id]) => [id, sourcesOf(id)]));

test('loop detection is off for each function that its own messages may reach, and stays on for all others', () => {
  const found = ours.map(([id, { Properties }]) => [id, Properties['RecursiveLoop'] ?? 'Terminate']);
  const expected = ours.map(([id]) => [id, reaches(id, id) ? 'Allow' : 'Terminate']);

  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  expect(expected.filter(([, value]) => value === 'Allow')).toEqual([
    [expect.stringContaining('SenderFunction'), 'Allow'],
  ]);
});

test('the detection concerns no canary, received mail or mail that the reconciler fetches: their chains are short', () => {
  const chains = ours.map(([id]) => [id.replace(/^Mailover|Function.*/g, ''), longestFrom(id)]);

  expect(Object.fromEntries(chains)).toMatchObject({ Health: 2, Inbound: 1, Reconciler: 1 });
});

test('the simulation has the loop detection of the template', () => {
  const [, sender] = ours.find(([id]) => id.includes('SenderFunction')) ?? [];

  expect(DEPLOYMENT.allowsLoops).toBe(sender?.Properties['RecursiveLoop'] === 'Allow');
});

/**
 * Returns the number of invocations in the longest chain that begins with this function. If a function triggers itself (a mail
 * waits), this invocation is not counted again.
 */
function longestFrom(id: string, seen: readonly string[] = []): number {
  const next = ours.filter(
    ([to]) =>
      !seen.includes(to) && to !== id && (inputs.get(to) ?? []).some((source) => outputs.get(id)?.includes(source)),
  );
  return 1 + Math.max(0, ...next.map(([to]) => longestFrom(to, [...seen, id])));
}

/** Returns whether the output of one function may trigger another function, directly or through any number of other functions. */
function reaches(from: string, to: string, seen = new Set<string>()): boolean {
  return ours.some(([next]) => {
    const fed = (inputs.get(next) ?? []).some((source) => outputs.get(from)?.includes(source));
    if (!fed) return false;
    if (next === to) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(next, to, seen);
  });
}

function targetsOf({ Properties }: Resource): string[] {
  const role = idIn(Properties['Role']);
  return Object.values(resources(template, 'AWS::IAM::Policy'))
    .filter(({ Properties: policy }) => JSON.stringify(policy['Roles']).includes(`"${role}"`))
    .flatMap(
      ({ Properties: policy }) =>
        (policy['PolicyDocument'] as { Statement: { Action: string | string[]; Resource: unknown }[] }).Statement,
    )
    .filter(({ Action }) => [Action].flat().some((action) => PUTS.test(action)))
    .flatMap(({ Resource }) => [Resource].flat().map(idIn));
}

function sourcesOf(id: string): string[] {
  const mapped = Object.values(resources(template, 'AWS::Lambda::EventSourceMapping'))
    .filter(({ Properties }) => idIn(Properties['FunctionName']) === id)
    .map(({ Properties }) => idIn(Properties['EventSourceArn']));
  const allowed = Object.values(resources(template, 'AWS::Lambda::Permission'))
    .filter(({ Properties }) => idIn(Properties['FunctionName']) === id)
    .map(({ Properties }) => idIn(Properties['SourceArn']));
  return [...mapped, ...allowed].filter(Boolean);
}

/** Returns the first logical id to which a value refers. */
function idIn(value: unknown): string {
  return /"(?:Ref|Fn::GetAtt)":\[?"((?!AWS::)[^"]+)"/.exec(JSON.stringify(value ?? ''))?.[1] ?? '';
}
