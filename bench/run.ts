// npm run bench [-- NAME…] [--rounds N]: measures side by side, prints tables, writes .plimsoll/bench/NAME.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleet } from './fleet.ts';
import { indexImage } from './index-image.ts';
import { ingest } from './ingest.ts';
import { matchPackages } from './match.ts';
import { readLayers } from './read-layers.ts';

/** One line is one headline. */
const benches = { 'index-image': indexImage, ingest, match: matchPackages, fleet, 'read-layers': readLayers } as const;

const root = join(import.meta.dirname, '..');
const cache = join(root, '.plimsoll', 'bench');
const flags = process.argv.slice(2);
const rounds = Number(flags[flags.indexOf('--rounds') + 1]) || 5;
const named = flags.filter((flag, i) => !flag.startsWith('--') && flags[i - 1] !== '--rounds');

for (const [name, bench] of Object.entries(benches)) {
  if (named.length > 0 && !named.includes(name)) continue;
  const { text, json } = await bench({ root, rounds, cache });
  console.log(`\n${text}`);
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, `${name}.json`), `${JSON.stringify(json, null, 1)}\n`);
}
const unknown = named.filter((name) => !(name in benches));
if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
