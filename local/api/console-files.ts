import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { FastifyInstance } from 'fastify';

const CONSOLE = fileURLToPath(new URL('../console/', import.meta.url));

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

/**
 * Serves the console page: one script and one style sheet, each bundled when the stack starts. A browser has six
 * connections, so that a file for each module would take five turns before the first rows are shown.
 */
export function addConsoleFiles(app: FastifyInstance): void {
  const read = (name: string) => readFile(join(CONSOLE, name), 'utf8');
  const serve = (url: string, type: string, content: () => Promise<string>) =>
    app.get(url, async (_request, reply) =>
      reply
        .headers({
          'content-type': type,
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
        })
        .send(await content()),
    );
  const bundles = bundleConsole();
  // An error is the answer to the request for the file.
  bundles.catch(() => undefined);
  serve('/', 'text/html; charset=utf-8', () => read('index.html'));
  serve('/icon.svg', 'image/svg+xml', () => read('icon.svg'));
  serve('/app.js', 'text/javascript; charset=utf-8', async () => (await bundles).script);
  serve('/app.css', 'text/css; charset=utf-8', async () => (await bundles).style);
}

/** The script and the style sheet of the page, each with all that it imports. */
export async function bundleConsole(): Promise<{ readonly script: string; readonly style: string }> {
  const entryPoints = ['app.js', 'app.css'].map((name) => join(CONSOLE, name));
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    outdir: CONSOLE,
    write: false,
  });
  const [script = '', style = ''] = outputFiles.map(({ text }) => text);
  return { script, style };
}
