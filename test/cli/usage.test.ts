import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseArguments, refuseArguments, UsageError, wholeNumber } from '../../cli/usage.ts';

const OPTIONS = { to: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
const parse = (...argv: string[]) => parseArguments(argv, OPTIONS, {});

it('reads options and arguments', () => {
  expect(parse('a', '--to', 'ada@example.org', '-h')).toMatchObject({
    values: { to: 'ada@example.org', help: true },
    positionals: ['a'],
  });
  expect(parse('--to=-x').values).toMatchObject({ to: '-x' });
  expect(parse('--', '--frm').positionals).toEqual(['--frm']);
});

it.each([
  [['--frm', 'x'], 'there is no option --frm; there are --to, --json, --help'],
  [['-x'], 'there is no option -x; there are --to, --json, --help'],
  [['--toString'], 'there is no option --toString; there are --to, --json, --help'],
  [['--to'], '--to needs a value after it'],
  [
    ['--to', '--json'],
    '--to needs a value, and "--json" looks like an option; give a value that begins with a hyphen as --to=--json',
  ],
  [['--json=1'], '--json takes no value'],
])('says of %j what would be right', (argv, message) => {
  expect(() => parse(...argv)).toThrow(new UsageError(message));
});

it('says of an argument and of a number what would be right', () => {
  expect(() => refuseArguments(['ada'])).toThrow('unexpected argument "ada"; options begin with --');
  expect(() => wholeNumber('count', '1.5', 1, 9)).toThrow('--count takes a whole number from 1 to 9, not "1.5"');
});

describe('a wrong command line ends with 2, and a sentence without a trace', { timeout: 60_000 }, () => {
  it.each([
    [
      'chaos/main.ts',
      ['--sed', '1'],
      /^chaos: there is no option --sed; there are --seeds, .*\nchaos: "npm run chaos -- --help" lists/,
    ],
    ['chaos/main.ts', ['--faults', 'rain'], /^chaos: --faults takes some of .*, not "rain"/],
    ['bench/main.ts', ['nothing'], /^bench: there is no part "nothing"; there are first, .*outage/],
    ['bench/main.ts', ['outage', 'many'], /^bench: the number of mails is a whole number from 1, not "many"/],
    ['test/chaos/plant.ts', ['--defect', 'none'], /^test:defects: --defect takes one of these, not "none":\n/],
    ['scripts/mutation.ts', ['none'], /^test:mutation: there is no part none; there are ses|mailgun/],
    [
      'scripts/compare-readers.ts',
      ['/none'],
      /^compare-readers: there is no directory \/none; npm run compare-readers -- /,
    ],
  ])('%s %j', async (script, argv, message) => {
    const ran = promisify(execFile)(process.execPath, [script, ...argv]);
    await expect(ran).rejects.toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });
});
