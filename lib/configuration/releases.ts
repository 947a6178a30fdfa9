import type { Stage } from '../../lambda/contract/deployment.ts';
import { ConfigurationError } from './configuration-error.ts';

const RELEASES = ['gradual', 'at-once'] as const;

/** How a new version of a function replaces the previous version. */
export type Releases = (typeof RELEASES)[number];

/** What the configuration says, or what fits the stage; a local stack has one version of each function. */
export function releasesOf(given: Releases | undefined, stage: Stage): Releases {
  if (stage === 'local') return 'at-once';
  return given ?? (stage === 'live' ? 'gradual' : 'at-once');
}

/** @throws ConfigurationError */
export function checkReleases(given: Releases | undefined): void {
  if (given !== undefined && !RELEASES.includes(given))
    throw new ConfigurationError([`releases: must be one of ${RELEASES.join(', ')}`]);
}
