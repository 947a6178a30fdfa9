import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pythonCommands } from './python.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVER = join(import.meta.dirname, 'moto/server.py');
const START_MS = 240_000;
/** Longest time of one command of the CDK. */
const COMMAND_MS = 400_000;

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Access key of the calls of CloudFormation itself, in the log of calls. */
export const CLOUDFORMATION = 'CLOUDFORMATION';

/** One call of an AWS API, as the server saw it. */
export interface Call {
  readonly accessKey: string;
  readonly region: string;
  readonly service: string;
  readonly target: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly copySource: string;
  readonly body: string;
  readonly status: number;
}

/** An AWS account on this machine: moto's server, with everything that the stack needs, on 127.0.0.1. */
export interface TestAccount {
  readonly endpoint: string;
  /** Python with boto3. */
  readonly python: string;
  /** Folder for files of the test; deleted with the account. */
  readonly directory: string;
  /** Environment of a program that uses the account. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a shell command in the root of the repository with this environment; rejects with its output if it fails. */
  run(command: string, more?: Readonly<Record<string, string>>): Promise<string>;
  calls(): Call[];
  close(): Promise<void>;
}

/** Starts an empty account. `timeScale` divides the delays of messages. */
export async function startAccount(timeScale = 1): Promise<TestAccount> {
  const commands = pythonCommands();
  const directory = mkdtempSync(join(tmpdir(), 'mailover-deploy-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(directory, 'calls.jsonl');
  const output = openSync(join(directory, 'server.log'), 'w');
  const server = spawn(join(commands, 'python'), [SERVER, String(port), log, String(timeScale)], {
    stdio: ['pipe', output, output],
  });
  closeSync(output);
  const gone = once(server, 'exit');
  const close = async () => {
    server.kill();
    await gone;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await until(async () => (await fetch(`${endpoint}/moto-api/`)).ok, START_MS);
  } catch (error) {
    const said = readFileSync(join(directory, 'server.log'), 'utf8');
    await close();
    throw new Error(`moto's server did not start: ${said}`, { cause: error });
  }
  const environment = {
    ...inherited(),
    PATH: [shim(directory, commands, endpoint), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    AWS_ACCESS_KEY_ID: 'OPERATOR',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ENDPOINT_URL: endpoint,
    // A template's URL on 127.0.0.1 would be read as one with the bucket in its host name.
    AWS_ENDPOINT_URL_S3: `http://localhost:${port}`,
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: `http://localhost:${port}`,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_REQUIRE_APPROVAL: 'never',
    CDK_OUTPUT: join(directory, 'cdk.out'),
    CDK_DISABLE_VERSION_CHECK: 'true',
    CI: '1',
  };
  return {
    endpoint,
    python: join(commands, 'python'),
    directory,
    environment,
    async run(command, more = {}) {
      const options = { cwd: ROOT, env: { ...environment, ...more }, timeout: COMMAND_MS, maxBuffer: 32 * 1024 * 1024 };
      try {
        const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], options);
        return `${stdout}${stderr}`;
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        throw new Error(`${command} failed:\n${stdout}${stderr}`);
      }
    },
    calls: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Call),
    close,
  };
}

/** Polls until a condition is true; an error counts as not yet. */
export async function until(condition: () => Promise<boolean>, patienceMs = 120_000): Promise<void> {
  const end = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not reached within ${patienceMs} ms`, { cause: last });
    await wait(100);
  }
}

/** The environment of this process without settings of AWS, the CDK and the test runner. */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|CDK_|MAILOVER_|VITEST|NODE_OPTIONS|TEST$)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/** A folder with the command `aws`, which calls the server. The CLI of version 1 ignores `AWS_ENDPOINT_URL` for SQS in us-east-1. */
function shim(directory: string, commands: string, endpoint: string): string {
  const script = `#!/bin/sh\nexec "${join(commands, 'python')}" "${join(commands, 'aws')}" --endpoint-url ${endpoint} "$@"\n`;
  writeFileSync(join(directory, 'aws'), script, { mode: 0o755 });
  return directory;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
