import { readdirSync, readFileSync } from 'node:fs';
import type { ProviderType } from '../../../lambda/providers/registry.ts';

/** A recorded answer of a provider over HTTP, with the outcome that it must have. */
export interface HttpFixture {
  readonly source: string;
  readonly date: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly expected: { readonly kind: string; readonly blames?: string; readonly reason?: string };
}

/** Returns the fixtures of a provider type, each with its name. */
export function fixturesIn<T = HttpFixture>(type: ProviderType): [string, T][] {
  const folder = new URL(`${type}/fixtures/`, import.meta.url);
  return readdirSync(folder).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
  ]);
}
