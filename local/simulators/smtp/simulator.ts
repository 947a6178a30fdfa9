import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import type { SmtpOptions } from '../../../lambda/providers/smtp/options.ts';
import { type Fault, type FaultStage, InvalidFault } from '../../faults/faults.ts';
import { KeptConnections } from '../../faults/kept-connections.ts';
import { pause } from '../../faults/pause.ts';
import { takingOf } from '../accepted-log.ts';
import { searchableText } from '../mime-view.ts';
import type { PlayedPort } from '../type.ts';
import { deliveryReports } from './report.ts';
import { SmtpSession } from './session.ts';

/**
 * Default size limit of a mail in bytes, if the provider's option `maxBytes` is missing. The default limits of Postfix, Exim and
 * nodemailer differ.
 */
const DEFAULT_MAX_BYTES = 26_214_400;
const OPENING: readonly FaultStage[] = ['connect', 'ehlo', 'starttls', 'auth'];

/** A signal that is never aborted, since delivery reports are sent even while the port is closed. */
const NEVER = new AbortController().signal;

type Surroundings = PlayedPort<SmtpOptions>;

/**
 * Creates a mail server that does not listen yet. The server requires a login and, according to the provider's option `tls`, TLS.
 * It accepts all mail.
 */
export function smtpSimulator(surroundings: Surroundings): Server {
  const { key, faults } = surroundings;
  faults.onChange(key, (list) => {
    if (list.some((fault) => fault.respond))
      throw new InvalidFault(`Provider ${key} uses SMTP: give smtp with a stage and a reply, not respond.`);
    // An idle connection has already passed the first stages of its SMTP session. It is closed, so that the next mail opens a new
    // connection, to which the fault applies.
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
      // A session that hangs because of a fault must last longer than the time-out of every client.
      socketTimeout: 3_600_000,
      onAuth: ({ username, password }, _session, done) => {
        if (username === secret['username'] && password === secret['password']) done(null, { user: username });
        else done(Object.assign(new Error('Authentication credentials invalid'), { responseCode: 535 }));
      },
    });
    this.#around = around;
    this.#kept = new KeptConnections(around.key, around.faults);

    // Disconnects of clients, and resets by this server, are not errors here.
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

  /** Closes the idle sessions, that is, sessions in which no mail transaction is in progress. */
  closeIdle(): void {
    for (const connection of this.connections) if (!connection.session.envelope.mailFrom) connection.close();
  }

  override onData(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (error?: Error | null, message?: string) => void,
  ): void {
    const connection = this.#sessions.get(session);
    // `#receive` rejects if the client disconnects before the end of the mail. Then the mail is not accepted, and no reply is
    // needed.
    if (connection) this.#receive(stream, connection, done).catch(() => connection.reset());
    else done(new Error('unknown session'));
  }

  async #receive(
    stream: SMTPServerDataStream,
    connection: SmtpSession,
    done: (error?: Error | null, message?: string) => void,
  ): Promise<void> {
    const { key, faults, log, clock } = this.#around;
    // The sender and the recipients are read here, since the session starts a new mail transaction as soon as this mail is
    // answered.
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
    // smtp-server itself refuses a message that exceeds the size limit.
    if (stream.sizeExceeded) return done();
    const lost = fault?.network === 'hang' || fault?.network === 'reset';
    const id = randomBytes(5).toString('hex').toUpperCase();
    if (!lost && !fault?.smtp) {
      const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
      const taking = takingOf(id, envelope, Buffer.concat(chunks));
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
