import type { Isolation } from '../../lambda/circuit/isolation.ts';
import { isolate, isolations, release } from '../../lambda/circuit/operator-switch.ts';
import { defined } from '../../lambda/platform/defined.ts';
import { isoTime, minuteTime } from '../../lambda/platform/iso-time.ts';
import { hourOf } from '../../lambda/reputation/hours.ts';
import { resumeClass } from '../../lambda/reputation/paused-classes.ts';
import type { Terminal } from '../send/progress.ts';
import { type ExitCode, printUsage, runCommand, thisUser, UsageError, type Variables } from '../usage.ts';
import { listDoubted } from './doubted.ts';
import { OPERATE_USAGE, type OperateOptions, parseOperateOptions } from './options.ts';
import { pauseInJson, pauseInWords } from './pauses.ts';
import { findTable, type TableTarget } from './target.ts';

/** Runs `npm run isolate`, `npm run release` or `npm run doubted` with its arguments, and returns its exit code. */
export function operate(argv: readonly string[], environment: Variables, terminal: Terminal): Promise<ExitCode> {
  const [command, ...rest] = argv;
  const name = command ?? 'isolate';
  return runCommand(
    name,
    terminal,
    async () => {
      const options = parseOperateOptions(command, rest);
      if (!options) return printUsage(terminal, OPERATE_USAGE);
      const { result, sentences } = await carryOut(options, await findTable(options, environment['MAILOVER_PORT']));
      if (options.json) terminal.out(JSON.stringify(result, null, 2));
      else for (const sentence of sentences) terminal.out(sentence);
      return 0;
    },
    'npm run isolate -- --help',
  );
}

/** Does what the options ask for. Returns the result twice: for `--json`, and as sentences for a person. */
async function carryOut(
  { what, who = thisUser() }: OperateOptions,
  { table, name, providers, commandLine, time: stackTime }: TableTarget,
): Promise<{ readonly result: unknown; readonly sentences: readonly string[] }> {
  const now = Date.now();
  if (what.kind === 'show') {
    const found = [...(await isolations(table, now))];
    const sentences = found.map(([provider, isolation]) => `${provider} is isolated ${describe(isolation)}`);
    return {
      result: found.map(([provider, isolation]) => ({ provider, ...inJson(isolation) })),
      sentences: found.length === 0 ? [`no provider is isolated (${name})`] : sentences,
    };
  }
  if (what.kind === 'doubted') {
    const found = await listDoubted(table, stackTime?.now ?? now);
    const sentences = found.map(
      ({ provider, at, address, submissionId, reason }) =>
        `${minuteTime(at)}  ${provider}  ${address}  ${submissionId}  ${reason}`,
    );
    return {
      result: found.map((one) => ({ ...one, at: isoTime(one.at) })),
      sentences: found.length === 0 ? [`no recipient was given up because of a doubted answer (${name})`] : sentences,
    };
  }
  if (what.kind === 'resume') {
    const hour = hourOf(stackTime?.now ?? now, {});
    const before = await resumeClass(table, what.class, { who, now, hour });
    if (!before) throw new Error(`the class ${what.class} is not paused (${name})`);
    return {
      result: { class: what.class, released: true, before: pauseInJson(before) },
      sentences: [
        `the class ${what.class} is released (${name}); it was paused ${pauseInWords(before)}`,
        'all workers know within 10 seconds; waiting mail is sent at its next try',
      ],
    };
  }
  const { provider } = what;
  if (providers && !providers.includes(provider))
    throw new UsageError(`there is no provider "${provider}"; there are: ${providers.join(', ')}`);
  if (what.kind === 'release') {
    const before = await release(table, provider, who, now);
    if (!before) throw new Error(`${provider} is not isolated (${name})`);
    return {
      result: { provider, released: true, before: inJson(before) },
      sentences: [
        `${provider} is released (${name}); it was isolated ${describe(before)}`,
        'all workers know within 10 seconds',
      ],
    };
  }
  // The duration of an isolation is counted in stack time, like every other duration in a local stack. A local stack may run
  // faster than real time.
  const forMs = what.forMs / (stackTime?.scale ?? 1);
  const before = await isolate(table, provider, { reason: what.reason, who, forMs }, now);
  return {
    result: { provider, isolatedUntil: isoTime(now + forMs), ...defined({ before: before && inJson(before) }) },
    sentences: [
      ...(before
        ? [`${provider} was isolated ${describe(before)}; the new isolation replaces the earlier isolation`]
        : []),
      `${provider} is isolated until ${minuteTime(now + forMs)} (${name}); all workers know within 10 seconds`,
      ...(providers ? [] : [`the table does not list its providers: check that one of them has the key "${provider}"`]),
      `to end it earlier: ${commandLine(`npm run release -- ${provider}`)}`,
    ],
  };
}

function inJson({ since, until, reason, who }: Isolation): object {
  return { since: isoTime(since), until: isoTime(until), reason, who };
}

function describe({ since, until, reason, who }: Isolation): string {
  return `since ${minuteTime(since)} until ${minuteTime(until)} by ${who}: ${reason}`;
}
