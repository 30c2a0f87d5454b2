import { type Advisory, type Affected, type Enrichment, normaliseName, type VexStatement } from '@plimsoll/advisories';
import { Coverage } from './coverage.ts';
import { keyedEntry, type KeyedEntry } from './keyed.ts';

/** An advisory without its affected entries. */
export type AdvisoryHead = Omit<Advisory, 'affected'>;

/** One affected entry as matching meets it: comparing needs no text, and `read` fetches the texts of what was met. */
export interface Candidate extends KeyedEntry {
  read(): { readonly advisory: AdvisoryHead; readonly affected: Affected };
}

/**
 * What matching asks of advisories, wherever they are: the local database file, rows of a table, or memory.
 * Immutable: what it answered once it answers always.
 */
export interface AdvisoryIndex {
  /** The feed revision these advisories are of. */
  readonly revision: string;
  /** True when some source has everything about this ecosystem (a distribution's release, or a registry); see `coversEcosystem`. */
  covers(ecosystem: string): boolean;
  /** Every entry for a package, by normalised name, in a stable order. */
  candidates(ecosystem: string, name: string): readonly Candidate[];
  /** What each source adds to a CVE; see `enrich`. */
  enrichments(cve: string): readonly Enrichment[];
  /** Suppliers' statements about a vulnerability, by any of its names; see `withVex`. */
  statements(name: string): readonly VexStatement[];
}

/** What is known besides advisories. */
export interface Knowledge {
  readonly enrichments?: Iterable<Enrichment>;
  readonly vex?: Iterable<VexStatement>;
}

/** An index over advisories in memory. */
export function indexOf(advisories: Iterable<Advisory>, revision = '0', { enrichments = [], vex = [] }: Knowledge = {}): AdvisoryIndex {
  const byName = new Map<string, Candidate[]>();
  const coverage = new Coverage();
  for (const { affected: entries, ...advisory } of advisories) {
    coverage.add(advisory.source, entries);
    for (const affected of entries) {
      const name = `${affected.ecosystem}\0${affected.name}`;
      const candidates = byName.get(name) ?? [];
      byName.set(name, candidates);
      candidates.push({ ...keyedEntry(affected, advisory.withdrawn !== undefined), read: () => ({ advisory, affected }) });
    }
  }
  const about = Map.groupBy(enrichments, ({ cve }) => cve), statements = statementsByName(vex);
  const ecosystems = new Set(coverage.covered().map(({ ecosystem }) => ecosystem));
  return {
    revision,
    covers: (ecosystem) => ecosystems.has(ecosystem),
    candidates: (ecosystem, name) => byName.get(`${ecosystem}\0${normaliseName(ecosystem, name)}`) ?? [],
    enrichments: (cve) => about.get(cve) ?? [],
    statements: (name) => statements.get(name) ?? [],
  };
}

/** Statements by every name they give the vulnerability. */
export function statementsByName(statements: Iterable<VexStatement>): ReadonlyMap<string, readonly VexStatement[]> {
  const byName = new Map<string, VexStatement[]>();
  for (const statement of statements) {
    for (const name of new Set([statement.id, ...statement.aliases])) {
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [statement]); else known.push(statement);
    }
  }
  return byName;
}
