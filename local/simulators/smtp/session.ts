import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SMTPServer } from 'smtp-server';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { parseMailbox } from '../../../lambda/mail/address.ts';
import type { Fault, FaultStage } from '../../faults/faults.ts';
import { forget } from '../../faults/kept-connections.ts';
import { pause } from '../../faults/pause.ts';

const STAGES: Readonly<Record<string, FaultStage>> = {
  HELO: 'ehlo',
  EHLO: 'ehlo',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  QUIT: 'quit',
};

const WRITTEN_ADDRESS = /^[^:]*:\s*<((?:"(?:[^"\\]|\\.)*"|[^"\s<>@]+)@[^\s<>]+)>/;

/** Returns the fault `forget` (the connection was dropped without a notice) if it applies to this connection. */
export type AskForgotten = () => Fault | undefined;

/** Returns the fault that applies to a stage of this SMTP session; undefined if there is none. `text` is the SMTP command. */
export type Ask = (stage: FaultStage, text: string) => Fault | undefined;

/**
 * An SMTP session in which a fault can replace any reply by any sequence of bytes.
 *
 * With the callbacks of smtp-server one can choose the code of a reply, but not its bytes. For EHLO, STARTTLS and QUIT there are
 * no callbacks. The connection class of smtp-server has one method that handles commands and one method that writes replies. This
 * class overrides both methods, so it also works inside TLS.
 */
export class SmtpSession extends SMTPConnection {
  readonly #tcp: Socket;
  readonly #ask: Ask;
  readonly #forgotten: AskForgotten;
  #instead: string | undefined;
  #commands: string[] = [];

  constructor(
    server: SMTPServer,
    socket: Socket,
    options: SMTPConnectionOptions | null | undefined,
    ask: Ask,
    forgotten: AskForgotten,
  ) {
    super(server, socket, options);
    this.#tcp = socket;
    this.#ask = ask;
    this.#forgotten = forgotten;
  }

  /** The MAIL and RCPT commands of the current mail transaction. */
  get commands(): readonly string[] {
    return this.#commands;
  }

  /**
   * Greets the client immediately. By default smtp-server first waits for 100 ms, to detect clients that send before the
   * greeting. This wait would delay every connection.
   */
  override init(): void {
    this._setListeners(() => {
      const fault = this.#ask('connect', '');
      if (!fault) return this.connectionReady();
      void pause(fault).then(() => {
        if (fault.network?.startsWith('hang')) return;
        if (fault.network) return this.reset();
        if (fault.smtp) this.#instead = fault.smtp.reply;
        this.connectionReady();
      });
    });
  }

  override _onCommand(command: Buffer, callback: () => void = () => {}): void {
    const forgotten = this.#forgotten();
    if (forgotten) return void forget(this.#tcp, forgotten);
    const line = command.toString();
    const verb = line.split(' ', 1)[0]?.toUpperCase() ?? '';
    const stage = this._nextHandler || !this._ready || this._upgrading ? undefined : STAGES[verb];
    if (verb === 'MAIL') this.#commands = [];
    if (stage === 'mail' || stage === 'rcpt') this.#commands.push(line);
    const fault = stage && this.#ask(stage, line);
    if (!fault?.smtp) {
      super._onCommand(command, callback);
      return;
    }
    const { reply } = fault.smtp;
    void pause(fault).then(() => {
      // If the fault's reply reports success, the command is executed and only its reply is replaced. Otherwise the command is
      // not executed.
      if (!/^[23]/.test(reply)) {
        this.#write(reply);
        return callback();
      }
      this.#instead = reply;
      super._onCommand(command, callback);
    });
  }

  /**
   * Keeps the address as the client wrote it. Without this method smtp-server would decode A-labels and refuse quoted local
   * parts. It would also accept at most 253 octets between the angle brackets, although RFC 5321 section 4.5.3.1.3 allows 254
   * (smtp-server 3.21.6, 2026-11-28).
   */
  override _parseAddressCommand(
    name: string,
    raw: Buffer | string,
  ): ReturnType<SMTPConnection['_parseAddressCommand']> {
    const command = raw.toString();
    const written = WRITTEN_ADDRESS.exec(command)?.[1];
    const isPlain = written !== undefined && /^[ -~]+$/.test(written) && !('problem' in parseMailbox(written));
    const parsed = super._parseAddressCommand(
      name,
      isPlain ? command.replace(`<${written}>`, '<stand-in@example.org>') : raw,
    );
    return parsed && written ? { ...parsed, address: written } : parsed;
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const reply = this.#instead;
    this.#instead = undefined;
    if (reply === undefined) super.send(code, data, context);
    else this.#write(reply);
  }

  /** Sends this reply in place of the next reply of the server. */
  replaceNext(reply: string): void {
    this.#instead = reply;
  }

  /**
   * Ends the connection with a TCP reset. For implicit TLS Node has no reset, so the method closes the connection without a
   * reset.
   */
  reset(): void {
    if (this.#tcp instanceof TLSSocket) this.#tcp.destroy();
    else this.#tcp.resetAndDestroy();
  }

  #write(reply: string): void {
    if (this._socket.writable) this._socket.write(reply.endsWith('\n') ? reply : `${reply}\r\n`);
    if (reply.startsWith('421')) this.close();
  }
}
