import type { Stage } from '../../lambda/contract/deployment.ts';
import { ConfigurationError } from './configuration-error.ts';

const RELEASES = ['gradual', 'at-once'] as const;

/** How a new version of a function replaces the previous version. */
export type Releases = (typeof RELEASES)[number];

/**
 * Returns the configured value of `releases`, or the default for the stage. For a local stack the value is always `at-once`,
 * since a local stack has only one version of each function.
 */
export function releasesOf(given: Releases | undefined, stage: Stage): Releases {
  if (stage === 'local') return 'at-once';
  return given ?? (stage === 'live' ? 'gradual' : 'at-once');
}

/** @throws ConfigurationError if the value is unknown */
export function checkReleases(given: Releases | undefined): void {
  if (given !== undefined && !RELEASES.includes(given))
    throw new ConfigurationError([`releases: must be one of ${RELEASES.join(', ')}`]);
}
