import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { type ExitCode, printUsage, readGiven, runCommand, UsageError, type Variables } from '../usage.ts';
import { planInWords, problemInWords } from './format.ts';
import { EXPLAIN_USAGE, type ExplainOptions, parseExplainOptions } from './options.ts';
import { type Explained, planFor } from './plan.ts';
import { routeSurroundings } from './surroundings.ts';

/** Input, output and dependencies of one run of the command. */
export interface ExplainContext {
  readonly environment: Variables;
  readonly input: NodeJS.ReadableStream;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly configuration: () => Promise<SenderEnvironment>;
  readonly now: () => number;
}

/** An explanation, with notes on what the explanation does not take into account. */
type Answer = Explained & { readonly notes: readonly string[] };

/**
 * Runs `npm run explain` with its arguments, and returns its exit code. 0: a provider would be tried. 1: the submission would
 * become a dead letter. 2: wrong usage.
 */
export async function explainCommand(argv: readonly string[], context: ExplainContext): Promise<ExitCode> {
  return await runCommand('explain', context, async () => {
    const options = parseExplainOptions(argv);
    if (!options) return printUsage(context, `${EXPLAIN_USAGE}\n`);
    const explained = await explainedBy(options, context);
    context.out(options.json ? `${JSON.stringify(inJson(explained), null, 2)}\n` : inWords(explained));
    return explained.kind === 'plan' ? 0 : 1;
  });
}

async function explainedBy(options: ExplainOptions, context: ExplainContext): Promise<Answer> {
  const body = options.file === '-' ? await text(context.input) : readGiven(options.file).toString();
  if (!options.live && isPointer(body))
    throw new UsageError('the submission is in S3: give the object itself, or let --local or --table NAME read it');
  const environment = await context.configuration();
  const now = context.now();
  const world = await routeSurroundings(options.live, environment, { ...context, now });
  const drawn = randomUUID();
  const explained = await planFor(body, { drawn, given: options.id }, environment, {
    objects: world.objects,
    now,
    acceptedBefore: world.acceptedBefore,
    circuits: await world.circuits(environment.providers.map(({ key }) => key)),
  });
  const notes = [...world.notes];
  if (explained.kind === 'plan' && explained.plan.id === drawn)
    notes.push('the submission has no id, so the draws use a random id; SQS will assign a different id');
  return { ...explained, notes };
}

function isPointer(body: string): boolean {
  try {
    return Object.hasOwn(Object(JSON.parse(body)), 's3');
  } catch {
    return false;
  }
}

function inWords(answer: Answer): string {
  const text = answer.kind === 'plan' ? planInWords(answer.plan) : problemInWords(answer.problem);
  return text + answer.notes.map((note) => `note: ${note}\n`).join('');
}

function inJson(answer: Answer): unknown {
  const body = answer.kind === 'plan' ? answer.plan : { problem: answer.problem };
  return answer.notes.length > 0 ? { ...body, notes: answer.notes } : body;
}
