import type { SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import type { WireBody } from './form.ts';
import type { ReceivedMail } from './received-mail.ts';

type Secret = Readonly<Record<string, string>>;

/** Data for a program that posts as a provider: paths at the HTTP API, and keys generated at this start of the stack. */
export interface InboundRoute {
  readonly path?: string;
  /** URL that takes a raw mail, with `?from=…&to=…` for its envelope, where the provider posts none. */
  readonly url?: string;
  /** Further paths, keys and passwords, under the names of the type. */
  readonly [name: string]: string | undefined;
}

/** Options of receiving one mail. */
export interface ReceiveOptions {
  /**
   * Form in which it is posted, one of the type's.
   * @default - the first
   */
  readonly form?: string;
  /** Signs with the previous key or password. @default false */
  readonly previous?: boolean;
  /** Age of the signature in seconds, where a signature has a time. @default 0 */
  readonly ageSeconds?: number;
  /**
   * `blocked`: a rule of the provider holds it, nothing is posted. `lost`: it is posted to another URL, which answers 200.
   * @default - it is posted
   */
  readonly hold?: 'blocked' | 'lost';
}

/** State of a received mail. */
export type ReceptionStatus = 'scheduled' | 'processed' | 'failed' | 'blocked';

/** One call of the HTTP API. */
export interface Try {
  readonly at: string;
  /** Absent if there was no answer. */
  readonly status?: number;
  readonly error?: string;
  /** Duration from request to answer. */
  readonly ms: number;
}

/** A mail that a provider has received, with its posts. */
export interface Received {
  /** The provider's own id of it. */
  readonly id: string;
  readonly at: number;
  readonly mail: ReceivedMail;
  readonly options: ReceiveOptions;
  readonly tries: Try[];
  status: ReceptionStatus;
}

/** Received mail of one provider. */
export interface Receptions {
  /** All stored mail, oldest first. */
  list(): readonly Received[];
  get(id: string): Received | undefined;
  /** URL of a stored mail at the provider. */
  messageUrl(id: string): string;
  /** Posts a mail again, from the start of the schedule. */
  repeat(received: Received): void;
}

/** A request to the HTTP API. */
export interface PostedRequest extends WireBody {
  readonly path: string;
  /** Headers in addition to Content-Type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Content of a file with a request of a provider. */
export type Payload = Readonly<Record<string, unknown>>;

/** How a type posts received mail, by its own pages; every type that receives over HTTP has one. */
export interface PostingType {
  /** Forms in which it posts a mail; the first is its default. */
  readonly forms: readonly [string, ...string[]];
  /** Pauses before the second and each later post, in minutes, and the status after which a mail is not posted again. */
  readonly retries: { readonly minutes: readonly number[]; readonly stop: number };
  /** Id of a mail that it receives now. */
  newId(): string;
  /** Paths and credentials that it posts with: the path at the HTTP API, and its secret for received mail. */
  route(path: string, secret: Secret): InboundRoute;
  /** Path of a stored mail in its API. */
  messagePath(id: string): string;
  /** The request that posts a mail; `messageUrl` is that of the stored mail. */
  post(received: Received, route: InboundRoute, messageUrl: string): PostedRequest;
  /** A request from a file, with the current credentials, and its recipients; undefined for one of another type. */
  replay(payload: Payload, route: InboundRoute): (PostedRequest & { readonly to: readonly string[] }) | undefined;
  /** Domains for which the account receives mail, if the options of the requests for missed mail name them. */
  domains?(missed: object): readonly string[];
  /** Options of an account that only receives, from the options of the requests for missed mail. */
  accountOptions(missed: object): object;
  /** The provider's API about received mail. */
  readonly api: {
    /** Key of its requests: in the secret for received mail, or in that of the account. */
    keyIn(received: Secret, account: Secret): string;
    isFor(path: string): boolean;
    /** Undefined for any other request, and for one with another key. */
    answer(request: SimulatorRequest, access: ReceivingAccess): SimulatorAnswer | undefined;
  };
}

/** Mail, key and pace of the API about received mail. */
export interface ReceivingAccess {
  readonly receiving: Receptions;
  readonly apiKey: string;
  readonly timeScale: number;
}
