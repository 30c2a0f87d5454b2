import { describe, expect, it } from 'vitest';
import { parseVersion, type Scheme, schemeNames, schemes, Unreadable } from './index.ts';

// VERSION_PAIRS=1000000 npx vitest run libs/versions/src/order-properties.spec.ts
const pairs = Number(process.env['VERSION_PAIRS'] ?? 20_000);

/** What versions are made of, weighted towards what comparators disagree about. */
const bits = [
  '0', '0', '1', '1', '2', '9', '10', '01', '00', '007', '20240101', '2147483648', '99999999999999999999', '1.0', '1.0.0', '2.3.4', '.0', '-0', '-1',
  '.', '.', '.', '-', '-', '_', '+', '~', '^', ':', '!', '*', '/', 'é', '\u{1f600}', 'a', 'b', 'c', 'm', 'p', 'r', 'v', 'x', 'z', 'A', 'Z',
  'alpha', 'beta', 'pre', 'rc', 'RC', 'snapshot', 'ga', 'final', 'sp', 'foo', 'dev', 'post', 'go', 'git', '-r', '_p', '_pre', '_alpha', '.dev', '.post', '.a', '-a', '-rc', '-SNAPSHOT',
];

/** Repeatable numbers below n. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function written(scheme: Scheme, roll: (n: number) => number): string {
  const two = (n: number) => String(roll(n)).padStart(2, '0');
  if (scheme === 'datetime') return `20${two(4)}-0${1 + roll(9)}-1${roll(9)}T${two(24)}:${two(60)}:${two(61)}${roll(2) ? `.${roll(100)}` : ''}${roll(2) ? 'Z' : `-${two(12)}:30`}`;
  let text = roll(4) === 0 ? '' : String(roll(3));
  if (scheme === 'openssl') return `${roll(3)}.${roll(2)}.${roll(3)}${'abz'.slice(roll(4), 3)}${roll(3) ? '' : `-${bits[44 + roll(8)]}${roll(3)}`}`;
  for (let i = roll(8); i > 0; i--) text += bits[roll(bits.length)];
  // An order needs pkgrel on both sides; see alpm.ts.
  return scheme === 'alpm' ? `${text}-${1 + roll(3)}` : text;
}

describe.each(schemeNames)(`%s, ${pairs} pairs`, (scheme) => {
  const definition = schemes[scheme];
  const roll = dice(schemeNames.indexOf(scheme) + 1);
  const pool: { text: string; version: unknown; key: string }[] = [];
  while (pool.length < 5_000) {
    const text = written(scheme, roll);
    const version = parseVersion(definition, text);
    if (version instanceof Unreadable || definition.irregular?.(version) !== undefined) continue;
    pool.push({ text, version, key: definition.key(version) });
  }
  const neighbours = pool.toSorted((a, b) => definition.compare(a.version, b.version));

  it('orders keys exactly as it compares', () => {
    for (let i = 0; i < pairs; i++) {
      // Half of the pairs stand close together, where mistakes are.
      const at = roll(neighbours.length);
      const a = neighbours[at]!;
      const b = roll(2) ? neighbours[roll(neighbours.length)]! : neighbours[Math.min(at + roll(4), neighbours.length - 1)]!;
      const compared = Math.sign(definition.compare(a.version, b.version));
      const keys = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
      if (compared !== keys || compared !== -Math.sign(definition.compare(b.version, a.version))) {
        expect.fail(`${a.text} and ${b.text}: compared ${compared}, keys ${keys}, the other way round ${definition.compare(b.version, a.version)}`);
      }
    }
  });

  it('is transitive', () => {
    for (let i = 0; i < pairs; i++) {
      const [a, b, c] = [0, 1, 2].map(() => neighbours[roll(neighbours.length)]!.version);
      if (definition.compare(a, b) <= 0 && definition.compare(b, c) <= 0 && definition.compare(a, c) > 0) expect.fail(JSON.stringify([a, b, c]));
    }
  });

  it('makes keys of bytes', () => {
    expect(pool.every(({ key }) => Buffer.from(key, 'latin1').toString('latin1') === key && key !== '')).toBe(true);
  });
});
