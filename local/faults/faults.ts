import { z } from 'zod';

/** The kind of call to which a fault applies: sending a mail, a look-up of a sent mail, or a health check of the account. */
export type Occasion = 'send' | 'lookup' | 'health';

/** The points of an SMTP session at which a fault can replace the reply. `end` is the reply after the end of the mail's data. */
export const SMTP_STAGES = ['connect', 'ehlo', 'starttls', 'auth', 'mail', 'rcpt', 'data', 'end', 'quit'] as const;
export type FaultStage = (typeof SMTP_STAGES)[number];

const headerValue = z.union([z.string().regex(/^[^\r\n]*$/, 'must be one line'), z.number()]);

const faultFields = z.strictObject({
  respond: z
    .strictObject({
      status: z.int().min(100).max(599),
      headers: z
        .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name'), headerValue)
        .optional(),
      body: z.string().optional(),
    })
    .optional(),
  network: z
    .enum(['refuse', 'reset-mid-request', 'reset', 'hang', 'reset-after-accept', 'hang-after-accept', 'forget'])
    .optional(),
  smtp: z.strictObject({ stage: z.enum(SMTP_STAGES), reply: z.string().min(1) }).optional(),
  service: z.enum(['sqs', 's3', 'dynamodb', 'secrets']).optional(),
  operation: z.string().min(1).optional(),
  error: z.string().min(1).optional(),
  rate: z.number().min(0).max(1).optional(),
  times: z.int().min(1).optional(),
  delayMs: z.number().min(0).max(2_147_483_647).optional(),
  on: z.enum(['send', 'lookup', 'health', 'all']).optional(),
  match: z.string().min(1).optional(),
});

const faultSchema = faultFields.superRefine((fault, context) => {
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  const actions = [fault.respond, fault.network, fault.smtp, fault.error].filter((action) => action !== undefined);
  if (actions.length > 1) refuse('give one of respond, network, smtp and error, not several');
  if (actions.length === 0 && fault.delayMs === undefined)
    refuse('give one of respond, network, smtp, error or delayMs');
  if (fault.service === undefined && (fault.operation ?? fault.error) !== undefined)
    refuse('operation and error need a service: sqs, s3, dynamodb or secrets');
  const problem = fault.service && whyNotOfService(fault);
  if (problem) refuse(problem);
});

/** One fault of a provider or of an AWS service, in the form that `PUT …/fault` accepts. */
export type Fault = Readonly<z.infer<typeof faultSchema>>;

/** A call of a provider or of an AWS service to which a fault may apply. */
export type FaultTarget = (ProviderProbe | AwsProbe) & {
  /** Whether the connection was already open when the current faults were set. */
  readonly kept?: boolean;
};

interface AwsProbe {
  readonly service: NonNullable<Fault['service']>;
  readonly operation: string;
}

interface ProviderProbe {
  readonly on: Occasion;
  /**
   * Text in which the `match` of a fault is searched: the decoded subject, addresses and headers of the mail, or the SMTP command
   * of the stage.
   */
  readonly text: string;
  /** Stage of the SMTP session; absent for a call over HTTP. */
  readonly stage?: FaultStage;
}

/** Key under which the faults of AWS services are set. The faults of a provider are set under the provider's key. */
export const AWS_SCOPE = 'aws';

/** Error for a fault that cannot be set. The message is a text for the user. */
export class InvalidFault extends Error {
  override readonly name = 'InvalidFault';
}

/** Parses one fault or a list of faults. Throws {@link InvalidFault} on a fault that the schema does not allow. */
export function parseFaults(input: unknown): Fault[] {
  const list = Array.isArray(input) ? input : [input];
  return list.map((item, index) => {
    const result = faultSchema.safeParse(item);
    if (result.success) return result.data;
    const issue = result.error.issues[0];
    const field = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
    const fields =
      issue?.code === 'unrecognized_keys' && field === ''
        ? `; a fault has ${Object.keys(faultFields.shape).join(', ')}`
        : '';
    throw new InvalidFault(`Fault ${index + 1} of ${list.length} cannot be used${field}: ${issue?.message}${fields}.`);
  });
}

type Listener = (faults: readonly Fault[]) => Promise<void> | void;
type Counted = Fault & { hits: number };

/**
 * The faults that are set, by scope; a scope is a provider or AWS. Each fault has a number of hits: the number of calls to which
 * the fault was applied.
 */
export class FaultBoard {
  readonly #faults = new Map<string, Counted[]>();
  readonly #listeners = new Map<string, Listener[]>();
  readonly #random: () => number;

  constructor(options: { readonly random?: () => number } = {}) {
    this.#random = options.random ?? Math.random;
  }

  /**
   * Replaces the faults of a scope (a provider, or AWS). Resolves when the new faults are in effect. If a listener refuses the
   * new faults, the method restores the previous faults and rejects.
   */
  async set(scope: string, faults: readonly Fault[]): Promise<void> {
    const [problem] = faults.flatMap((fault) => {
      if (scope === AWS_SCOPE) return whyNotOfService(fault) ?? [];
      return fault.service === undefined ? [] : 'a fault with a service belongs under /api/aws/fault';
    });
    if (problem) throw new InvalidFault(`The fault cannot be used: ${problem}.`);
    const before = this.#faults.get(scope) ?? [];
    this.#faults.set(
      scope,
      faults.map((fault) => ({ ...fault, hits: 0 })),
    );
    try {
      await this.#tell(scope);
    } catch (error) {
      this.#faults.set(scope, before);
      await this.#tell(scope);
      throw error;
    }
  }

  /** Ends all faults of a scope (a provider, or AWS). Resolves when the faults no longer apply. */
  async clear(scope: string): Promise<void> {
    await this.set(scope, []);
  }

  /** Ends all faults of AWS and of all providers. Resolves when the faults no longer apply. */
  async clearAll(): Promise<void> {
    for (const scope of this.#faults.keys()) await this.clear(scope);
  }

  /**
   * Returns the faults of a scope (a provider, or AWS), with their hits. A fault `refuse` that closes the port always has 0 hits,
   * since connections to a closed port cannot be counted.
   */
  get(scope: string): (Fault & { hits: number })[] {
    return (this.#faults.get(scope) ?? []).map((fault) => ({ ...fault }));
  }

  /**
   * Whether a fault of the scope (a provider, or AWS) has a `match`. In this case a request must be read completely before it is
   * known which fault applies to it.
   */
  needsText(scope: string): boolean {
    return (this.#faults.get(scope) ?? []).some((fault) => fault.match !== undefined);
  }

  /**
   * Finds the first fault that applies to the call and for which `isOfKind` is true, adds 1 to the hits of this fault, and
   * returns it. Returns undefined if no fault applies.
   */
  match(scope: string, probe: FaultTarget, isOfKind: (fault: Fault) => boolean = () => true): Fault | undefined {
    for (const fault of this.#faults.get(scope) ?? []) {
      if (!isOfKind(fault)) continue;
      if (fault.times !== undefined && fault.hits >= fault.times) continue;
      // The fault `forget` simulates a NAT gateway that has dropped its open flows. Such a gateway still lets new connections
      // through, so the fault applies only to connections that were opened before the fault was set.
      if (fault.network === 'forget' && probe.kept !== true) continue;
      if (!('service' in probe ? concernsService(fault, probe) : concernsProvider(fault, probe))) continue;
      if (fault.rate !== undefined && this.#random() >= fault.rate) continue;
      fault.hits++;
      return fault;
    }
    return undefined;
  }

  /**
   * Calls `callback` with the new faults after each change of the faults of a scope (a provider, or AWS). `set` and `clear` wait
   * for the callback.
   */
  onChange(scope: string, callback: Listener): void {
    this.#listeners.set(scope, [...(this.#listeners.get(scope) ?? []), callback]);
  }

  async #tell(scope: string): Promise<void> {
    for (const listener of this.#listeners.get(scope) ?? []) await listener(this.get(scope));
  }
}

/**
 * Whether these faults close a port. `alone` is `health` for a port that only health checks use. A port is open or closed for all
 * connections. Therefore a fault `refuse` with a condition does not close the port, but resets single connections.
 */
export function closesPort(faults: readonly Fault[], alone?: 'health'): boolean {
  const first = faults[0];
  if (first?.network !== 'refuse') return false;
  const always = first.rate === undefined || first.rate === 1;
  const everyone = first.on === undefined || first.on === 'send' || first.on === 'all' || first.on === alone;
  return always && everyone && first.times === undefined && first.match === undefined;
}

function whyNotOfService({ respond, network, smtp, on, match }: z.infer<typeof faultFields>): string | undefined {
  if (respond || smtp || (network && network !== 'forget'))
    return 'respond, smtp, and network other than forget are for providers; a service has error, delayMs and network: forget';
  return (on ?? match) === undefined
    ? undefined
    : 'on and match are for providers; a service has operation, rate and times';
}

function concernsService(fault: Fault, probe: AwsProbe): boolean {
  if (fault.service !== undefined && fault.service !== probe.service) return false;
  return fault.operation === undefined || fault.operation === probe.operation;
}

function concernsProvider(fault: Fault, probe: ProviderProbe): boolean {
  const on = fault.on ?? 'send';
  if (on !== 'all' && on !== probe.on) return false;
  if (fault.match !== undefined && !probe.text.toLowerCase().includes(fault.match.toLowerCase())) return false;
  if (fault.smtp) return fault.smtp.stage === probe.stage;
  if (probe.stage === undefined) return true;
  // A fault that names no SMTP stage applies once in an SMTP session. A fault `refuse` without `match` applies when the
  // connection is opened. Any other such fault applies after the mail. The session of a health check contains no mail, so there
  // each such fault applies when the connection is opened.
  if (fault.network === 'forget') return false;
  const early = (fault.network === 'refuse' && fault.match === undefined) || probe.on === 'health';
  const stage = early ? 'connect' : 'end';
  return probe.stage === stage && fault.respond === undefined;
}
