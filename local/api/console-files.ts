import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { FastifyInstance } from 'fastify';

const CONSOLE = fileURLToPath(new URL('../console/', import.meta.url));

// Content security policy of the console page. Frames of the page may show only documents of this server. A mail in such a frame
// has its own, stricter policy.
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
 * Serves the console page with one script and one style sheet. Each of the two is bundled when the stack starts. A browser opens
 * at most six connections to a server. If each module were a separate file, the browser would need five batches of requests, one
 * after another, before it could show the first rows.
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
  // An error of the bundler is returned in the answer to a request for the script or the style sheet. Without this handler the
  // error would end the process.
  bundles.catch(() => undefined);
  serve('/', 'text/html; charset=utf-8', () => read('index.html'));
  serve('/icon.svg', 'image/svg+xml', () => read('icon.svg'));
  serve('/app.js', 'text/javascript; charset=utf-8', async () => (await bundles).script);
  serve('/app.css', 'text/css; charset=utf-8', async () => (await bundles).style);
}

/** Returns the script and the style sheet of the console page. Each of them is bundled with the files that it imports. */
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
