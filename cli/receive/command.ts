import { setTimeout as pause } from 'node:timers/promises';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import type { Payload } from '../../local/simulators/inbound/posting.ts';
import { progressBar, type Terminal } from '../send/progress.ts';
import { type ExitCode, printUsage, runCommand, type Variables } from '../usage.ts';
import { readMailFile } from './mail.ts';
import { type CommandOptions, parseReceiveOptions, RECEIVE_USAGE } from './options.ts';
import { shown } from './result.ts';
import { findSimulator, type SimulatorTarget, type StoredReception } from './target.ts';

const POLL_MS = 200;
/** Longest wait for a mail that is a copy of an earlier mail. The wait is short, since a copy most likely reaches no queue. */
const COPY_SECONDS = 5;

/** Runs `npm run receive` with its arguments, and returns its exit code. */
export function receive(argv: readonly string[], environment: Variables, terminal: Terminal): Promise<ExitCode> {
  return runCommand('receive', terminal, async () => {
    const options = parseReceiveOptions(argv);
    if (!options) return printUsage(terminal, RECEIVE_USAGE);
    const target = await findSimulator(options, environment['MAILOVER_PORT']);
    const say = options.json ? () => {} : terminal.out;
    const { code, result } = await received(target, options, { ...terminal, out: say });
    if (options.json) terminal.out(JSON.stringify(result, null, 2));
    return code;
  });
}

/** Result of a command: its exit code, and what `--json` prints. */
interface Done {
  readonly code: ExitCode;
  readonly result: object;
}

function received(target: SimulatorTarget, options: CommandOptions, terminal: Terminal): Promise<Done> {
  if (options.payload !== undefined) return posted(target, options.payload, terminal);
  if (target.posting === undefined) return delivered(target, options, terminal);
  return options.count === 1 ? one(target, options, terminal) : many(target, options, terminal);
}

/** Posts the request from a file once, without the retries of the provider. */
async function posted(target: SimulatorTarget, payload: Payload, terminal: Terminal): Promise<Done> {
  const since = Date.now();
  const { status, to } = await target.post(payload);
  terminal.out(`${target.key} posted the request: ${status}`);
  const earlier = await target.earlier(to, JSON.stringify(payload));
  const messages = await target.results({ to, since }, 0);
  say(terminal, status === 200, messages, earlier);
  return { code: status === 200 ? 0 : 1, result: { provider: target.key, status, messages } };
}

/**
 * Prints the messages that reached the queue. If no message reached the queue although the mail was accepted, prints the earlier
 * message of which the mail is a copy.
 */
function say(terminal: Terminal, taken: boolean, messages: readonly InboundMessage[], earlier?: InboundMessage): void {
  for (const message of messages) terminal.out(shown(message));
  if (!taken || messages.length > 0) return;
  terminal.out('nothing new reached the inbound queue');
  if (earlier === undefined) return;
  terminal.out(
    `It is a copy of this mail, which was received over ${earlier.provider}; --to with another address delivers it again:`,
  );
  terminal.out(shown(earlier));
}

/**
 * Delivers mail through a provider that does not post it: this provider writes the mail to the bucket and sends a notification to
 * a queue.
 */
async function delivered(target: SimulatorTarget, options: CommandOptions, terminal: Terminal): Promise<Done> {
  const since = Date.now();
  const mails = Array.from({ length: options.count }, () => readMailFile(options, new Date()));
  const earlier = await target.earlier(options.to, mails[0]?.toString('latin1') ?? '');
  for (const mail of mails) await target.deliver(mail, options);
  terminal.out(
    `${target.key} received ${options.count === 1 ? 'a mail' : `${options.count} mails`}, wrote it to the bucket and sent the notification`,
  );
  if (options.count > 1) return { code: 0, result: { provider: target.key, written: options.count } };
  const limitSeconds = Math.min(options.waitSeconds, earlier ? COPY_SECONDS : Number.POSITIVE_INFINITY);
  const messages = await target.results({ to: options.to, since }, limitSeconds * 1000);
  say(terminal, true, messages, earlier);
  return { code: messages.length > 0 || earlier ? 0 : 1, result: { provider: target.key, written: 1, messages } };
}

/** Lets the simulated provider receive one mail, and prints each post of the provider as it happens. */
async function one(target: SimulatorTarget, options: CommandOptions, terminal: Terminal): Promise<Done> {
  const since = Date.now();
  const mail = readMailFile(options, new Date());
  const earlier = await target.earlier(options.to, mail.toString('latin1'));
  const taken = await target.receive(mail, options);
  const form = options.form ?? target.posting?.forms[0];
  for (const { id, to } of taken)
    terminal.out(`${target.key} received a mail for ${to} (${id})${options.hold ? '' : `, and posts it as ${form}`}`);
  if (options.hold) {
    terminal.out(
      options.hold === 'blocked'
        ? 'a rule of the provider holds the mail back'
        : 'the mail was posted to another address',
    );
    return { code: 0, result: { provider: target.key, receptions: taken } };
  }
  const said = new Map<string, number>();
  const ended = await follow(target, taken, options.waitSeconds, (receptions) => {
    for (const { id, to, tries } of receptions) {
      for (const { at, status, error } of tries.slice(said.get(id) ?? 0))
        terminal.out(`  ${at.slice(11, 19)}  ${status ?? error}${taken.length > 1 ? `  ${to}` : ''}`);
      said.set(id, tries.length);
    }
  });
  // A message is put on the queue before the provider gets the answer to its post, so one look at the queue is enough.
  const accepted = ended.some(({ status }) => status === 'processed');
  const messages = await target.results({ to: options.to, since }, 0);
  say(terminal, accepted, messages, earlier);
  for (const { to, status, tries } of ended) terminal.out(`${to}: ${ending(status, tries.length)}`);
  const code = ended.every(({ status }) => status === 'processed') ? 0 : 1;
  return { code, result: { provider: target.key, receptions: ended, messages } };
}

async function many(target: SimulatorTarget, options: CommandOptions, terminal: Terminal): Promise<Done> {
  const start = performance.now();
  const taken: StoredReception[] = [];
  const receivedBar = progressBar(terminal, 'received', options.count);
  for (let place = 1; place <= options.count; place += 1) {
    taken.push(...(await target.receive(readMailFile(options, new Date()), options)));
    receivedBar(place);
  }
  const answeredBar = progressBar(terminal, 'answered', taken.length);
  const ended = await follow(target, taken, options.waitSeconds, (receptions) =>
    answeredBar(receptions.filter(({ status }) => status !== 'scheduled').length),
  );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const totals = new Map<string, number>();
  for (const { status, tries } of ended) {
    const label = ending(status, tries.length);
    totals.set(label, (totals.get(label) ?? 0) + 1);
  }
  terminal.out(`${target.key} received ${ended.length} mails in ${seconds} s`);
  for (const [label, total] of totals) terminal.out(`  ${total}  ${label}`);
  const code = ended.every(({ status }) => status === 'processed') || options.hold ? 0 : 1;
  return { code, result: { provider: target.key, seconds: Number(seconds), receptions: ended } };
}

/**
 * Polls until the provider does not post any of the mails any more, or until the time is over. Returns the state of the mails.
 */
async function follow(
  target: SimulatorTarget,
  taken: readonly StoredReception[],
  waitSeconds: number,
  progress: (receptions: readonly StoredReception[]) => void,
): Promise<readonly StoredReception[]> {
  const wanted = new Set(taken.map(({ id }) => id));
  const until = performance.now() + waitSeconds * 1000;
  for (;;) {
    const [only] = taken.length === 1 ? taken : [];
    const found = (await target.list(only?.id)).filter(({ id }) => wanted.has(id));
    progress(found);
    if (found.every(({ status }) => status !== 'scheduled') || performance.now() >= until) return found;
    await pause(POLL_MS);
  }
}

function ending(status: StoredReception['status'], tries: number): string {
  const count = tries === 1 ? 'one try' : `${tries} tries`;
  switch (status) {
    case 'processed':
      return `answered 200 after ${count}`;
    case 'failed':
      return `given up after ${count}`;
    case 'blocked':
      return 'held back by a rule';
    case 'scheduled':
      return `not accepted after ${count}; the provider tries again`;
  }
}
