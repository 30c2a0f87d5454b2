import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { FeedLimits, FeedRecord } from './feed.ts';
import { readXml } from './xml.ts';

/** A criterion names a test; criteria combine them: https://oval.mitre.org/language/version5.11/, "CriteriaType". */
export interface Criterion { readonly test: string; readonly comment: string; readonly negate: boolean }
export interface Criteria { readonly operator: string; readonly negate: boolean; readonly children: (Criteria | Criterion)[] }

export interface Definition {
  readonly id: string;
  readonly class: string;
  title: string;
  severity: string;
  issued: string;
  updated: string;
  /** Microsoft's: `true`, `false` or `Not Applicable`. */
  patchable: string;
  readonly references: { readonly source: string; readonly id: string; readonly url: string }[];
  /** Text of `<cve>` elements, and the vector and Ubuntu's priority beside it. */
  readonly cves: { text: string; readonly cvss3: string; readonly priority: string }[];
  /** Red Hat's word for packages without a fix. */
  readonly resolutions: string[];
  criteria?: Criteria;
}

/** What a test looks at, which states must hold, and how many of the things found must satisfy them. */
export interface Test { readonly kind: string; readonly check: string; readonly existence: string; object: string; readonly states: string[] }
/** One element of a state or object: `evr less than 0:1.2-3`. */
export interface Field { readonly name: string; readonly operation: string; /** Id of the variable that has the values; empty when the value stands here. */ readonly variable: string; value: string }

export interface OvalDocument {
  /** Each made anew when it is come to. */
  readonly definitions: Iterable<Definition>;
  readonly tests: ReadonlyMap<string, Test>;
  readonly objects: ReadonlyMap<string, readonly Field[]>;
  readonly states: ReadonlyMap<string, readonly Field[]>;
  /** Constant variables; any one of the values is meant. */
  readonly variables: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads an OVAL 5 document. Definitions come before the tests they name, so all of it is held until the end: without the
 * prose, and definitions packed, for SUSE's documents have 500 MB. Throws Problem `feed-not-oval`, `feed-too-many-records`, and those of `readXml`.
 */
export async function readOval(record: FeedRecord, limits: FeedLimits): Promise<OvalDocument> {
  const definitions = new PackedList<Definition>(), tests = new Map<string, Test>(), objects = new Map<string, Field[]>(), states = new Map<string, Field[]>(), variables = new Map<string, string[]>();
  const path: string[] = [], criteria: Criteria[] = [], copy = interned();
  let definition: Definition | undefined, test: Test | undefined, fields: Field[] | undefined, values: string[] | undefined, into: ((text: string) => void) | undefined, count = 0;
  const counted = (): void => { if (++count > limits.records) throw invalid('feed-too-many-records', `${record.name} has more than ${limits.records} definitions, tests, objects and states`); };

  await readXml(record, limits, {
    open(name, attributes) {
      const raw = (key: string, otherwise = ''): string => attributes[key] ?? otherwise, value = (key: string, otherwise = ''): string => copy(raw(key, otherwise));
      if (path.length === 0 && name !== 'oval_definitions') throw invalid('feed-not-oval', `${record.name} is no OVAL document but <${name}>`);
      path.push(name);
      into = undefined;
      if (path.length === 3) {
        counted();
        const id = path[1] === 'definitions' ? raw('id') : value('id');
        switch (path[1]) {
          case 'definitions':
            definition = { id, class: raw('class'), title: '', severity: '', issued: '', updated: '', patchable: '', references: [], cves: [], resolutions: [] };
            break;
          case 'tests':
            test = { kind: copy(name), check: value('check', 'all'), existence: value('check_existence', 'at_least_one_exists'), object: '', states: [] };
            tests.set(id, test);
            break;
          case 'objects': objects.set(id, fields = []); break;
          case 'states': states.set(id, fields = []); break;
          case 'variables': variables.set(id, values = []); break;
          default:
        }
      } else if (path.length > 3) {
        if (definition !== undefined) {
          const found = definition;
          switch (name) {
            case 'title': if (path.length === 5) into = (text) => { found.title = text.trim(); }; break;
            case 'severity': into = (text) => { found.severity = text.trim(); }; break;
            case 'patchable': into = (text) => { found.patchable = text.trim(); }; break;
            case 'advisory_date': into = (text) => { found.issued = text.trim(); }; break;
            case 'issued': found.issued = raw('date'); break;
            case 'updated': found.updated = raw('date'); break;
            case 'reference': found.references.push({ source: raw('source'), id: raw('ref_id'), url: raw('ref_url') }); break;
            case 'resolution': found.resolutions.push(raw('state')); break;
            case 'cve': {
              const cve = { text: '', cvss3: raw('cvss3') || raw('cvss_vector'), priority: raw('priority') };
              found.cves.push(cve);
              into = (text) => { cve.text = text.trim(); };
              break;
            }
            case 'criteria': {
              const inner: Criteria = { operator: raw('operator', 'AND'), negate: attributes['negate'] === 'true', children: [] };
              if (criteria.length === 0) found.criteria = inner; else criteria.at(-1)!.children.push(inner);
              criteria.push(inner);
              break;
            }
            case 'criterion': criteria.at(-1)?.children.push({ test: raw('test_ref'), comment: raw('comment'), negate: attributes['negate'] === 'true' }); break;
            case 'extend_definition': criteria.at(-1)?.children.push({ test: raw('definition_ref'), comment: raw('comment'), negate: attributes['negate'] === 'true' }); break;
            default:
          }
        } else if (test !== undefined && path.length === 4) {
          if (name === 'object') test.object = value('object_ref');
          if (name === 'state') test.states.push(value('state_ref'));
        } else if (fields !== undefined && path.length === 4) {
          const field: Field = { name: copy(name), operation: value('operation', 'equals'), variable: value('var_ref'), value: '' };
          fields.push(field);
          into = (text) => { field.value = copy(text.trim()); };
        } else if (values !== undefined && name === 'value') {
          const found = values;
          into = (text) => { counted(); found.push(copy(text.trim())); };
        }
      }
    },
    text(text) { into?.(text); },
    close(name) {
      into = undefined;
      path.pop();
      if (name === 'criteria') criteria.pop();
      if (path.length === 2 && definition !== undefined) definitions.push(definition);
      if (path.length === 2) { definition = undefined; test = undefined; fields = undefined; values = undefined; }
    },
  });
  return { definitions, tests, objects, states, variables };
}

/** A list that is held packed, about a megabyte at a time, and unpacked as it is walked. */
class PackedList<T> {
  readonly #packed: Uint8Array[] = [];
  #open: string[] = [];
  #size = 0;

  push(item: T): void {
    const text = JSON.stringify(item);
    this.#open.push(text);
    if ((this.#size += text.length) < 1024 * 1024) return;
    this.#packed.push(zstdCompressSync(this.#open.join('\n'), { params: { [constants.ZSTD_c_compressionLevel]: 1 } }));
    this.#open = [];
    this.#size = 0;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const one of this.#packed) for (const text of zstdDecompressSync(one).toString('utf8').split('\n')) yield JSON.parse(text) as T;
    for (const text of this.#open) yield JSON.parse(text) as T;
  }
}

/** One copy of equal strings, each cut loose from the text it was found in, which would otherwise stay in memory with it. */
function interned(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const own = Buffer.from(text).toString('utf8');
    known.set(own, own);
    return own;
  };
}
