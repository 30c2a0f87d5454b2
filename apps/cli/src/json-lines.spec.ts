import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { aHome, bin, hasShared, inShell, node, shared } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(() => home.remove());

/** Pipes lines through the program and looks at every answer; answers what it cost. */
async function through(words: readonly string[], count: number, line: (i: number) => string, expected: (i: number) => string): Promise<{ answers: number; wrong: string[]; code: number | null; peakMiB: number }> {
  const child = spawn(node, [bin, ...words], { cwd: home.path, env: { PATH: process.env['PATH']!, HOME: home.path }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  function* chunks(): Generator<string> {
    for (let i = 0; i < count;) {
      let chunk = '';
      for (const end = Math.min(count, i + 2_000); i < end; i++) chunk += `${line(i)}${i === count - 1 ? '' : '\n'}`;
      yield chunk;
    }
  }
  const fed = pipeline(Readable.from(chunks()), child.stdin);
  let answers = 0, peakMiB = 0;
  const wrong: string[] = [];
  let rest = '';
  for await (const chunk of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const answer of lines) {
      if (answer !== expected(answers) && wrong.length < 5) wrong.push(`${line(answers)} → ${answer}`);
      if (answers++ % 100_000 === 0) peakMiB = Math.max(peakMiB, peakOf(child.pid!));
    }
  }
  await fed;
  return { answers, wrong, code: await ended, peakMiB };
}

/** VmHWM, the most a process ever held; 0 where there is no /proc, or the process is gone. */
function peakOf(pid: number): number {
  try { return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024; } catch { return 0; }
}

describe('a million lines from a pipe', () => {
  const vectors = ['N', 'A', 'L', 'P'].map((av) => `CVSS:3.1/AV:${av}/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H`), scores = [9.8, 8.8, 8.4, 6.8], words = ['critical', 'high', 'high', 'medium'];
  it.each<[string, readonly string[], (i: number) => string, (i: number) => string]>([
    ['versions compare', ['versions', 'compare'], (i) => `{"eco":"npm","a":"1.${i % 1_000}.${i}","b":"1.500.0"}`, (i) => `{"result":${i % 1_000 < 500 ? -1 : 1}}`],
    ['versions in-range', ['versions', 'in-range'], (i) => `{"eco":"PyPI","version":"1.${i % 1_000}.${i}","range":">=1.100,<1.${200 + i % 50}"}`, (i) => `{"result":${i % 1_000 >= 100 && i % 1_000 < 200 + i % 50}}`],
    ['cvss', ['cvss'], (i) => i % 2 ? vectors[i % 4]! : `{"vector":"${vectors[i % 4]!}"}`, (i) => `{"version":"3.1","score":${scores[i % 4]},"severity":"${words[i % 4]}","base_score":${scores[i % 4]}}`],
  ])('%s answers each, in order, in little memory', async (_, command, line, expected) => {
    const { answers, wrong, code, peakMiB } = await through(command, 1_000_000, line, expected);
    expect(wrong).toEqual([]);
    expect({ answers, code }).toEqual({ answers: 1_000_000, code: 0 });
    expect(peakMiB).toBeLessThan(200);
  }, 180_000);
});

describe('lines', () => {
  const ask = (words: readonly string[], input: string) => home.plimsoll(words, { input });
  const compare = (...questions: readonly (readonly [string, string, string])[]) => questions.map(([eco, a, b]) => JSON.stringify({ eco, a, b })).join('\n');

  it('may begin with a byte order mark, end in CRLF, be blank, and lack their last end', async () => {
    const { code, out } = await ask(['versions', 'compare'], `\ufeff${compare(['npm', '1.0.0', '2.0.0'])}\r\n\r\n  \n${compare(['deb', '1.0~rc1', '1.0'])}`);
    expect({ code, out }).toEqual({ code: 0, out: '{"result":-1}\n{"result":-1}\n' });
  });

  it('that are no questions are answered in their place, and the rest is answered too', async () => {
    const { code, out } = await ask(['versions', 'compare'], ['{bad', compare(['npm', '1.0.0', '1.0.0']), '[1]', '{"eco":"npm","a":1,"b":"2"}', '{"eco":"npm","a":"1"}', compare(['npm', '2.0.0', '1.0.0'])].join('\n'));
    expect(code).toBe(1);
    expect(out.trim().split('\n').map((line) => JSON.parse(line))).toEqual([
      { error: 'line-malformed', line: 1, detail: expect.stringContaining('not JSON') }, { result: 0 },
      { error: 'line-not-understood', line: 3, detail: 'not a JSON object' }, { error: 'line-not-understood', line: 4, detail: 'a is not text' }, { error: 'line-not-understood', line: 5, detail: 'b is missing' }, { result: 1 },
    ]);
  });

  it('longer than anybody writes are named, and not kept in memory', async () => {
    const { code, out } = await ask(['versions', 'compare'], `${'x'.repeat(20_000_000)}\n${compare(['npm', '1.0.0', '2.0.0'])}\n`);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/^\{"error":"line-too-long","line":1,.*\}\n\{"result":-1\}\n$/) });
  });

  it('in letters of several bytes survive the ends of chunks', async () => {
    const question = JSON.stringify({ eco: 'lexicographic', a: 'ß'.repeat(50), b: '\u{1f600}'.repeat(50) });
    const { out } = await ask(['versions', 'compare'], Array.from({ length: 5_000 }, () => question).join('\n'));
    expect(new Set(out.trim().split('\n'))).toEqual(new Set(['{"result":-1}']));
    expect(out.trim().split('\n')).toHaveLength(5_000);
  });

  it('are answered before the next is waited for', async () => {
    const child = spawn(node, [bin, 'versions', 'compare'], { env: { PATH: process.env['PATH']!, HOME: home.path }, stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (const [a, result] of [['1.0.0', -1], ['3.0.0', 1]] as const) {
      child.stdin.write(`${compare(['npm', a, '2.0.0'])}\n`);
      expect((await answers.next()).value).toBe(`{"result":${result}}`);
    }
    child.stdin.end();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  });

  it('that nobody reads any more end it quietly', () => {
    expect(inShell(`yes '${compare(['npm', '1.0.0', '2.0.0'])}' 2>/dev/null | plimsoll versions compare | head -1`, { cwd: home.path })).toMatchObject({ out: '{"result":-1}\n', err: '' });
  });
});

describe('one question as arguments', () => {
  it.each<[readonly string[], number, object]>([
    [['versions', 'compare', 'Debian:12', '1.0~rc1', '1.0'], 0, { result: -1 }],
    [['versions', 'compare', 'npm', 'latest', '1.0.0'], 0, { result: 'undetermined', reason: expect.stringContaining('latest') }],
    [['versions', 'compare', 'cobol', '1', '2'], 0, { result: 'undetermined', reason: 'no version order is known for "cobol"' }],
    [['versions', 'compare', 'go', 'v1-pre', 'v1.0.0'], 0, { result: -1, reason: expect.stringContaining('refuses version "v1-pre"') }],
    [['versions', 'in-range', 'npm', '1.4.0', '^1.2'], 0, { result: true }],
    [['versions', 'in-range', 'npm', '1.4.0', 'vers:npm/>=2'], 0, { result: false }],
    [['cvss', 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/E:P'], 0, { version: '4.0', score: 7.8, severity: 'high', base_score: 8.8, threat_score: 7.8 }],
    [['cvss', 'AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H'], 0, { version: '2.0', score: 7.8, severity: 'high', base_score: 7.8, temporal_score: 6.4, environmental_score: 9.2 }],
    [['cvss', 'CVSS:3.1/AV:N'], 1, { error: 'cvss-metric-missing', detail: expect.stringContaining('no AC') }],
  ])('%j', async (words, code, expected) => {
    const ran = await home.plimsoll(words);
    expect({ code: ran.code, err: ran.err }).toEqual({ code, err: '' });
    expect(JSON.parse(ran.out)).toEqual(expected);
  });

  it.each([[['versions', 'sort'], 'choose from compare, in-range'], [['versions', 'compare', 'npm'], 'takes ECO A B']])('%j says how it is used', async (words, says) => {
    expect(await home.plimsoll(words)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(says) });
  });
});

it('a range comes in every shape it is written in', async () => {
  const range = { events: [{ introduced: '0' }, { fixed: '1.0.1' }] };
  const ranges: readonly (readonly [range: unknown, result: unknown])[] = [
    ['<1.0.1', true], ['vers:npm/<1.0.1', true], [range, true], [range.events, true], [[range], true], [{ introduced: '0', fixed: '1.0.0' }, false],
    [{ ranges: [{ type: 'SEMVER', events: [{ introduced: '2.0.0' }] }], versions: ['1.0.0'] }, true], [{ versions: ['1.0.1'] }, false],
    [{ type: 'GIT', events: [{ introduced: '0' }] }, 'undetermined'], ['banana', 'undetermined'],
  ];
  const { out } = await home.plimsoll(['versions', 'in-range'], { input: ranges.map(([one]) => JSON.stringify({ eco: 'npm', version: '1.0.0', range: one })).join('\n') });
  expect(out.trim().split('\n').map((line) => (JSON.parse(line) as { result: unknown }).result)).toEqual(ranges.map(([, result]) => result));
});

it.skipIf(!hasShared)(`the tests of the managers themselves, through the pipe${hasShared ? '' : ' (skipped: ../shared absent)'}`, async () => {
  const lines = readFileSync(shared('oracles/version-vectors/compare-sample.jsonl'), 'utf8').trim().split('\n');
  const { code, out } = await home.plimsoll(['versions', 'compare'], { input: lines.join('\n') });
  const holds: Record<string, (result: number) => boolean> = { '<': (r) => r < 0, '<=': (r) => r <= 0, '=': (r) => r === 0, '!=': (r) => r !== 0, '>=': (r) => r >= 0, '>': (r) => r > 0 };
  const wrong = out.trim().split('\n').flatMap((answer, i) => holds[(JSON.parse(lines[i]!) as { op: string }).op]!((JSON.parse(answer) as { result: number }).result) ? [] : [`${lines[i]} ${answer}`]);
  expect({ code, wrong, answers: out.trim().split('\n').length }).toEqual({ code: 0, wrong: [], answers: lines.length });
});
