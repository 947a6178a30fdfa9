import type { Server } from 'node:net';
import type { StackClock } from '../clock.ts';
import type { Fault, FaultBoard } from '../faults/faults.ts';
import type { AcceptedLog } from './accepted-log.ts';
import type { Report } from './events/reporter.ts';
import type { HttpBehaviour } from './http-simulator.ts';
import type { PostedRequest, PostingType } from './inbound/posting.ts';

/**
 * Answers with which one provider type refuses mail, in the form of faults. The table in the `facts.ts` of the provider type
 * classifies these answers.
 */
export interface TypeFaults {
  /** Faults for an account that may not send: the answer to mail and, if it is different, the answer to health checks. */
  readonly suspended: readonly [Fault, ...Fault[]];
  readonly keyRevoked: Fault;
  /** The answer if no credits or no quota are left. Only requests that send mail get this answer; health checks do not. */
  readonly outOfQuota: Fault;
  readonly throttled: Fault;
  readonly badMessage: Fault;
  /** The answer if the account may not send from one From address or domain. */
  readonly unknownSender: Fault;
  readonly badRecipient: Fault;
  /** A refusal for which the table in the provider type's `facts.ts` has no row. */
  readonly unrecognised: Fault;
  /** The answer of a provider that fails on every call. */
  readonly failed: Fault;
  /**
   * The answer of a provider that fails only on requests that send mail. Over SMTP the failure is at DATA, so each attempt takes
   * the time of an SMTP dialogue up to DATA.
   */
  readonly failedAttempt: Fault;
}

/** Simulation of the posts of delivery events of one provider type. */
export interface ReportingType {
  /**
   * Generates the provider's credentials. `secret` contains the fields of the provider's secret. `own` contains values that only
   * the simulated provider knows, such as a private key.
   */
  secret(key: string): {
    readonly secret: Record<string, string>;
    readonly own?: Readonly<Record<string, string>>;
  };
  /** Returns the credentials with which the provider type posts events. */
  route(secret: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>>;
  /**
   * Largest number of events in one post.
   * @default 1
   */
  readonly most?: number;
  /**
   * Returns the request that posts these events. `route` contains the path and the credentials. `now` is the real time of the
   * post, in epoch milliseconds.
   */
  post(
    events: readonly object[],
    route: Readonly<Record<string, string | undefined>>,
    now: number,
  ): Omit<PostedRequest, 'path'>;
  /**
   * `minutes`: pauses before the second and each further attempt to post these events. `stop`: HTTP status after which the
   * provider does not post the events again.
   */
  retries(events: readonly object[]): { readonly minutes: readonly number[]; readonly stop?: number };
}

/** A configured provider with an account that the local stack simulates. */
export interface PlayedProvider<Options> {
  readonly options: Options;
  /** Credentials that the simulator requires. */
  readonly secret: Readonly<Record<string, string>>;
  readonly clock: StackClock;
  /** Reports a delivery event of accepted mail. Does nothing if delivery events are not configured for the provider. */
  readonly report: Report;
}

/** A port of a simulated SMTP provider. */
export interface PlayedPort<Options> extends PlayedProvider<Options> {
  readonly key: string;
  readonly tls: { readonly key: string; readonly cert: string };
  readonly faults: FaultBoard;
  readonly log: AcceptedLog;
  /**
   * Purpose of the port. Health checks need a port of their own, since a health check and a session that sends a mail do not
   * differ before the command MAIL.
   */
  readonly occasion: 'send' | 'health';
}

/** Simulation of one provider type for the local stack. */
export type SimulatedType<Options> = {
  readonly faults: TypeFaults;
  /** Simulation of the posts of delivery events; absent for a type that posts none. */
  readonly reporting?: ReportingType;
  /** Options and secret of an account that the simulator accepts. Tests for all provider types use this account. */
  readonly example: { readonly options: Options; readonly secret: Readonly<Record<string, string>> };
} & (
  | {
      readonly protocol: 'http';
      play(provider: PlayedProvider<Options>): HttpBehaviour;
      /** Simulation of the posts of received mail; absent for a type that posts none. */
      readonly posting?: PostingType;
    }
  | {
      readonly protocol: 'smtp';
      serve(port: PlayedPort<Options>): Server;
      /** Returns the host name that the certificate of the server must contain. */
      hostOf(options: Options): string;
      readonly posting?: never;
    }
);

/** Returns a fault that replaces the answer of an HTTP provider by an answer with a JSON body. */
export function jsonFault(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Fault {
  return {
    respond: { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
  };
}

/** The faults that are the same for every provider with an HTTP API. */
export const HTTP_FAILURES = {
  failed: { respond: { status: 500, body: '' }, on: 'all' },
  failedAttempt: { respond: { status: 500, body: '' } },
} as const satisfies Partial<TypeFaults>;
