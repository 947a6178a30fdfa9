import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { SmtpStage } from '../../../../lambda/providers/smtp/facts.ts';

/** A reply without its line end, or what to do with the socket instead of replying. */
export type Step = string | ((socket: Socket) => void);
export type Stage = SmtpStage | 'rset' | 'quit';

export interface Script {
  /** Replies that differ from the replies of a normal server, by stage. A list is given in order, and its last reply is repeated. */
  readonly replies?: Partial<Record<Stage, Step | readonly Step[]>>;
  readonly extensions?: readonly string[];
  readonly certificate?: { readonly key: string; readonly cert: string };
  readonly implicit?: boolean;
  /** Whether the server stops reading after it has answered DATA with 354. */
  readonly deafAfterData?: boolean;
}

export interface Session {
  readonly commands: string[];
  /** Bodies of mails as received: dots at the start of a line are still doubled (SMTP dot-stuffing), and the final dot is removed. */
  readonly bodies: string[];
  secure: boolean;
}

const WILLING: Record<Stage, string> = {
  connect: '220 test ESMTP',
  ehlo: '',
  starttls: '220 go ahead',
  auth: '235 2.7.0 welcome',
  mail: '250 2.1.0 ok',
  rcpt: '250 2.1.5 ok',
  data: '354 go on',
  end: '250 2.0.0 Ok: queued as 4FzQ1',
  rset: '250 2.0.0 ok',
  quit: '221 2.0.0 bye',
};

/** Starts an SMTP server on a real socket; the server follows a script. */
export async function serve(script: Script = {}) {
  const sessions: Session[] = [];
  const sockets = new Set<Socket>();
  const counts = new Map<Stage, number>();
  const take = (stage: Stage, willing: string): Step => {
    const scripted = script.replies?.[stage];
    const count = counts.get(stage) ?? 0;
    counts.set(stage, count + 1);
    if (scripted === undefined) return willing;
    if (typeof scripted === 'string' || typeof scripted === 'function') return scripted;
    return scripted[count] ?? scripted.at(-1) ?? willing;
  };
  const accept = (socket: Socket) => {
    const session: Session = { commands: [], bodies: [], secure: script.implicit ?? false };
    sessions.push(session);
    converse(socket, session, script, take, sockets, true);
  };
  const server = script.implicit ? createTlsServer({ ...script.certificate }, accept) : createServer(accept);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(
  socket: Socket,
  session: Session,
  script: Script,
  take: (stage: Stage, willing: string) => Step,
  sockets: Set<Socket>,
  greet: boolean,
) {
  let pending = '';
  let inBody = false;
  const run = (stage: Stage, willing = WILLING[stage]): boolean => {
    const step = take(stage, willing);
    if (typeof step === 'function') {
      step(socket);
      return false;
    }
    socket.write(`${step}\r\n`);
    if (step.startsWith('421')) socket.end();
    return /^[23]/.test(step);
  };
  const command = (line: string): void => {
    session.commands.push(line);
    const verb = line.split(/[ :]/)[0]?.toUpperCase();
    if (verb === 'EHLO' || verb === 'HELO') {
      const offered = [...(script.extensions ?? []), ...(script.certificate && !session.secure ? ['STARTTLS'] : [])];
      const lines = ['test', ...offered];
      run('ehlo', lines.map((text, index) => `250${index < lines.length - 1 ? '-' : ' '}${text}`).join('\r\n'));
    } else if (verb === 'STARTTLS') {
      if (!run('starttls')) return;
      session.secure = true;
      socket.removeAllListeners('data');
      const secured = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(script.certificate) });
      sockets.add(secured.on('error', () => {}));
      converse(secured, session, script, take, sockets, false);
    } else if (verb === 'AUTH') run('auth');
    else if (verb === 'MAIL') run('mail');
    else if (verb === 'RCPT') run('rcpt');
    else if (verb === 'DATA') {
      inBody = run('data');
      if (script.deafAfterData) socket.pause();
    } else if (verb === 'RSET') run('rset');
    else if (verb === 'QUIT') {
      run('quit');
      socket.end();
    } else socket.write('502 5.5.2 unknown\r\n');
  };
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    for (;;) {
      // A body may be empty, so that there is no line before its final dot. A client sends such a body to end a transaction after
      // it has pipelined DATA and all recipients were refused.
      const mark = !inBody ? '\r\n' : pending.startsWith('.\r\n') ? '.\r\n' : '\r\n.\r\n';
      const at = pending.indexOf(mark);
      if (at < 0) return;
      const text = pending.slice(0, at);
      pending = pending.slice(at + mark.length);
      if (inBody) {
        inBody = false;
        session.bodies.push(text);
        run('end');
      } else command(text);
    }
  });
  if (greet) run('connect');
}
