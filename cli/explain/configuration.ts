import { rm } from 'node:fs/promises';
import type { SenderEnvironment } from '../../lambda/contract/environment.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { deploy } from '../../local/template/deployment.ts';
import { senderOf } from '../../local/template/find-function.ts';
import { synthesiseApp } from '../../local/template/synthesise.ts';
import { makeWorkDirectory } from '../../local/template/work-directory.ts';

/** The sender's environment as a deployment of the current `bin/mailover.ts` would set it. */
export async function synthesisedSender(): Promise<SenderEnvironment> {
  const directory = await makeWorkDirectory();
  try {
    const stacks = await readAssembly(await synthesiseApp(directory, new AbortController().signal));
    // The addresses only fill the references of the template; none of them is called.
    return senderOf(deploy(stacks, 'http://127.0.0.1', 'http://127.0.0.1')).environment;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
