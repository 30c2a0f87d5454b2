import { type Advisory, type Affected, type Enrichment, normaliseName, type VexStatement } from '@plimsoll/advisories';
import { Coverage } from './coverage.ts';
import { type Decision, decide } from './decide.ts';
import { keyedEntry, type KeyedEntry, type KeyedVersion } from './keyed.ts';

/** An advisory without its affected entries. */
export type AdvisoryHead = Omit<Advisory, 'affected'>;

/** One affected entry with its advisory. */
export interface AdvisoryRecord { readonly advisory: AdvisoryHead; readonly affected: Affected }

/** What one entry says of a version. Deciding needed no text; `read` fetches the texts of what is to be told. */
export interface Said {
  readonly decision: Decision;
  read(): AdvisoryRecord;
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
  /**
   * What the entries of a package say of a version of it, in no order; without `all` only what is affected or
   * undetermined. The name is normalised here.
   */
  ask(ecosystem: string, name: string, version: KeyedVersion, all: boolean): readonly Said[];
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
  const byName = new Map<string, (AdvisoryRecord & { readonly keyed: KeyedEntry })[]>();
  const coverage = new Coverage();
  for (const { affected: entries, ...advisory } of advisories) {
    coverage.add(advisory.source, entries);
    for (const affected of entries) {
      const name = `${affected.ecosystem}\0${affected.name}`;
      const known = byName.get(name) ?? [];
      byName.set(name, known);
      known.push({ advisory, affected, keyed: keyedEntry(affected, advisory.withdrawn !== undefined) });
    }
  }
  const about = Map.groupBy(enrichments, ({ cve }) => cve), statements = statementsByName(vex);
  const ecosystems = new Set(coverage.covered().map(({ ecosystem }) => ecosystem));
  return {
    revision,
    covers: (ecosystem) => ecosystems.has(ecosystem),
    ask: (ecosystem, name, version, all) => (byName.get(`${ecosystem}\0${normaliseName(ecosystem, name)}`) ?? []).flatMap(({ keyed, ...record }): Said | [] => {
      const decision = decide(keyed, version);
      return decision === undefined || !(all || mayBeWrong(decision)) ? [] : { decision, read: () => record };
    }),
    enrichments: (cve) => about.get(cve) ?? [],
    statements: (name) => statements.get(name) ?? [],
  };
}

/** True for what is told without being asked for. */
export const mayBeWrong = ({ state }: Pick<Decision, 'state'>): boolean => state === 'affected' || state === 'undetermined';

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
