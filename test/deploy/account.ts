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
/** Longest time of one shell command, in milliseconds. The slowest commands are those of the CDK. */
const COMMAND_MS = 400_000;

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Access key with which the log of calls marks the calls that CloudFormation makes. */
export const CLOUDFORMATION = 'CLOUDFORMATION';

/** One call of an AWS API, as the test server logged it. */
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

/**
 * A simulated AWS account on this machine: a server of moto (a Python simulation of AWS) on 127.0.0.1, extended by everything
 * that the stack needs.
 */
export interface TestAccount {
  readonly endpoint: string;
  /** Path of the Python interpreter that has the package boto3. */
  readonly python: string;
  /** Folder for files of the test. `close` deletes it. */
  readonly directory: string;
  /** Environment variables for programs that use the account. */
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a shell command in the root of the repository with this environment; rejects with its output if it fails. */
  run(command: string, more?: Readonly<Record<string, string>>): Promise<string>;
  calls(): Call[];
  close(): Promise<void>;
}

/** Starts an empty account. The delays of SQS messages are divided by `timeScale`. */
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
    // With 127.0.0.1, moto would read the first part of the host name in a template's URL as the name of the S3 bucket.
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

/** Polls until a condition is true. If the condition throws an error, it is tried again. */
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

/** Returns the environment variables of this process, without the settings of AWS, the CDK, Mailover and the test runner. */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|CDK_|MAILOVER_|VITEST|NODE_OPTIONS|TEST$)/.test(name),
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * Writes a script `aws` into the folder. The script runs the AWS CLI with the address of the test server, and comes first in
 * PATH. It is needed because version 1 of the AWS CLI ignores `AWS_ENDPOINT_URL` for SQS in us-east-1.
 */
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
