import { expect, test } from 'vitest';
import { verifyCommand } from '../../../cli/verify/command.ts';
import { recordedTerminal } from '../../support/recorded-terminal.ts';

async function run(...argv: string[]) {
  const { both, terminal } = recordedTerminal();
  const code = await verifyCommand(argv, { MAILOVER_PORT: '1' }, terminal);
  return { code, text: both.join('\n') };
}

test.each([
  [[], 'verify takes an address such as ada@example.org'],
  [['ada'], 'verify takes an address such as ada@example.org, not "ada"'],
  [['a@example.org', 'b@example.org'], 'give one address, not 2'],
  [['a@example.org', '--table', 'state'], '--table and --secret go together'],
  [['a@example.org', '--region', 'eu-west-1'], '--region goes with --table NAME'],
  [['a@example.org', '--tabel', 'x'], '--tabel'],
])('%j is wrong usage', async (argv, problem) => {
  const { code, text } = await run(...argv);

  expect(code).toBe(2);
  expect(text).toContain(problem);
});

test('without a running stack nothing is verified', async () => {
  const { code, text } = await run('ada@example.org');

  expect(code).toBe(1);
  expect(text).toContain('no local stack answers');
});

test('--help prints the usage', async () => {
  const { code, text } = await run('--help');

  expect(code).toBe(0);
  expect(text).toContain('npm run verify -- ADDRESS [options]');
});
