/**
 * Version orders for the checker, written a second time from the managers' documents, short and slow, and sharing nothing with
 * @plimsoll/versions. Each reads a version into parts that compare one by one, or answers undefined for what its manager refuses.
 */
type Part = number | string | readonly Part[];
type Reader = (version: string) => readonly Part[] | undefined;

/** a < b; undefined when one cannot be read, or the order is not known here. */
export function less(scheme: string, a: string, b: string): boolean | undefined {
  const read = readers[scheme];
  if (read === undefined) throw new Error(`the checker knows no order ${scheme}`);
  const x = read(a.trim()), y = read(b.trim());
  return x === undefined || y === undefined ? undefined : order(x, y) < 0;
}

function order(a: Part, b: Part): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) { const result = order(a[index], b[index]); if (result !== 0) return result; }
    return a.length - b.length;
  }
  throw new Error(`parts of two kinds: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
}

/** Numbers of any length: their length first. */
const big = (digits: string): Part => { const plain = digits.replace(/^0+/, ''); return [plain.length, plain]; };
const epoch = (version: string): [Part, string] => { const [, number = '0', rest = version] = /^(\d+):(.*)$/s.exec(version) ?? []; return [big(number), rest]; };

/** Debian policy 5.6.12: letters before other signs, the tilde before everything, also the end. */
function debian(version: string): readonly Part[] | undefined {
  const [first, rest] = epoch(version), dash = rest.lastIndexOf('-');
  const parts = dash < 0 ? [rest, ''] : [rest.slice(0, dash), rest.slice(dash + 1)];
  if (!/^\d/.test(rest) || /[^\w.+~:-]/.test(rest) || /_/.test(rest)) return undefined;
  const weigh = (text: string): Part => [...[...text].map((sign) => sign === '~' ? -1 : /[a-z]/i.test(sign) ? sign.charCodeAt(0) : sign.charCodeAt(0) + 256), 0];
  return [first, ...parts.map((text): Part => { const found = [...text.matchAll(/(\D*)(\d*)/g)].filter(([all]) => all !== ''); return [...found.flatMap(([, signs, digits]): Part[] => [weigh(signs!), big(digits!)]), [0], big('')]; })];
}

/** rpm's lib/rpmvercmp.c: runs of digits and letters; digits before letters win, `~` is before the end and `^` just behind it. */
function rpm(version: string): readonly Part[] | undefined {
  if (/\s/.test(version)) return undefined;
  const [first, rest] = epoch(version), dash = rest.lastIndexOf('-');
  const runs = (text: string): Part => [...[...text.matchAll(/~|\^|\d+|[a-z]+/gi)].map(([run]): Part => run === '~' ? [-2] : run === '^' ? [1] : /\d/.test(run) ? [3, big(run)] : [2, run]), [0]];
  return [first, runs(dash < 0 ? rest : rest.slice(0, dash)), runs(dash < 0 ? '' : rest.slice(dash + 1))];
}

const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];
/** apk-tools' src/version.c. A number behind the first dot that begins with a zero is a fraction. */
function apk(version: string): readonly Part[] | undefined {
  const [, numbers, letter = '', suffix = '', release] = /^(\d+(?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:-r(\d+))?$/.exec(version) ?? [];
  if (numbers === undefined) return undefined;
  const parts = numbers.split('.').map((part, index): Part => index > 0 && part.startsWith('0') ? [0, part] : [1, big(part)]);
  const kinds = [...suffix.matchAll(/_([a-z]+)(\d*)/g)].map(([, word, digits]): Part => [suffixes.indexOf(word!), big(digits!)]);
  return [[...parts, [-1]], letter, [...kinds, [suffixes.indexOf('')]], release === undefined ? [0] : [1, big(release)]];
}

/** semver.org, section 11; as many numbers as the registry allows. */
const semantic = (most: number): Reader => (version) => {
  const [, numbers, pre] = /^[v=]?(\d+(?:\.\d+)*)(?:-([\w.-]+))?(?:\+[\w.-]*)?$/.exec(version) ?? [];
  const parts = numbers?.split('.');
  if (parts === undefined || parts.length > most) return undefined;
  const identifiers = pre?.split('.').map((one): Part => /^\d+$/.test(one) ? [0, big(one)] : [1, one]);
  return [[...parts.map(big), ...Array.from({ length: most - parts.length }, () => big(''))], identifiers === undefined ? [1] : [0, identifiers]];
};

/** PEP 440, "Summary of permitted suffixes and relative ordering" and its appendix. */
function pep440(version: string): readonly Part[] | undefined {
  const shape = /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?(?:[-_.]?dev[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;
  const lower = version.toLowerCase(), found = shape.exec(lower);
  if (!found) return undefined;
  const [, era = '0', release, word, number, dashed, post, dev, local] = found;
  const hasPost = dashed !== undefined || post !== undefined, hasDev = /dev/.test(lower.split('+')[0]!);
  const pre: Part = word !== undefined ? [1, ({ a: 0, alpha: 0, b: 1, beta: 1 } as Record<string, number>)[word] ?? 2, big(number ?? '')] : !hasPost && hasDev ? [0] : [2];
  return [big(era), [...release!.replace(/(?:\.0+)+$/, '').split('.').map(big)], pre, hasPost ? [1, big(dashed ?? post ?? '')] : [0], hasDev ? [0, big(dev ?? '')] : [1],
    local === undefined ? [] : local.split(/[-_.]/).map((one): Part => /^\d+$/.test(one) ? [1, big(one)] : [0, one])];
}

/** Gem::Version: segments, letters before numbers, zeros at the end of numbers do not count. */
function rubygems(version: string): readonly Part[] | undefined {
  if (!/^\d+(?:\.[0-9a-z]+)*(?:-[0-9a-z-]+(?:\.[0-9a-z-]+)*)?$/i.test(version)) return undefined;
  const parts = [...version.replace('-', '.pre.').matchAll(/\d+|[a-z]+/gi)].map(([part]): Part => /\d/.test(part) ? (/^0+$/.test(part) ? [1] : [2, big(part)]) : [0, part]);
  while (parts.length > 0 && (parts.at(-1) as Part[])[0] === 1) parts.pop();
  // Zeros before letters count no more than those at the end, and the end is a zero.
  return [[...parts, ...Array.from({ length: 32 - Math.min(parts.length, 32) }, (): Part => [1])]];
}

/** Only plain numbers and the qualifiers everybody uses, https://maven.apache.org/pom.html#version-order-specification. */
function maven(version: string): readonly Part[] | undefined {
  const words = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'], same: Readonly<Record<string, string>> = { cr: 'rc', ga: '', final: '', release: '' };
  const [, numbers, rest = ''] = /^(\d+(?:\.\d+)*)(?:[.-]?([a-z].*))?$/i.exec(version) ?? [];
  if (numbers === undefined) throw new Error(`the checker does not read ${version}`);
  const [, word = '', digits = ''] = /^([a-z]*)[.-]?(\d*)/i.exec(rest.toLowerCase()) ?? [], plain = same[word] ?? word, rank = words.indexOf(plain);
  return [[...numbers.replace(/(?:\.0+)+$/, '').split('.').map(big)], rank < 0 ? [words.length, plain] : [rank, ''], big(digits)];
}

const readers: Readonly<Record<string, Reader>> = {
  deb: debian, rpm, apk, pep440, rubygems, maven,
  npm: semantic(3), semver: semantic(3), go: semantic(3), cargo: semantic(3), hex: semantic(3), pub: semantic(3), nuget: semantic(4), composer: semantic(4), bitnami: semantic(3),
};
