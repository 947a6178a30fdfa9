import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SmtpOptions } from '../../../lambda/providers/smtp/options.ts';
import { type Fault, type FaultStage, InvalidFault } from '../../faults/faults.ts';
import { KeptConnections } from '../../faults/kept-connections.ts';
import type { Taking } from '../accepted-log.ts';
import { headersOf, searchableText, viewMime } from '../mime-view.ts';
import type { PlayedPort } from '../type.ts';
import { deliveryReports } from './report.ts';
import { pause, SmtpSession } from './session.ts';

/** Default of the provider's `maxBytes`; the limits of Postfix, Exim and nodemailer differ. */
const DEFAULT_MAX_BYTES = 26_214_400;
const OPENING: readonly FaultStage[] = ['connect', 'ehlo', 'starttls', 'auth'];

/** A report is sent even while the port is closed. */
const NEVER = new AbortController().signal;

type Surroundings = PlayedPort<SmtpOptions>;

/** A mail server that requires TLS (by the provider's `tls`) and a login, and accepts all mail. Returns the server; it does not listen yet. */
export function smtpSimulator(surroundings: Surroundings): Server {
  const { key, faults } = surroundings;
  faults.onChange(key, (list) => {
    if (list.some((fault) => fault.respond))
      throw new InvalidFault(`Provider ${key} uses SMTP: give smtp with a stage and a reply, not respond.`);
    // An open connection is past these stages; it is closed so that the fault applies to the next mail.
    if (list.some(({ smtp, network }) => network === 'refuse' || (smtp && OPENING.includes(smtp.stage))))
      server.closeIdle();
  });
  const server = new FaultyServer(surroundings);
  return server.server;
}

class FaultyServer extends SMTPServer {
  readonly #around: Surroundings;
  readonly #kept: KeptConnections;
  readonly #sessions = new WeakMap<object, SmtpSession>();

  constructor(around: Surroundings) {
    const { options, secret, tls } = around;
    const mode = options.tls ?? (options.port === 465 ? 'implicit' : 'starttls');
    super({
      ...tls,
      secure: mode === 'implicit',
      hideSTARTTLS: mode === 'none',
      allowInsecureAuth: mode === 'none',
      name: 'localhost',
      size: options.maxBytes ?? DEFAULT_MAX_BYTES,
      authMethods: ['PLAIN', 'LOGIN'],
      authRequiredMessage: 'Authentication required, after STARTTLS',
      hideSMTPUTF8: !options.smtpUtf8,
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      logger: false,
      // A hung session must outlast every client's time-out.
      socketTimeout: 3_600_000,
      onAuth: ({ username, password }, _session, done) => {
        if (username === secret['username'] && password === secret['password']) done(null, { user: username });
        else done(Object.assign(new Error('Authentication credentials invalid'), { responseCode: 535 }));
      },
    });
    this.#around = around;
    this.#kept = new KeptConnections(around.key, around.faults);

    // A disconnected client, or our own reset, is no error here.
    this.on('error', () => {});
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    this.#kept.watch(socket);
    const session: SmtpSession = new SmtpSession(
      this,
      socket,
      options,
      (stage, text) => this.#ask(stage, text),
      () => this.#forgotten(socket),
    );
    this.#sessions.set(session.session, session);
    this.connections.add(session);
    session.on('error', () => {});
    session.init();
  }

  /** Closes sessions that are idle between two mails. */
  closeIdle(): void {
    for (const connection of this.connections) if (!connection.session.envelope.mailFrom) connection.close();
  }

  override onData(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, message?: string) => void,
  ): void {
    const connection = this.#sessions.get(session);
    // A client that disconnects in the middle ends here: no mail is accepted and no reply is needed.
    if (connection) this.#receive(stream, connection, done).catch(() => connection.reset());
    else done(new Error('unknown session'));
  }

  async #receive(
    stream: SMTPServerDataStream,
    connection: SmtpSession,
    done: (error?: Error | null, message?: string) => void,
  ): Promise<void> {
    const { key, faults, log, clock } = this.#around;
    // Read now: the session starts a new transaction as soon as this mail is answered.
    const { mailFrom, rcptTo } = connection.session.envelope;
    const chunks: Buffer[] = [];
    let fault: Fault | undefined;
    let asked = false;
    const ask = async () => {
      asked = true;
      fault = this.#ask('end', faults.needsText(key) ? await textOf(chunks, connection) : '');
      return fault?.network === 'reset-mid-request' || fault?.network === 'refuse';
    };
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (!stream.sizeExceeded) chunks.push(chunk);
      const early = !asked && faults.get(key).some(({ network }) => network === 'reset-mid-request');
      if (early && Buffer.concat(chunks).includes('\r\n\r\n') && (await ask())) return connection.reset();
    }
    if (!asked && (await ask())) return connection.reset();
    // smtp-server itself answers a message over the limit.
    if (stream.sizeExceeded) return done();
    const lost = fault?.network === 'hang' || fault?.network === 'reset';
    const id = randomBytes(5).toString('hex').toUpperCase();
    if (!lost && !fault?.smtp) {
      const raw = Buffer.concat(chunks);
      const taking: Taking = {
        providerMessageId: id,
        envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
        raw,
        mime: () => raw,
        headers: () => headersOf(raw),
        view: () => viewMime(raw),
      };
      log.add(key, taking);
      for (const { taking: report, afterMs } of deliveryReports(taking))
        void clock.sleep(afterMs, NEVER).then(() => log.deliver(report));
    }
    if (fault) await pause(fault);
    if (fault?.network?.startsWith('hang')) return;
    if (fault?.network) return connection.reset();
    if (fault?.smtp) connection.replaceNext(fault.smtp.reply);
    done(null, `Ok: queued as ${id}`);
  }

  #forgotten(socket: Socket): Fault | undefined {
    const { faults, key, occasion } = this.#around;
    const probe = { on: occasion, text: '', kept: this.#kept.has(socket) };
    return faults.match(key, probe, ({ network }) => network === 'forget');
  }

  #ask(stage: FaultStage, text: string): Fault | undefined {
    const { faults, key, occasion } = this.#around;
    return faults.match(key, { on: occasion, stage, text });
  }
}

async function textOf(chunks: readonly Buffer[], { commands }: SmtpSession): Promise<string> {
  return [...commands, await searchableText(Buffer.concat(chunks))].join('\n');
}
