import { invalid } from '@plimsoll/problem';
import type { Range } from './advisory.ts';
import type { Criteria, Criterion, Field, OvalDocument, Test } from './oval-document.ts';

/** What one package must be for a definition to hold: within the range, or of the version, or (neither) installed at all. */
export interface Condition { readonly range?: Range; readonly version?: string; readonly never?: boolean }

/** Things that must all be true. `platforms` and `arches` are met by any one of theirs. */
export interface Conjunction {
  readonly platforms?: readonly string[];
  readonly arches?: readonly string[];
  readonly module?: string;
  readonly packages: readonly { readonly name: string; readonly condition: Condition }[];
  /** Comments of what cannot be told from packages. */
  readonly unknown: readonly string[];
}

/** Conjunctions of one definition; SUSE's kernels need a few hundred. Beyond: Problem `record-too-complex`. */
const maxConjunctions = 20_000;

/**
 * The alternatives under which a definition holds, each a conjunction (disjunctive normal form). Signatures count as
 * given: who built a package is told from its vendor. `platformOf` names the ecosystem of a product, or undefined when
 * it is not known. Throws Problem `record-test-missing` for a criterion whose test the document lacks.
 */
export function alternatives(criteria: Criteria, document: OvalDocument, platformOf: (product: string, isCertain: boolean) => string | undefined): readonly Conjunction[] {
  const leaf = (criterion: Criterion): readonly Conjunction[] => negated(criterion, meaningOf(criterion, document, platformOf));
  const walk = (node: Criteria): readonly Conjunction[] => {
    const parts = node.children.map((child) => 'children' in child ? walk(child) : leaf(child));
    if (node.operator !== 'AND' && node.operator !== 'OR') return [unknown(`operator ${node.operator}`)];
    const joined = node.operator === 'OR' ? either(parts.flat()) : parts.reduce((left, right) => both(left, right), [always]);
    return node.negate ? negated({ negate: true, comment: 'negated criteria', test: '' }, joined) : joined;
  };
  return walk(criteria);
}

const always: Conjunction = { packages: [], unknown: [] };
const unknown = (comment: string): Conjunction => ({ packages: [], unknown: [comment.slice(0, 200)] });
const isAlways = (one: Conjunction): boolean => one.platforms === undefined && one.arches === undefined && one.module === undefined && one.packages.length === 0 && one.unknown.length === 0;

function negated({ negate, comment }: Criterion, meaning: readonly Conjunction[]): readonly Conjunction[] {
  if (!negate) return meaning;
  if (meaning.length === 0) return [always];
  return meaning.some(isAlways) ? [] : [unknown(`not: ${comment}`)];
}

/** Releases that are alternatives become one conjunction with all of them: products of releases and packages stay small. */
function either(list: readonly Conjunction[]): readonly Conjunction[] {
  const isPlatform = (one: Conjunction) => one.platforms !== undefined && one.arches === undefined && one.module === undefined && one.packages.length === 0 && one.unknown.length === 0;
  const platforms = [...new Set(list.filter(isPlatform).flatMap((one) => one.platforms!))];
  const rest = list.filter((one) => !isPlatform(one));
  return platforms.length === 0 ? rest : [{ ...always, platforms }, ...rest];
}

function both(left: readonly Conjunction[], right: readonly Conjunction[]): readonly Conjunction[] {
  if (left.length * right.length > maxConjunctions) throw invalid('record-too-complex', `its criteria have more than ${maxConjunctions} alternatives`);
  return left.flatMap((a) => right.flatMap((b) => and(a, b) ?? []));
}

/** Undefined when the two exclude each other. */
function and(a: Conjunction, b: Conjunction): Conjunction | undefined {
  const common = (x?: readonly string[], y?: readonly string[]) => x === undefined ? y : y === undefined ? x : x.filter((one) => y.includes(one));
  const platforms = common(a.platforms, b.platforms), arches = common(a.arches, b.arches);
  if (platforms?.length === 0 || arches?.length === 0 || (a.module !== undefined && b.module !== undefined && a.module !== b.module)) return undefined;
  const module = a.module ?? b.module;
  return {
    ...(platforms === undefined ? {} : { platforms }), ...(arches === undefined ? {} : { arches }), ...(module === undefined ? {} : { module }),
    packages: [...a.packages, ...b.packages], unknown: [...a.unknown, ...b.unknown],
  };
}

const product = /^(.+) is installed$/;

function meaningOf({ test: id, comment }: Criterion, document: OvalDocument, platformOf: (product: string, isCertain: boolean) => string | undefined): readonly Conjunction[] {
  const test = document.tests.get(id), named = product.exec(comment)?.[1];
  if (test === undefined) {
    const platform = named === undefined ? undefined : platformOf(named, false);
    if (platform === undefined) throw invalid('record-test-missing', `the document lacks the test ${id}, '${comment.slice(0, 200)}'`);
    return [{ ...always, platforms: [platform] }];
  }
  const name = nameOf(document, test), fields = test.states.flatMap((state) => document.states.get(state) ?? missing(state, comment));
  const isPackages = test.kind === 'rpminfo_test' || test.kind === 'dpkginfo_test';
  if (!isPackages || name === undefined || /-release(?:-|$)/.test(name) || (fields.length === 1 && fields[0]!.name === 'version' && fields[0]!.value !== '0')) {
    // "must be installed" fails where nothing satisfies it: the definitions are of one distribution, and only its packages are asked.
    if (test.check === 'none satisfy' && comment.endsWith(' must be installed')) return [];
    const platform = named === undefined ? undefined : platformOf(named, true);
    if (platform !== undefined) return [{ ...always, platforms: [platform] }];
    const module = /^Module (\S+) is enabled$/.exec(comment)?.[1];
    if (module !== undefined) return [{ ...always, module }];
    const arch = fields.length === 1 && fields[0]!.name === 'arch' ? archesOf(fields[0]!) : undefined;
    if (arch !== undefined) return [{ ...always, arches: arch.flatMap(runsOn) }];
    if (test.kind === 'uname_test' && fields.length === 0) return [always];   // Debian: any machine
    return [unknown(comment)];
  }
  return packageCondition(name, test, fields, comment);
}

function packageCondition(name: string, test: Test, fields: readonly Field[], comment: string): readonly Conjunction[] {
  const whole = (condition: Condition, arches?: readonly string[]): readonly Conjunction[] => [{ ...always, ...(arches === undefined ? {} : { arches }), packages: [{ name, condition }] }];
  const undetermined: readonly Conjunction[] = [{ packages: [{ name, condition: {} }], unknown: [comment.slice(0, 200)] }];
  // "is installed" and "is not installed" of one package: Red Hat's way to say that none is affected.
  if (test.existence === 'none_exist') return fields.length === 0 ? whole({ never: true }) : undetermined;
  if (!['at least one', 'all', 'only one'].includes(test.check) || !['at_least_one_exists', 'all_exist'].includes(test.existence)) return undetermined;
  let condition: Condition = {}, arches: readonly string[] | undefined;
  const [only] = fields;
  if (fields.length === 1 && only!.name === 'signature_keyid') return [always];
  // The version says it too, and puts a package in a stream of its own.
  if (comment.endsWith(' is ksplice-based')) return [always];
  for (const { name: field, operation, variable, value } of fields) {
    const found = variable ? undefined : field === 'evr' ? evrCondition(operation, value) : field !== 'version' ? undefined
      : operation === 'equals' && value === '0' ? { never: true } : operation === 'pattern match' ? lineOf(fields, value) : undefined;
    if (found !== undefined) condition = merge(condition, found);
    else if (field === 'arch' && !variable) {
      arches = archesOf({ name: field, operation, variable, value });
      if (arches === undefined) return undetermined;
    } else if (field !== 'signature_keyid') return undetermined;
  }
  return whole(condition, arches);
}

/** Oracle names a kernel's line beside its bound, `4.1.12` and `earlier than 0:4.1.12-124.93.1`: what is earlier and of that version. */
function lineOf(fields: readonly Field[], pattern: string): Condition | undefined {
  const bound = fields.find(({ name, operation }) => name === 'evr' && operation === 'less than')?.value ?? '';
  const [, epoch, version] = /^(\d+):([^-]+)-/.exec(bound) ?? [];
  return version !== undefined && version === pattern.replace(/^\^|\$$/g, '').replaceAll('\\.', '.') ? { range: { introduced: `${epoch}:${version}-0` } } : undefined;
}

function evrCondition(operation: string, value: string): Condition | undefined {
  if (value === '') return undefined;
  const isZero = /^0:0(?:-0)?$|^0$/.test(value);
  switch (operation) {
    // Nothing is earlier than 0.
    case 'less than': return isZero ? { never: true } : { range: { fixed: value } };
    case 'less than or equal': return { range: { last_affected: value } };
    case 'greater than or equal': return isZero ? {} : { range: { introduced: value } };
    // SUSE's "is affected": any version.
    case 'greater than': return isZero ? {} : undefined;
    case 'equals': return { version: value };
    default: return undefined;
  }
}

const merge = (a: Condition, b: Condition): Condition => ({ ...a, ...b, ...(a.range === undefined && b.range === undefined ? {} : { range: { ...a.range, ...b.range } }) });

/** Two conditions on one package as one, where that is exact. */
export const mergeConditions = (conditions: readonly Condition[]): Condition | undefined => {
  const some = conditions.filter(({ range, version, never }) => range !== undefined || version !== undefined || never === true);
  const never = some.find((one) => one.never === true);
  if (never !== undefined || some.length <= 1) return never ?? some[0] ?? {};
  const [first, ...rest] = some.map((one) => JSON.stringify(one));
  if (rest.every((one) => one === first)) return some[0];
  const ends = some.flatMap(({ range, version }) => version !== undefined ? ['version'] : Object.keys(range ?? {}));
  return ends.includes('version') || new Set(ends).size !== ends.length || (ends.includes('fixed') && ends.includes('last_affected')) ? undefined : some.reduce(merge);
};

/** `x86_64`, or `(aarch64|x86_64)`; undefined for any other pattern. */
function archesOf({ operation, value }: Field): readonly string[] | undefined {
  if (operation === 'equals') return value === '' ? undefined : [value];
  const list = /^\^?\(?([\w]+(?:\|[\w]+)*)\)?\$?$/.exec(value)?.[1];
  return operation === 'pattern match' ? list?.split('|') : undefined;
}

/** Packages of which architectures a machine can have. */
function runsOn(machine: string): readonly string[] {
  if (/^i[3-6]86$/.test(machine)) return ['i386', 'i486', 'i586', 'i686', 'noarch'];
  return machine === 'x86_64' ? ['x86_64', 'i386', 'i486', 'i586', 'i686', 'noarch'] : [machine, 'noarch'];
}

function nameOf(document: OvalDocument, { object }: Test): string | undefined {
  const name = document.objects.get(object)?.find((field) => field.name === 'name');
  return name?.operation === 'equals' && !name.variable && name.value !== '' ? name.value : undefined;
}

function missing(id: string, comment: string): never {
  throw invalid('record-test-missing', `the document lacks the state ${id}, '${comment.slice(0, 200)}'`);
}
