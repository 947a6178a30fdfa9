import { asking } from './asking.ts';
import { content } from './content.ts';
import type { Defects } from './defect.ts';
import { events } from './events.ts';
import { homes } from './homes.ts';
import { pauses } from './pauses.ts';
import { times } from './times.ts';
import { ways } from './ways.ts';

/** Every defect that the simulation is known to find. */
export const DEFECTS: Defects = { ...asking, ...content, ...times, ...ways, ...homes, ...events, ...pauses };
