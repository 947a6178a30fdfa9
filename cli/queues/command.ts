import type { Terminal } from '../send/progress.ts';
import { type ExitCode, printUsage, runCommand } from '../usage.ts';
import { QueuesAccount } from './account.ts';
import { type FoundQueue, withClosing } from './found-queue.ts';
import { parseQueuesOptions, QUEUES_USAGE, type QueuesOptions } from './options.ts';

/** Runs `npm run queues` with its arguments, and returns its exit code. */
export async function queues(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  return await runCommand('queues', terminal, async () => {
    const options = parseQueuesOptions(argv);
    if (!options) return printUsage(terminal, QUEUES_USAGE);
    const { result, sentences, code = 0 } = await carryOut(options);
    if (options.json) terminal.out(JSON.stringify(result, null, 2));
    else for (const sentence of sentences) terminal.out(sentence);
    return code;
  });
}

interface Done {
  readonly result: unknown;
  readonly sentences: readonly string[];
  readonly code?: 0 | 1;
}

async function carryOut({ what, stack, region }: QueuesOptions): Promise<Done> {
  const account = new QueuesAccount(stack, region);
  const all = await account.list();
  if (all.length === 0) throw new Error(`there is no queue of a stack ${stack}`);
  switch (what) {
    case 'list':
      return { result: all, sentences: all.map(describe) };
    case 'remove':
      return await removeLeft(account, all);
    default:
      return await setClosed(account, all, what === 'close');
  }
}

async function removeLeft(account: QueuesAccount, all: readonly FoundQueue[]): Promise<Done> {
  const left = all.filter((queue) => queue.left);
  const removed: string[] = [];
  for (const queue of left) if (queue.messages === 0 && (await account.remove(queue))) removed.push(queue.name);
  const kept = left.filter(({ name }) => !removed.includes(name));
  return {
    result: { removed, kept: kept.map(({ name }) => name) },
    sentences: [
      ...(left.length === 0 ? ['the stack left no queue behind'] : []),
      ...removed.map((name) => `removed ${name}`),
      ...kept.map((queue) => `kept ${describe(queue)}`),
    ],
  };
}

async function setClosed(account: QueuesAccount, all: readonly FoundQueue[], closed: boolean): Promise<Done> {
  const outbound = all.filter((queue) => queue.outbound);
  for (const queue of outbound) await account.setPolicy(queue, withClosing(queue.policy, queue.arn, closed));
  const waiting = all.filter(({ sends, messages }) => sends && messages > 0);
  const names = outbound.map(({ name }) => name);
  const said = names.map((name) => (closed ? `${name} refuses new mail` : `${name} accepts mail`));
  if (!closed) return { result: { open: names }, sentences: said };
  return {
    result: { closed: names, waiting },
    sentences: [...said, ...waiting.map((queue) => `mail still waits: ${describe(queue)}`)],
    code: waiting.length > 0 ? 1 : 0,
  };
}

function describe({ name, left, messages, consumers }: FoundQueue): string {
  const parts = [
    `${messages} messages`,
    ...(left ? ['left behind', consumers.length > 0 ? 'a function reads it' : 'no function reads it'] : []),
  ];
  return `${name}: ${parts.join(', ')}`;
}
