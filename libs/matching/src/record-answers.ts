import { type Affected, isCve } from '@plimsoll/advisories';
import { type AdvisoryHead, mayBeWrong } from './advisory-index.ts';
import { type Decision, decide } from './decide.ts';
import { answersOfHits, type Judgement } from './judge.ts';
import { keyedEntry, type KeyedRange } from './keyed.ts';

/** What one affected entry says of a stretch of versions while no other record speaks of the same problem. */
export interface RecordAnswer {
  /** Keys of @plimsoll/versions: from the first one on ('' from the first version), below the second (null without end). Nothing lies between '' and '': such an answer is for versions that cannot be read. */
  readonly lower: string;
  readonly upper: string | null;
  /** Only the matcher can tell, with the record and the version in hand: then the stretch is every version. */
  readonly meets: boolean;
  /** Without a CVE: records that share its names may be about the same problem. */
  readonly isNameless: boolean;
  readonly judgement: Judgement;
}

/** Raise it when the same records give other answers: every stored finding is then judged again. */
export const matcherVersion = '1';

/** Fields of an entry that `answersOfRecord` understands. An entry with any other is left to the matcher. */
const understood: ReadonlySet<string> = new Set(['ecosystem', 'name', 'status', 'ranges', 'fix_state', 'severity', 'vendor_status']);

/**
 * The findings an entry makes, as stretches of version keys, so that a table can place a million package versions without
 * reading a record. Equal to what `judge` says of a subject whose records speak of different problems each.
 */
export function answersOfRecord(advisory: AdvisoryHead, affected: Affected): RecordAnswer[] {
  const entry = keyedEntry(affected, advisory.withdrawn !== undefined);
  if (entry.isWithdrawn) return [];
  const subject = { ecosystem: affected.ecosystem, name: affected.name, version: '' };
  const said = (decision: Decision, key: string | null, bounds: Pick<RecordAnswer, 'lower' | 'upper' | 'meets'>): RecordAnswer[] =>
    answersOfHits([{ advisory, affected, ...decision }], subject, { text: '', scheme: undefined, key })
      .map((judgement) => ({ ...bounds, isNameless: isNameless(judgement, advisory), judgement }));
  const cannotTell: Decision = { state: 'undetermined', because: 'bound-unreadable', range: -1 };

  const stretches = stretchesOf(entry.ranges);
  // It says nothing bad of any version, but who cannot read the version cannot know that it is meant.
  const forUnreadable = said(cannotTell, null, { lower: '', upper: '', meets: false });
  if (stretches !== undefined && (entry.status === 'fixed' || entry.status === 'not-affected')) return forUnreadable;
  if (stretches === undefined || !isPlain(affected) || !areApart(stretches)) return said(cannotTell, null, { lower: '', upper: null, meets: true });

  const answers = (stretches.length === 0 ? [everyVersion] : stretches).flatMap(({ lower, upper }) => {
    const decision = decide(entry, { text: '', scheme: undefined, key: lower });
    return decision !== undefined && mayBeWrong(decision) ? said(decision, lower, { lower, upper, meets: false }) : [];
  });
  return answers.length > 0 ? answers : forUnreadable;
}

const isNameless = ({ id }: Judgement, { id: record, vulnerabilities }: AdvisoryHead): boolean => vulnerabilities.length === 0 && id === record && !isCve(id);

const isPlain = (affected: Affected): boolean =>
  Object.entries(affected).every(([field, value]) => value === undefined || understood.has(field));

interface Stretch { readonly lower: string; readonly upper: string | null }
const everyVersion: Stretch = { lower: '', upper: null };

/** Undefined when a bound cannot be read. Of keys, which are compared as bytes, nothing lies between one and the same with a zero after it. */
function stretchesOf(ranges: readonly KeyedRange[]): Stretch[] | undefined {
  const stretches: Stretch[] = [];
  for (const { from, to, end } of ranges) {
    if (from === null || (end !== 'none' && to === null)) return undefined;
    stretches.push({ lower: from, upper: end === 'none' ? null : end === 'last_affected' ? `${to}\0` : to });
  }
  return stretches;
}

/** Where stretches overlap, which of them decides is the matcher's to say; one that holds nothing is no matter. */
function areApart(stretches: readonly Stretch[]): boolean {
  const sorted = stretches.filter(({ lower, upper }) => upper === null || lower < upper).sort((a, b) => (a.lower < b.lower ? -1 : 1));
  return sorted.every(({ lower }, index) => index === 0 || (sorted[index - 1]!.upper !== null && sorted[index - 1]!.upper! <= lower));
}
