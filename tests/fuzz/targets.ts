import { bodyTargets } from './body-targets.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { signatureTargets } from './signature-targets.ts';
import { textTargets } from './text-targets.ts';

export const fuzzTargets: readonly FuzzTarget[] = [...signatureTargets(), ...bodyTargets, ...textTargets];
