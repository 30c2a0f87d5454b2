import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Coverage } from './fuzz/coverage.ts';
import { mutate, randomFrom } from './fuzz/mutate.ts';
import { type FuzzTarget, fuzzTargets } from './fuzz/targets.ts';
import { repository } from './repository.ts';

/**
 * `npm run fuzz -- TARGET… [--minutes N] [--seed N] [--keep]`: damages honest inputs, holds on to what reaches code nothing reached
 * before, damages that further. An input that breaks the parser's promise, or takes long, is written to tools/fuzz-corpus and ends
 * the run with 1; with --keep so are the smallest of those that reached something new. Tests run everything in there again.
 */
const words = process.argv.slice(2);
const option = (name: string, fallback: number): number => words.includes(`--${name}`) ? Number(words[words.indexOf(`--${name}`) + 1]) : fallback;
const minutes = option('minutes', 1), seed = option('seed', Date.now() % 2 ** 31);
const named = words.filter((word, i) => !word.startsWith('--') && !['--minutes', '--seed'].includes(words[i - 1] ?? ''));
const unknown = named.filter((name) => !Object.hasOwn(fuzzTargets, name));
if (unknown.length > 0 || !(minutes > 0)) throw new Error(`npm run fuzz -- TARGET… [--minutes N] [--seed N] [--keep]; targets: ${Object.keys(fuzzTargets).join(', ')}`);

const largest = 64 * 1024, batch = 32, slowMs = 2_000, keptAtMost = 24;
let failures = 0;
for (const name of named.length > 0 ? named : Object.keys(fuzzTargets)) failures += await fuzz(name, fuzzTargets[name]!) ? 0 : 1;
process.exit(failures > 0 ? 1 : 0);

async function fuzz(name: string, target: FuzzTarget): Promise<boolean> {
  const folder = join(repository, 'tools', 'fuzz-corpus', name);
  const kept = existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];
  const corpus = [...target.seeds(), ...kept], random = randomFrom(seed), coverage = new Coverage(), end = Date.now() + minutes * 60_000;
  const mend = target.mend ?? ((bytes: Buffer) => bytes), any = (): Buffer => corpus[random(corpus.length)]!;
  for (const input of corpus) await target.run(input);
  coverage.fresh();
  const given = corpus.length;
  let inputs = 0, told = 0;
  while (Date.now() < end) {
    const tried = Array.from({ length: batch }, () => mend(mutate(any(), any(), random, largest))).filter(({ length }) => length > 0);
    for (const input of tried) {
      const broken = await brokenBy(target, input);
      inputs++;
      if (broken === undefined) continue;
      console.error(`${name}: ${broken}\n${name}: kept as ${keep(folder, input)}; seed ${seed}`);
      return false;
    }
    const fresh = coverage.fresh();
    if (fresh.size > 0) {
      // Which of them it was is found by running each once more.
      for (const input of tried) {
        await target.run(input);
        if (coverage.taken().some((place) => fresh.delete(place))) corpus.push(input);
      }
    }
    if (Date.now() - told > 10_000) {
      told = Date.now();
      console.error(`${name}: ${inputs} inputs, ${coverage.size} places, ${corpus.length} worth keeping, ${Math.max(0, Math.round((end - told) / 1000))} s left`);
    }
  }
  if (words.includes('--keep')) for (const input of corpus.slice(given).sort((a, b) => a.length - b.length).slice(0, keptAtMost)) keep(folder, input);
  console.error(`${name}: ${inputs} inputs, ${coverage.size} places reached, nothing broke; seed ${seed}`);
  return true;
}

function keep(folder: string, input: Buffer): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
  writeFileSync(file, input);
  return file;
}

/** What is wrong with how the parser took an input; undefined when it kept its promise. */
async function brokenBy({ run }: FuzzTarget, input: Buffer): Promise<string | undefined> {
  const started = process.cpuUsage();
  try {
    await run(input);
  } catch (error) {
    return String((error as Error).stack).slice(0, 1500);
  }
  // Its own seconds: a busy machine makes nothing slow.
  const { user, system } = process.cpuUsage(started), ms = (user + system) / 1000;
  return ms > slowMs ? `took ${ms.toFixed(0)} ms` : undefined;
}
