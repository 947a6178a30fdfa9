import type {
  MirrorResult,
  ShownSuppression,
  SuppressionAnswer,
  SuppressionCommand,
} from '../../lambda/contract/suppression-command.ts';
import { defined } from '../../lambda/platform/defined.ts';
import type { Terminal } from '../send/progress.ts';
import { type ExitCode, printUsage, runCommand, thisUser, UsageError, type Variables } from '../usage.ts';
import { parseSuppressionOptions, SUPPRESSION_USAGE, type SuppressionOptions } from './options.ts';
import { type AskSuppression, findSuppression } from './target.ts';

/** Runs `npm run suppression` with its arguments, and returns its exit code. */
export function suppressionCommand(
  argv: readonly string[],
  environment: Variables,
  terminal: Terminal,
): Promise<ExitCode> {
  return runCommand('suppression', terminal, async () => {
    const options = parseSuppressionOptions(argv);
    if (!options) return printUsage(terminal, SUPPRESSION_USAGE);
    const ask = await findSuppression(options, environment['MAILOVER_PORT']);
    const answer = await askAll(ask, commandOf(options));
    if (answer.kind === 'refused') throw new UsageError(answer.message);
    const shown = options.addresses ? answer : masked(answer);
    if (options.json) terminal.out(JSON.stringify(shown, null, 2));
    else for (const sentence of sentences(shown, options)) terminal.out(sentence);
    return isDone(answer) ? 0 : 1;
  });
}

function commandOf({ what, who = thisUser() }: SuppressionOptions): SuppressionCommand {
  switch (what.kind) {
    case 'list':
      return { command: 'list' };
    case 'add':
      return { command: 'add', address: what.address, operator: who };
    case 'remove':
      return { command: 'remove', address: what.address, ...defined({ class: what.class }) };
    case 'import':
      return { command: 'import', provider: what.provider, ...defined({ isConfirmed: what.isConfirmed || undefined }) };
    case 'mirror':
      return { command: 'mirror' };
    case 'take-back':
      return { command: 'take-back', provider: what.provider, since: Date.now() - what.sinceMs };
  }
}

/** Returns the complete answer. The Lambda function returns a long list in pages, so all pages are requested. */
async function askAll(ask: AskSuppression, command: SuppressionCommand): Promise<SuppressionAnswer> {
  const first = await ask(command);
  if (first.kind !== 'listed') return first;
  const entries = [...first.entries];
  for (let { next } = first; next !== undefined; ) {
    const part = await ask({ command: 'list', from: next });
    if (part.kind !== 'listed') return part;
    entries.push(...part.entries);
    next = part.next;
  }
  return { kind: 'listed', entries: entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at)) };
}

function isDone(answer: SuppressionAnswer): boolean {
  switch (answer.kind) {
    case 'removed':
      return (
        answer.providers.every(({ result }) => !/^(failed|kept)/.test(result)) &&
        (answer.listed || answer.providers.some(({ result }) => result === 'removed'))
      );
    case 'taken-back':
      return answer.providers.every(({ result }) => !/^failed| left$/.test(result));
    case 'subscribed':
      return answer.was;
    case 'mirrored':
      return answer.providers.every(({ outcome }) => outcome === 'done');
    default:
      return true;
  }
}

function sentences(answer: SuppressionAnswer, { what }: SuppressionOptions): readonly string[] {
  switch (answer.kind) {
    case 'listed':
      return answer.entries.length === 0 ? ['no address is suppressed'] : answer.entries.map(inWords);
    case 'added':
      return [`suppressed: ${inWords(answer.entry)}`];
    case 'removed':
      return [
        answer.listed ? 'removed: the address gets mail again' : 'the address was not on the list',
        ...answer.providers.map(({ provider, result }) => `${provider}: ${REMOVALS[result] ?? result}`),
      ];
    case 'subscribed':
      return [
        answer.was
          ? 'removed: the address gets mail of the class again'
          : 'the address had not unsubscribed from that class',
      ];
    case 'mirrored':
      return answer.providers.map(resultInWords);
    case 'taken-back':
      return [
        `${answer.removed} ${answer.removed === 1 ? 'address' : 'addresses'} of ${what.kind === 'take-back' ? what.provider : ''} removed`,
        ...answer.providers.map(({ provider, result }) => `${provider}: ${result}`),
        ...(isDone(answer) ? [] : ['the daily run does the rest; to do it now: npm run suppression -- mirror']),
      ];
    case 'refused':
      return [answer.message];
  }
}

const REMOVALS: Readonly<Record<string, string>> = {
  removed: 'removed from its list',
  absent: 'was not on its list',
  kept: 'keeps it: only the support of the provider can remove a complaint',
};

function inWords({ address, reason, source, at, expiresAt }: ShownSuppression): string {
  const end = expiresAt === undefined ? 'without an end' : `until ${expiresAt.slice(0, 10)}`;
  return `${address}  ${reason}  by ${source} at ${at.slice(0, 16).replace('T', ' ')} UTC  ${end}`;
}

function resultInWords({ provider, outcome, imported, added, removed, withheld, detail }: MirrorResult): string {
  const counts = `${imported} imported, ${added} added there, ${removed} removed there`;
  switch (outcome) {
    case 'done':
      return `${provider}: ${counts}`;
    case 'behind':
      return `${provider}: ${counts}; the rest is left for the next run`;
    case 'doubted':
      if (withheld === undefined) return `${provider}: in doubt, so nothing was imported`;
      return `${provider}: ${withheld} new entries are far more than the mail sent through it explains, so none was imported; if they are right, for example before the first mail through it: npm run suppression -- import ${provider} --confirm`;
    case 'failed':
      return `${provider}: failed: ${detail ?? 'its log has the reason'}`;
  }
}

function masked(answer: SuppressionAnswer): SuppressionAnswer {
  const mask = (entry: ShownSuppression): ShownSuppression => ({ ...entry, address: maskedAddress(entry.address) });
  if (answer.kind === 'listed') return { ...answer, entries: answer.entries.map(mask) };
  return answer.kind === 'added' ? { ...answer, entry: mask(answer.entry) } : answer;
}

/** Returns the address with all characters hidden except the first character and the domain. */
function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, 1)}…${address.slice(at)}`;
}
