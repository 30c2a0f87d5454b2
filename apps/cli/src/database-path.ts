import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Option, Parsed } from './command.ts';

export const databaseOption: Readonly<Record<string, Option>> = {
  db: { type: 'string', value: 'FILE', what: 'the advisory database (default $PLIMSOLL_DB or ~/.cache/plimsoll/advisories.db)' },
};

/** Where this machine keeps its advisories. */
export const databasePath = (parsed: Parsed): string =>
  parsed.text('db') ?? process.env['PLIMSOLL_DB'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'plimsoll', 'advisories.db');
