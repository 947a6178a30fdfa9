import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the commands of a section of README in the order of README, without comments. */
export function commandsOf(section: string): string[] {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const text = new RegExp(`^## ${section}\\n(.*?)^## `, 'ms').exec(readme)?.[1];
  if (text === undefined) throw new Error(`README has no section ${section}`);
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '').trim())
      .filter(Boolean),
  );
}
