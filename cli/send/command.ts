import { copiesOf, enqueue, enqueueAll } from '../../local/api/enqueue.ts';
import { type ExitCode, printUsage, runCommand, type Variables } from '../usage.ts';
import { follow, type SubmissionEnd, waiting } from './follow.ts';
import { parseSendOptions, SEND_USAGE, type SendOptions } from './options.ts';
import { progressBar, type Terminal } from './progress.ts';
import { findQueue, type QueueTarget } from './target.ts';

/** Runs `npm run send` with its arguments, and returns its exit code. */
export function sendCommand(argv: readonly string[], environment: Variables, terminal: Terminal): Promise<ExitCode> {
  return runCommand('send', terminal, async () => {
    const options = parseSendOptions(argv);
    if (!options) return printUsage(terminal, SEND_USAGE);
    const target = await findQueue(options, environment['MAILOVER_PORT']);
    try {
      return options.count === 1 ? await sendOne(target, options, terminal) : await sendMany(target, options, terminal);
    } finally {
      target.sqs.destroy();
    }
  });
}

/** Result of one submission. `queued`: the submission is on a queue in AWS, where the command cannot see what happens to it. */
interface Sent {
  readonly id: string;
  readonly state: 'accepted' | 'dead' | 'suppressed' | 'waiting' | 'queued';
  readonly seconds: number;
  readonly provider?: string;
  readonly providerMessageId?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly attempts?: number;
  /** Number of messages in each retry queue, by provider key. */
  readonly retryQueues?: Readonly<Record<string, number>>;
}

async function sendOne(target: QueueTarget, options: SendOptions, terminal: Terminal): Promise<ExitCode> {
  const say = options.json ? () => {} : terminal.out;
  const start = performance.now();
  const [copy] = copiesOf(options.submission, 1);
  if (!copy) throw new Error('nothing to send');
  const id = await enqueue(target, copy);
  say(`put ${id} on the outbound queue`);
  const follows = target.local !== undefined || target.deadLetterUrl !== undefined;
  const end = follows ? (await follow(target, [id], options.waitSeconds * 1000)).get(id) : undefined;
  const took = (performance.now() - start) / 1000;
  const seconds = took.toFixed(1);
  const sent: Sent = { id, seconds: Number(seconds), ...(await stateOf(end, target)) };
  if (options.json) terminal.out(JSON.stringify(sent, null, 2));
  else if (end) say(`${describe(end)}, after ${seconds} s`);
  else if (sent.retryQueues) say(`no provider has accepted it after ${seconds} s; ${inWords(sent.retryQueues)}`);
  else if (follows) say(`not in the dead-letter queue after ${seconds} s; the sender's log has submissionId ${id}`);
  else say(`a deployed queue does not show the result: the sender's log has submissionId ${id}`);
  return sent.state === 'accepted' || sent.state === 'queued' ? 0 : 1;
}

async function stateOf(end: SubmissionEnd | undefined, target: QueueTarget): Promise<Omit<Sent, 'id' | 'seconds'>> {
  if (!end) return target.local ? { state: 'waiting', retryQueues: await waiting(target) } : { state: 'queued' };
  const { kind, ...facts } = end;
  return { state: kind === 'dead-letter' ? 'dead' : kind, ...facts };
}

async function sendMany(target: QueueTarget, options: SendOptions, terminal: Terminal): Promise<ExitCode> {
  const { count, json } = options;
  const copies = copiesOf(options.submission, count);
  const start = performance.now();
  const ids = await enqueueAll(target, copies, progressBar(terminal, 'queued  ', count));
  const follows = target.local !== undefined || target.deadLetterUrl !== undefined;
  if (!follows && !json) {
    terminal.out(
      `put ${ids.length} submissions on the outbound queue; the sender's log shows which providers accepted them`,
    );
    return 0;
  }
  const ends = follows
    ? await follow(target, ids, options.waitSeconds * 1000, progressBar(terminal, 'ended   ', count))
    : new Map<string, SubmissionEnd>();
  const seconds = (performance.now() - start) / 1000;
  const open = count - ends.size;
  const good = [...ends.values()].filter((end) => end.kind === 'accepted').length + (target.local ? 0 : open);
  const code = good === count ? 0 : 1;
  const retryQueues = open > 0 && target.local ? await waiting(target) : undefined;
  if (json) {
    const results = ids.map((id) => ({ id, ...inShort(ends.get(id), target) }));
    terminal.out(JSON.stringify({ count, seconds: Number(seconds.toFixed(1)), results, retryQueues }, null, 2));
    return code;
  }
  const totals = new Map<string, number>();
  for (const end of ends.values()) {
    const label = end.kind === 'dead-letter' ? `dead-letter queue: ${end.reason}` : endLabel(end);
    totals.set(label, (totals.get(label) ?? 0) + 1);
  }
  terminal.out(
    `${ends.size} of ${count} ended in ${seconds.toFixed(1)} s (${(ends.size / seconds).toFixed(0)} a second)`,
  );
  for (const [label, total] of [...totals].sort(([, a], [, b]) => b - a)) terminal.out(`  ${total}  ${label}`);
  if (retryQueues) terminal.out(`  ${open}  not accepted yet; ${inWords(retryQueues)}`);
  else if (open > 0) terminal.out(`  ${open}  not in the dead-letter queue`);
  return code;
}

/** Returns the short result of one submission when many were sent: its state, and the provider or the reason. */
function inShort(end: SubmissionEnd | undefined, { local }: QueueTarget): Pick<Sent, 'state' | 'provider' | 'reason'> {
  switch (end?.kind) {
    case undefined:
      return { state: local ? 'waiting' : 'queued' };
    case 'accepted':
      return { state: 'accepted', provider: end.provider };
    case 'suppressed':
      return { state: 'suppressed' };
    case 'dead-letter':
      return { state: 'dead', reason: end.reason };
  }
}

function endLabel(end: Exclude<SubmissionEnd, { kind: 'dead-letter' }>): string {
  return end.kind === 'accepted' ? `accepted by ${end.provider}` : 'suppressed: no recipient may be mailed';
}

function describe(end: SubmissionEnd): string {
  if (end.kind === 'accepted' && end.providerMessageId) return `${endLabel(end)} as ${end.providerMessageId}`;
  if (end.kind !== 'dead-letter') return endLabel(end);
  const attempts = end.attempts ? ` after ${end.attempts} ${end.attempts === 1 ? 'attempt' : 'attempts'}` : '';
  return `in the dead-letter queue${attempts}: ${end.reason}${end.detail === undefined ? '' : ` (${end.detail})`}`;
}

function inWords(retryQueues: Readonly<Record<string, number>>): string {
  const queues = Object.entries(retryQueues);
  if (queues.length === 0) return 'it is on no retry queue, so the sender still processes it';
  return `waiting to be tried again, in ${queues.map(([key, n]) => `retry queue ${key} (${n})`).join(', ')}`;
}
