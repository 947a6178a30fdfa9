import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './error.ts';

const CONSOLE = fileURLToPath(new URL('../console/', import.meta.url));
const require = createRequire(import.meta.url);
const UPLOT = dirname(require.resolve('uplot'));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

// Frames only from this server; a framed mail has its own, stricter policy.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Serves the files of the console page; there is no build step and no file from another server. */
export async function addConsoleFiles(app: FastifyInstance): Promise<void> {
  const files = new Map((await readdir(CONSOLE)).map((name) => [`/${name}`, join(CONSOLE, name)]));
  files.set('/', join(CONSOLE, 'index.html'));
  files.set('/uplot.js', join(UPLOT, 'uPlot.esm.js'));
  files.set('/uplot.css', join(UPLOT, 'uPlot.min.css'));
  for (const [url, file] of files) {
    app.get(url, async (_request, reply) => {
      const content = await readFile(file).catch(() => undefined);
      if (content === undefined) throw new ApiError(404, `${url} is missing; has "npm ci" run?`);
      return reply
        .headers({
          'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
        })
        .send(content);
    });
  }
}
