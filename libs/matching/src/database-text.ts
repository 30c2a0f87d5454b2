import type { Affected } from '@plimsoll/advisories';
import type { AdvisoryHead } from './advisory-index.ts';

/**
 * Advisories and their entries as the file has them: JSON without what is nearly always the same, which is a third of the text
 * and of the time to read it, and without addresses, which no finding tells.
 */
export function packHead({ id, key, aliases, vulnerabilities, references: _references, ...rest }: AdvisoryHead): object {
  return { id, ...rest, ...(key === id ? {} : { key }), ...(aliases.length === 0 ? {} : { aliases }), ...(vulnerabilities.length === 0 ? {} : { vulnerabilities }) };
}

export function unpackHead(packed: Partial<AdvisoryHead>): AdvisoryHead {
  const head = packed as { -readonly [field in keyof AdvisoryHead]: AdvisoryHead[field] };
  head.key ??= head.id;
  head.aliases ??= [];
  head.vulnerabilities ??= [];
  head.references ??= [];
  return head;
}

type Entry = Omit<Affected, 'ecosystem' | 'name'>;

export function packEntry({ status, fix_state, ...rest }: Entry): object {
  return { ...rest, ...(status === 'affected' ? {} : { status }), ...(fix_state === 'available' ? {} : { fix_state }) };
}

export function unpackEntry(packed: Partial<Entry>, ecosystem: string, name: string): Affected {
  const entry = packed as { -readonly [field in keyof Affected]: Affected[field] };
  entry.ecosystem = ecosystem;
  entry.name = name;
  entry.status ??= 'affected';
  entry.fix_state ??= 'available';
  return entry;
}
