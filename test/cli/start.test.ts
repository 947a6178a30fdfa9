import { expect, it } from 'vitest';
import { parseStartOptions } from '../../cli/start/options.ts';

it('has defaults, and takes variables', () => {
  expect(parseStartOptions([], {})).toEqual({ port: 4700, timeScale: 1, logs: false });
  expect(parseStartOptions(['--logs'], { MAILOVER_PORT: '5700', MAILOVER_TIME_SCALE: '60' })).toEqual({
    port: 5700,
    timeScale: 60,
    logs: true,
  });
  expect(parseStartOptions(['--help'], { MAILOVER_PORT: 'web' })).toBeUndefined();
});

it.each([
  { argv: ['--log'], variables: {}, says: /--log/ },
  { argv: ['now'], variables: {}, says: /unexpected argument "now"/ },
  { argv: [], variables: { MAILOVER_PORT: '70000' }, says: /MAILOVER_PORT is "70000"; it must be a whole number/ },
  { argv: [], variables: { MAILOVER_PORT: 'web' }, says: /MAILOVER_PORT is "web"; it must be a whole number/ },
  {
    argv: [],
    variables: { MAILOVER_TIME_SCALE: '0' },
    says: /MAILOVER_TIME_SCALE is "0"; it must be a number above 0/,
  },
  { argv: [], variables: { npm_config_logs: 'true' }, says: /npm took --logs for itself/ },
])('$argv with $variables is refused with an error that helps', ({ argv, variables, says }) => {
  expect(() => parseStartOptions(argv, variables)).toThrow(says);
});
