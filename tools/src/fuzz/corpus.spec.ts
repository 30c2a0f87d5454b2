import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../repository.ts';
import { mutate, randomFrom } from './mutate.ts';
import { fuzzTargets } from './targets.ts';

describe.each(Object.entries(fuzzTargets))('a parser of bytes that strangers made: %s', (name, { seeds, mend = (bytes) => bytes, run }) => {
  const folder = join(repository, 'tools', 'fuzz-corpus', name);

  it('keeps its promise for everything that ever mattered', async () => {
    for (const file of existsSync(folder) ? readdirSync(folder) : []) await expect(Promise.resolve(readFileSync(join(folder, file))).then(run), file).resolves.toBeUndefined();
  });

  it('and for a few hundred new inputs', async () => {
    const honest = seeds(), random = randomFrom(20_261_126);
    for (let i = 0; i < 200; i++) await run(mend(mutate(honest[random(honest.length)]!, honest[random(honest.length)]!, random, 65_536)));
  });
});
