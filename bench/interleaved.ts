import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** One thing to measure. One line adds a peer. */
export interface Candidate {
  readonly label: string;
  /** A shell command; run in the directory of the bench. */
  readonly command: string;
  /** Run before each round, not measured: removes a cache, warms nothing. */
  readonly setup?: string;
  /** Programs it needs; without them it is left out, and said so. */
  readonly needs?: readonly string[];
}

export interface Measured {
  readonly label: string;
  /** Seconds, the smallest and the middle of all rounds. */
  readonly wall: number;
  readonly wallMedian: number;
  /** User and system seconds of all its processes, the smallest of all rounds. Linux only, else NaN. */
  readonly cpu: number;
  /** Bytes: the peaks of all its processes added, the largest of all rounds. Linux only, else NaN. */
  readonly rss: number;
  /** How many times as fast as the first candidate. */
  readonly timesWall: number;
  readonly timesCpu: number;
}

interface Run { readonly wall: number; readonly cpu: number; readonly rss: number }

/**
 * Measures candidates in turns, each round beginning with another one, so that a busy machine slows all alike; only ratios of one
 * run mean anything. The first candidate is what the others are compared with. Throws when one fails.
 */
export async function interleave(candidates: readonly Candidate[], rounds: number, directory: string): Promise<Measured[]> {
  const runs = new Map<string, Run[]>(candidates.map(({ label }) => [label, []]));
  for (let round = 0; round < rounds; round++) {
    const first = round % candidates.length;
    for (const candidate of [...candidates.slice(first), ...candidates.slice(0, first)]) {
      if (candidate.setup !== undefined) await run(candidate.setup, directory);
      runs.get(candidate.label)!.push(await run(candidate.command, directory));
    }
  }
  const [base] = candidates.map(({ label }) => smallest(runs.get(label)!));
  return candidates.map(({ label }) => {
    const all = runs.get(label)!;
    const { wall, cpu } = smallest(all);
    return { label, wall, cpu, wallMedian: median(all.map((each) => each.wall)), rss: Math.max(...all.map(({ rss }) => rss)), timesWall: base!.wall / wall, timesCpu: base!.cpu / cpu };
  });
}

/** Candidates whose programs are on the PATH, and the labels of the others. */
export function available(candidates: readonly Candidate[]): { here: Candidate[]; absent: string[] } {
  const here = candidates.filter(({ needs = [] }) => needs.every(isOnPath));
  return { here, absent: candidates.filter((candidate) => !here.includes(candidate)).map(({ label, needs = [] }) => `${label} (needs ${needs.filter((program) => !isOnPath(program)).join(', ')})`) };
}

const isOnPath = (program: string): boolean => (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));

/** A table for people. */
export function table(measured: readonly Measured[]): string {
  const width = Math.max(...measured.map(({ label }) => label.length));
  const head = `${''.padEnd(width)}   wall s  median    CPU s  RSS MB   × wall   × CPU`;
  return [head, ...measured.map(({ label, wall, wallMedian, cpu, rss, timesWall, timesCpu }) =>
    `${label.padEnd(width)} ${wall.toFixed(2).padStart(8)}${wallMedian.toFixed(2).padStart(8)}${cpu.toFixed(2).padStart(9)}${(rss / 1e6).toFixed(0).padStart(8)}${timesWall.toFixed(2).padStart(9)}${timesCpu.toFixed(2).padStart(8)}`)].join('\n');
}

function smallest(runs: readonly Run[]): { wall: number; cpu: number } {
  return { wall: Math.min(...runs.map(({ wall }) => wall)), cpu: Math.min(...runs.map(({ cpu }) => cpu)) };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function run(command: string, directory: string): Promise<Run> {
  const cpuBefore = childrenSeconds();
  const start = performance.now();
  return new Promise((done, fail) => {
    const child = spawn('bash', ['-c', command], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
    const peaks = new Map<number, number>();
    const watch = setInterval(() => notePeaks(child.pid!, peaks), 20);
    child.on('error', fail);
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code !== 0) { fail(new Error(`status ${code}: ${command}`)); return; }
      const wall = (performance.now() - start) / 1000;
      const rss = peaks.size === 0 ? Number.NaN : [...peaks.values()].reduce((a, b) => a + b, 0);
      // The kernel adds a child's time to ours when it is waited for, which libuv has done by now.
      done({ wall, cpu: childrenSeconds() - cpuBefore, rss });
    });
  });
}

/** proc(5), /proc/self/stat: cutime and cstime, in hundredths of a second on every Linux that Node runs on. */
function childrenSeconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch { return Number.NaN; }
}

function notePeaks(pid: number, peaks: Map<number, number>): void {
  try {
    const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    if (peak !== undefined) peaks.set(pid, Number(peak) * 1024);
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ')) if (child !== '') notePeaks(Number(child), peaks);
  } catch { /* it ended meanwhile */ }
}
