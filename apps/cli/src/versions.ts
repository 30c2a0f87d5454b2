import { compareVersions, type OsvAffected, type OsvEvent, type OsvRange, readRange, schemeOf, type Scheme } from '@plimsoll/versions';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { answerLines, NotAQuestion, remembering } from './json-lines.ts';
import { jsonLine, say } from './terminal.ts';

const undetermined = (reason: string): object => ({ result: 'undetermined', reason });

interface Action { readonly words: readonly string[]; answer(question: Record<string, unknown>): object }

const actions: Readonly<Record<string, Action>> = {
  compare: {
    words: ['eco', 'a', 'b'],
    answer(question) {
      const eco = textOf(question, 'eco'), a = textOf(question, 'a'), b = textOf(question, 'b'), scheme = schemeNamed(eco);
      return scheme === undefined ? noOrder(eco) : compareVersions(scheme, a, b);
    },
  },
  'in-range': {
    words: ['eco', 'version', 'range'],
    answer(question) {
      const version = textOf(question, 'version'), range = rangeOf(question['range']);
      // A vers: names its own order.
      const eco = isVers(range) && question['eco'] === undefined ? '' : textOf(question, 'eco'), scheme = isVers(range) ? schemeNamed(eco) ?? 'loose' : schemeNamed(eco);
      if (scheme === undefined) return noOrder(eco);
      const test = rangeTest(JSON.stringify([scheme, question['prereleases'] === 'included', range]));
      return typeof test === 'function' ? test(version) : test;
    },
  },
};

export const command: Command = {
  usage: 'compare [ECO A B] | in-range [ECO VERSION RANGE]',
  about: `Versions as their package managers order them, and the ranges people write. Reads questions as JSON lines and answers each with a line:

  compare    {"eco": "Debian", "a": "1.0~rc1", "b": "1.0"}              {"result": -1}   (0 the same, 1 newer)
  in-range   {"eco": "npm", "version": "1.4.0", "range": "^1.2"}        {"result": true}

The range may be in the manager's own words, a \`vers:\`, or as OSV has it: events, ranges, or an \`affected\` entry with ranges and versions.
npm and Cargo leave pre-releases out of ranges; {"prereleases": "included"} lets them in, as advisories mean it.
What cannot be told is {"result": "undetermined", "reason": …}, never a guess. A reason beside an order: the manager would refuse such a version.
A line that is no question is answered with {"error", "line", "detail"}; then the exit code is 1.`,
  options: { json: { ...json, what: 'print JSON, which is what it always does' } },
  words: [1, 4],
  run: async ({ positionals: [name = '', ...words] }) => {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) throw new Problem('invalid', `versions ${name}: choose from ${Object.keys(actions).join(', ')}`, { code: 'usage' });
    if (words.length === 0) return answerLines((question) => action.answer(objectOf(question)));
    if (words.length !== action.words.length) throw new Problem('invalid', `versions ${name} takes ${action.words.map((word) => word.toUpperCase()).join(' ')}, or JSON lines on standard input`, { code: 'usage' });
    say(jsonLine(action.answer(Object.fromEntries(words.map((word, i) => [action.words[i]!, word])))));
    return 0;
  },
};

const schemeNamed = remembering(schemeOf);
const noOrder = (eco: string): object => undetermined(`no version order is known for ${JSON.stringify(eco.slice(0, 80))}`);

/** Reading a range costs more than asking it. */
const rangeTest = remembering((key): ReturnType<typeof readRange> => {
  const [scheme, included, range] = JSON.parse(key) as [Scheme, boolean, string | OsvAffected];
  return readRange(scheme, range, { prereleases: included ? 'included' : 'manager' });
}, 5_000);

const isVers = (range: string | OsvAffected): boolean => typeof range === 'string' && /^\s*vers:/i.test(range);

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotAQuestion('not a JSON object');
  return value as Record<string, unknown>;
}

function textOf(question: Record<string, unknown>, name: string): string {
  const value = question[name];
  if (typeof value !== 'string') throw new NotAQuestion(value === undefined ? `${name} is missing` : `${name} is not text`);
  return value;
}

/** Every shape of a range: text, one event or range of OSV, a list of either, or what an `affected` entry says of versions. */
function rangeOf(value: unknown): string | OsvAffected {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return { ranges: value.length > 0 && value.every(isEvent) ? [{ events: value.map(eventOf) }] : value.map(osvRangeOf) };
  const range = value === undefined ? undefined : objectOf(value);
  if (range === undefined) throw new NotAQuestion('range is missing');
  if (range['ranges'] === undefined && range['versions'] === undefined) return { ranges: [isEvent(range) ? { events: Object.entries(eventOf(range)).map(([kind, version]) => ({ [kind]: version })) } : osvRangeOf(range)] };
  const { ranges = [], versions = [] } = range;
  if (!Array.isArray(ranges) || !Array.isArray(versions)) throw new NotAQuestion('ranges and versions are lists');
  if (!versions.every((version) => typeof version === 'string')) throw new NotAQuestion('versions are text');
  return { ranges: ranges.map(osvRangeOf), versions };
}

const kinds = ['introduced', 'fixed', 'last_affected', 'limit'] as const;
const isEvent = (value: unknown): boolean => typeof value === 'object' && value !== null && kinds.some((kind) => kind in value);

function osvRangeOf(value: unknown): OsvRange {
  const { type, events } = objectOf(value);
  if (!Array.isArray(events)) throw new NotAQuestion('a range of OSV has events');
  return { type: typeof type === 'string' ? type : undefined, events: events.map(eventOf) };
}

function eventOf(value: unknown): OsvEvent {
  const event = objectOf(value);
  const found = kinds.filter((kind) => event[kind] !== undefined && event[kind] !== null);
  if (found.length === 0) throw new NotAQuestion(`an event is one of ${kinds.join(', ')}`);
  for (const kind of found) if (typeof event[kind] !== 'string') throw new NotAQuestion(`${kind} is not text`);
  return Object.fromEntries(found.map((kind) => [kind, event[kind]]));
}
