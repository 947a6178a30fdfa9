import { hostname, userInfo } from 'node:os';
import type { Isolation } from '../../lambda/circuit/isolation.ts';
import { isolate, isolations, release } from '../../lambda/circuit/operator-switch.ts';
import { type ExitCode, runCommand, UsageError } from '../command.ts';
import type { Terminal } from '../send/progress.ts';
import { listDoubted } from './doubted.ts';
import { OPERATE_USAGE, type OperateOptions, parseOperateOptions } from './options.ts';
import { findTable, type TableTarget } from './target.ts';

/** Runs `npm run isolate` or `npm run release` from its arguments to its exit code. */
export async function operate(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const [command, ...rest] = argv;
  const name = command ?? 'isolate';
  return await runCommand(
    name,
    terminal,
    async () => {
      const options = parseOperateOptions(command, rest);
      if (!options) {
        terminal.out(OPERATE_USAGE);
        return 0;
      }
      await carryOut(options, await findTable(options, environment['MAILOVER_PORT']), terminal);
      return 0;
    },
    'npm run isolate -- --help',
  );
}

async function carryOut(
  { what, who = thisUser() }: OperateOptions,
  target: TableTarget,
  terminal: Terminal,
): Promise<void> {
  const { table, name, providers } = target;
  const now = Date.now();
  if (what.kind === 'show') {
    const found = await isolations(table, now);
    if (found.size === 0) terminal.out(`no provider is isolated (${name})`);
    for (const [provider, isolation] of found) terminal.out(`${provider} is isolated ${describe(isolation)}`);
    return;
  }
  if (what.kind === 'doubted') {
    const found = await listDoubted(table, target.time?.now ?? now);
    if (found.length === 0) terminal.out(`no recipient was ended by an answer that is in doubt (${name})`);
    for (const { provider, at, address, submissionId, reason } of found)
      terminal.out(`${time(at)}  ${provider}  ${address}  ${submissionId}  ${reason}`);
    return;
  }
  const { provider } = what;
  if (what.kind === 'release') {
    const before = await release(table, provider, who, now);
    if (!before) throw new UsageError(`${provider} is not isolated (${name})`);
    terminal.out(`${provider} is released (${name}); it was isolated ${describe(before)}`);
    terminal.out('all workers know within 10 seconds');
    return;
  }
  if (providers && !providers.includes(provider))
    throw new UsageError(`there is no provider "${provider}"; there are: ${providers.join(', ')}`);
  // An isolation lasts in stack time, like every other wait of a local stack.
  const forMs = what.forMs / (target.time?.scale ?? 1);
  const before = await isolate(table, provider, { reason: what.reason, who, forMs }, now);
  if (before) terminal.out(`${provider} was isolated ${describe(before)}; that is replaced`);
  terminal.out(`${provider} is isolated until ${time(now + forMs)} (${name}); all workers know within 10 seconds`);
  if (!providers)
    terminal.out(`the table does not list its providers: check that one of them has the key "${provider}"`);
  terminal.out(`to end it before: npm run release -- ${provider}${providers ? '' : ` --${name}`}`);
}

function describe({ since, until, reason, who }: Isolation): string {
  return `since ${time(since)} until ${time(until)} by ${who}: ${reason}`;
}

function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function thisUser(): string {
  return `${userInfo().username}@${hostname()}`;
}
