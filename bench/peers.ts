import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import Mailgun from 'mailgun.js';
import { ServerClient } from 'postmark';
import { type Figure, seconds } from './figure.ts';
import { chain, OUTAGE_FAULTS, type OutageRig, outageRecord, startOutageRig } from './outage-rig.ts';

/** Number of mails that are sent concurrently, and the time after which the measurement no longer waits for unsent mails. */
const MAILS = 200;
const LIMIT_MS = 30_000;

/**
 * The compared libraries. They are installed outside of the project, since they bring 160 packages, most of them for push
 * notifications. All have the MIT licence.
 */
const PACKAGES = ['notifme-sdk@1.16.25', '@upyo/pool@0.6.0', '@upyo/core@0.5.5', '@opencoredev/email-sdk@1.1.0'];

/** Sends one mail through any of the providers; rejects if no provider has accepted it. */
type Peer = () => Promise<unknown>;

/**
 * Functions that send one mail through one provider with the provider's own SDK and the time limits of this SDK. They reject if
 * the mail is not accepted.
 */
interface Calls {
  first(): Promise<string>;
  second(): Promise<string>;
  /** Number of calls of the first provider, and number of mails that it accepted. For email-sdk, both providers are counted. */
  readonly tally: { begun: number; accepted: number };
}

/**
 * Measures alternatives to Mailover during an outage of the first of two providers. The alternatives are: code that tries the
 * providers in order with a deadline, code that calls the SDKs in order, and libraries with failover. All libraries except
 * email-sdk call the SDKs; their other options keep the default values.
 */
export async function measurePeers(): Promise<Figure[]> {
  const rig = await startOutageRig();
  const libraries = install();
  const peers: readonly (readonly [string, (calls: Calls) => Promise<Peer>])[] = [
    ['naive chain with 2 s', async () => naive(rig, 2_000)],
    ['naive chain with 10 s', async () => naive(rig, 10_000)],
    [
      'SDKs in turn',
      async ({ first, second }) =>
        () =>
          first().catch(second),
    ],
    ...(libraries === undefined ? [] : libraryPeers(rig, libraries)),
  ];
  const figures: Figure[] = [];
  for (const [name, create] of peers)
    for (const [what, fault] of Object.entries(OUTAGE_FAULTS)) {
      await rig.fault(fault);
      figures.push(await measure(`${name}, first provider ${what}`, rig, create));
    }
  if (libraries === undefined)
    figures.push({ name: PACKAGES.join(', '), value: 'not measured: they could not be installed' });
  await rig.close();
  return figures;
}

async function measure(name: string, rig: OutageRig, create: (calls: Calls) => Promise<Peer>): Promise<Figure> {
  const calls = sdkCalls(rig);
  rig.wasted = 0;
  const send = await create(calls);
  const begun = performance.now();
  let delivered = 0;
  let lastMs = 0;
  const all = Array.from({ length: MAILS }, () =>
    send().then(
      () => {
        delivered += 1;
        lastMs = performance.now() - begun;
      },
      () => undefined,
    ),
  );
  await Promise.race([Promise.all(all), pause(LIMIT_MS, undefined, { ref: false })]);
  const wasted = Math.max(calls.tally.begun - calls.tally.accepted, rig.wasted);
  const out = delivered === 0 ? '' : `, the last after ${seconds(lastMs)}`;
  return { name, value: `${wasted} attempts wasted, ${delivered} of ${MAILS} out${out}` };
}

function naive(rig: OutageRig, deadlineMs: number): Peer {
  const way = chain(rig, deadlineMs);
  return () => way(outageRecord());
}

function sdkCalls({ endpoints: { first = '', second = '' } }: OutageRig): Calls {
  const { host } = new URL(first);
  const postmark = new ServerClient('bench', { requestHost: host, useHttps: false });
  const mailgun = new Mailgun(FormData).client({ username: 'api', key: 'bench', url: second });
  const mail = { from: 'bench@example.com', to: 'ada@example.org', subject: 'outage', text: 'No mail waits.' };
  const tally = { begun: 0, accepted: 0 };
  return {
    first: async () => {
      tally.begun += 1;
      const { MessageID } = await postmark.sendEmail({
        From: mail.from,
        To: mail.to,
        Subject: mail.subject,
        TextBody: mail.text,
      });
      tally.accepted += 1;
      return MessageID;
    },
    second: async () => (await mailgun.messages.create('example.com', mail)).id ?? '',
    tally,
  };
}

/** Installs the libraries. Returns their folder; undefined if the package registry is not reachable. */
function install(): string | undefined {
  const directory = join(tmpdir(), 'mailover-peers');
  const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'];
  const { status } = spawnSync('npm', ['install', '--prefix', directory, ...options, ...PACKAGES], { stdio: 'ignore' });
  return status === 0 ? join(directory, 'node_modules') : undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the libraries are not dependencies, so their types are not here
type Load = (file: string) => Promise<any>;

/** Creates the sender of the library email-sdk. The library calls both providers with its own code, and its telemetry is off. */
async function emailSdk(
  load: Load,
  { first = '', second = '' }: OutageRig['endpoints'],
  { tally }: Calls,
  onUnknownDelivery: 'stop' | 'continue',
): Promise<Peer> {
  const counted: typeof fetch = async (...request) => {
    tally.begun += 1;
    const response = await fetch(...request);
    if (response.ok) tally.accepted += 1;
    return response;
  };
  const [core, postmark, mailgun] = await Promise.all(
    ['index', 'postmark', 'mailgun'].map((part) => load(`@opencoredev/email-sdk/dist/${part}.js`)),
  );
  const client: { send(message: object): Promise<unknown> } = core.createEmailClient({
    adapters: [
      postmark.postmark({ serverToken: 'bench', baseUrl: first, fetch: counted }),
      mailgun.mailgun({ apiKey: 'bench', domain: 'example.com', baseUrl: second }),
    ],
    fallback: { adapters: ['mailgun'], onUnknownDelivery },
    telemetry: false,
  });
  const mail = { from: 'bench@example.com', to: 'ada@example.org', subject: 'outage', text: 'No mail waits.' };
  return () => client.send(mail);
}

type Transport = { readonly id: string; send(message: object): Promise<object> };

function libraryPeers({ endpoints }: OutageRig, libraries: string): [string, (calls: Calls) => Promise<Peer>][] {
  const load: Load = async (file) => await import(pathToFileURL(join(libraries, file)).href);
  return [
    [
      'notifme-sdk',
      async ({ first, second }) => {
        const { default: module } = await load('notifme-sdk/lib/index.js');
        const Sdk = module.default ?? module;
        const custom = (id: string, send: () => Promise<string>) => ({ type: 'custom', id, send });
        const providers = [custom('first', first), custom('second', second)];
        const sdk = new Sdk({ channels: { email: { providers, multiProviderStrategy: 'fallback' } } });
        sdk.logger.mute();
        return async () => {
          const { status } = await sdk.send({
            email: { from: 'bench@example.com', to: 'ada@example.org', subject: 'outage' },
          });
          if (status !== 'success') throw new Error(status);
        };
      },
    ],
    [
      '@upyo/pool',
      async ({ first, second }) => {
        const { PoolTransport } = await load('@upyo/pool/dist/index.js');
        const transport = (id: string, call: () => Promise<string>): Transport => ({
          id,
          send: async () => {
            const messageId = await call();
            return { successful: true, messageId };
          },
        });
        const pool: Transport = new PoolTransport({
          strategy: 'priority',
          transports: [
            { transport: transport('first', first), priority: 2 },
            { transport: transport('second', second), priority: 1 },
          ],
        });
        return async () => {
          const receipt = (await pool.send({ subject: 'outage', recipients: [], attachments: [], tags: [] })) as {
            successful: boolean;
          };
          if (!receipt.successful) throw new Error('not sent');
        };
      },
    ],
    ['@opencoredev/email-sdk', (calls) => emailSdk(load, endpoints, calls, 'stop')],
    [
      "@opencoredev/email-sdk with onUnknownDelivery: 'continue'",
      (calls) => emailSdk(load, endpoints, calls, 'continue'),
    ],
  ];
}
