import { copiesOf, enqueue, enqueueAll } from '../../local/api/enqueue.ts';
import { type ExitCode, runCommand } from '../command.ts';
import { follow, type SubmissionEnd, waiting } from './follow.ts';
import { parseSendOptions, SEND_USAGE, type SendOptions } from './options.ts';
import { progressBar, type Terminal } from './progress.ts';
import { findQueue, type QueueTarget } from './target.ts';

/** Runs `npm run send` from its arguments to its exit code. */
export async function sendCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<ExitCode> {
  return await runCommand('send', terminal, async () => {
    const options = parseSendOptions(argv);
    if (!options) {
      terminal.out(SEND_USAGE);
      return 0;
    }
    const target = await findQueue(options, environment['MAILOVER_PORT']);
    try {
      return options.count === 1 ? await sendOne(target, options, terminal) : await sendMany(target, options, terminal);
    } finally {
      target.sqs.destroy();
    }
  });
}

async function sendOne(target: QueueTarget, options: SendOptions, terminal: Terminal): Promise<ExitCode> {
  const start = performance.now();
  const [copy] = copiesOf(options.submission, 1);
  if (!copy) throw new Error('nothing to send');
  const id = await enqueue(target, copy);
  terminal.out(`put ${id} on the outbound queue`);
  if (!target.local && target.deadLetterUrl === undefined) {
    terminal.out(`a deployed queue does not say more: the sender's log has submissionId ${id}`);
    return 0;
  }
  const end = (await follow(target, [id], options.waitSeconds * 1000)).get(id);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (end) {
    terminal.out(`${describe(end)}, after ${seconds} s`);
    return end.kind === 'accepted' ? 0 : 1;
  }
  if (!target.local) {
    terminal.out(`not in the dead-letter queue after ${seconds} s; the sender's log has submissionId ${id}`);
    return 0;
  }
  terminal.out(`no provider has accepted it after ${seconds} s; ${await whereItWaits(target)}`);
  return 1;
}

async function sendMany(target: QueueTarget, options: SendOptions, terminal: Terminal): Promise<ExitCode> {
  const { count } = options;
  const copies = copiesOf(options.submission, count);
  const start = performance.now();
  const ids = await enqueueAll(target, copies, progressBar(terminal, 'queued  ', count));
  if (!target.local && target.deadLetterUrl === undefined) {
    terminal.out(
      `put ${ids.length} submissions on the outbound queue; the sender's log says which providers accepted them`,
    );
    return 0;
  }
  const ends = await follow(target, ids, options.waitSeconds * 1000, progressBar(terminal, 'ended   ', count));
  const seconds = (performance.now() - start) / 1000;
  const totals = new Map<string, number>();
  for (const end of ends.values()) {
    const label = end.kind === 'dead-letter' ? `dead-letter queue: ${end.reason}` : endLabel(end);
    totals.set(label, (totals.get(label) ?? 0) + 1);
  }
  terminal.out(
    `${ends.size} of ${count} ended in ${seconds.toFixed(1)} s (${(ends.size / seconds).toFixed(0)} a second)`,
  );
  for (const [label, total] of [...totals].sort(([, a], [, b]) => b - a)) terminal.out(`  ${total}  ${label}`);
  const open = count - ends.size;
  if (open > 0 && !target.local) terminal.out(`  ${open}  not in the dead-letter queue`);
  else if (open > 0) terminal.out(`  ${open}  not accepted yet; ${await whereItWaits(target)}`);
  const good = [...ends.values()].filter((end) => end.kind === 'accepted').length + (target.local ? 0 : open);
  return good === count ? 0 : 1;
}

function endLabel(end: Exclude<SubmissionEnd, { kind: 'dead-letter' }>): string {
  return end.kind === 'accepted' ? `accepted by ${end.provider}` : 'suppressed: no recipient may be mailed';
}

function describe(end: SubmissionEnd): string {
  if (end.kind === 'accepted' && end.providerMessageId) return `${endLabel(end)} as ${end.providerMessageId}`;
  if (end.kind !== 'dead-letter') return endLabel(end);
  const attempts =
    end.attempts === undefined || end.attempts === '0'
      ? ''
      : ` after ${end.attempts} ${end.attempts === '1' ? 'attempt' : 'attempts'}`;
  return `in the dead-letter queue${attempts}: ${end.reason}${end.detail === undefined ? '' : ` (${end.detail})`}`;
}

async function whereItWaits(target: QueueTarget): Promise<string> {
  const queues = await waiting(target);
  if (queues.length === 0) return 'no retry queue holds it, so the sender still has it';
  return `waiting to be tried again, in ${queues.map(([key, n]) => `retry queue ${key} (${n})`).join(', ')}`;
}
