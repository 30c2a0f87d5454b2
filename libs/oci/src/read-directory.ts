import { Problem } from '@plimsoll/problem';
import type { Visitor } from './entry.ts';
import type { ReadLimits, ReadProblem } from './limits.ts';

export interface DirectoryReading {
  readonly entries: number;
  readonly problems: readonly ReadProblem[];
}

/** Walks a root filesystem with the visitor of a layer. Never follows a symlink, never leaves the tree, never opens a device. */
export async function readDirectory(_root: string, _visitor: Visitor, _limits?: Partial<ReadLimits>, _signal?: AbortSignal): Promise<DirectoryReading> {
  throw new Problem('bug', 'not built yet');
}
