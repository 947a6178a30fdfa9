import type { Server } from 'node:net';
import type { StackClock } from '../clock.ts';
import type { Fault, FaultBoard } from '../faults/faults.ts';
import type { AcceptedLog } from './accepted-log.ts';
import type { Report } from './events/reporter.ts';
import type { HttpBehaviour } from './http-simulator.ts';
import type { PostedRequest, PostingType } from './inbound/posting.ts';

/** Answers of one provider type to mail that it does not accept, in the form of faults; its `facts.ts` has their meanings. */
export interface TypeFaults {
  /** The account may not send: the answer to mail, and the one to health checks if that differs. */
  readonly suspended: readonly [Fault, ...Fault[]];
  readonly keyRevoked: Fault;
  /** No credits or quota left, as only attempts report it. */
  readonly outOfQuota: Fault;
  readonly throttled: Fault;
  readonly badMessage: Fault;
  /** One From address or domain may not send. */
  readonly unknownSender: Fault;
  readonly badRecipient: Fault;
  /** A refusal without a row in the table of the type. */
  readonly unrecognised: Fault;
  /** Every call fails. */
  readonly failed: Fault;
  /** An attempt fails, at the place where that costs most. */
  readonly failedAttempt: Fault;
}

/** How a type posts delivery events. */
export interface ReportingType {
  /** `secret`: fields of the provider's secret. `own`: values that only the simulated provider knows, such as a private key. */
  secret(key: string): {
    readonly secret: Record<string, string>;
    readonly own?: Readonly<Record<string, string>>;
  };
  /** Credentials that it posts with. */
  route(secret: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>>;
  /**
   * Largest number of events in one post.
   * @default 1
   */
  readonly most?: number;
  /** The request that posts these events; `route` has path and credentials. */
  post(
    events: readonly object[],
    route: Readonly<Record<string, string | undefined>>,
    now: number,
  ): Omit<PostedRequest, 'path'>;
  /** Pauses before the second and each later post of these events, in minutes, and the status after which they are not posted again. */
  retries(events: readonly object[]): { readonly minutes: readonly number[]; readonly stop?: number };
}

/** One configured provider that the local stack simulates. */
export interface PlayedProvider<Options> {
  readonly options: Options;
  /** Credentials that the simulator requires. */
  readonly secret: Readonly<Record<string, string>>;
  readonly clock: StackClock;
  /** Reports an event of accepted mail; events go nowhere if the provider has none switched on. */
  readonly report: Report;
}

/** A port of a provider without an HTTP API. */
export interface PlayedPort<Options> extends PlayedProvider<Options> {
  readonly key: string;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly faults: FaultBoard;
  readonly log: AcceptedLog;
  /** Purpose of the port: before MAIL a session of a health check looks like one that sends. */
  readonly occasion: 'send' | 'health';
}

/** Simulation of one provider type in the local stack. */
export type SimulatedType<Options> = {
  readonly faults: TypeFaults;
  /** How the type posts delivery events, if it does. */
  readonly reporting?: ReportingType;
  /** Options and secret of an account that the simulator accepts; the tests of all types use them. */
  readonly example: { readonly options: Options; readonly secret: Readonly<Record<string, string>> };
} & (
  | {
      readonly protocol: 'http';
      play(provider: PlayedProvider<Options>): HttpBehaviour;
      /** How the type posts received mail, if it receives over HTTP. */
      readonly posting?: PostingType;
    }
  | {
      readonly protocol: 'smtp';
      serve(port: PlayedPort<Options>): Server;
      /** Name that the certificate of the server must have. */
      hostOf(options: Options): string;
      readonly posting?: never;
    }
);

/** An answer over HTTP with a body in JSON, as a fault. */
export function jsonFault(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Fault {
  return {
    respond: { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
  };
}

/** The faults that are the same at every provider over HTTP. */
export const HTTP_FAILURES = {
  failed: { respond: { status: 500, body: '' }, on: 'all' },
  failedAttempt: { respond: { status: 500, body: '' } },
} as const satisfies Partial<TypeFaults>;
