import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Returns the code example of docs/testing.md in a language. `language` is the name after the opening code fence, such as `python`. */
export function exampleOf(language: string): string {
  const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
  const [, code, ...others] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? [];
  if (code === undefined || others.length > 0) throw new Error(`docs/testing.md has no example in ${language}`);
  return code;
}

/** Runs a program to its end and returns its output; rejects with the output if it fails. */
export async function outputOf(
  program: string,
  options: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, options, {
      cwd,
      env: { ...process.env, ...variables },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error([message.split('\n')[0], stdout, stderr].join('\n'));
  }
}
