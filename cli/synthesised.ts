import { rm } from 'node:fs/promises';
import { readAssembly, type StackTemplate } from '../local/template/assembly.ts';
import type { Deployment } from '../local/template/deployed.ts';
import { deploy } from '../local/template/deployment.ts';
import { synthesiseApp } from '../local/template/synthesise.ts';
import { makeWorkDirectory } from '../local/template/work-directory.ts';

/** The synthesised CDK app: its templates, and the deployment with every reference of the templates resolved. */
export interface Synthesised {
  readonly stacks: readonly StackTemplate[];
  readonly deployment: Deployment;
}

/** Synthesises the current `bin/mailover.ts`. Rejects with the output of the app if the configuration is wrong. */
export async function synthesised(): Promise<Synthesised> {
  const directory = await makeWorkDirectory();
  try {
    const stacks = await readAssembly(await synthesiseApp(directory, new AbortController().signal));
    // The URLs are only needed to resolve the references of the template; no request is sent to them.
    return { stacks, deployment: deploy(stacks, 'http://127.0.0.1', 'http://127.0.0.1') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
