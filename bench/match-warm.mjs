// A matcher process: one database, images in turn. Prints processor milliseconds an image, and its memory at the end.
import { readFileSync } from 'node:fs';
import { coordinatesOf, keyedVersion, match, openDatabase } from '@plimsoll/matching';

const [databaseFile, inventoriesFile, what] = process.argv.slice(2);
const { os, images } = JSON.parse(readFileSync(inventoriesFile, 'utf8'));
const inventories = images.map((packages) => ({ os, packages }));
using database = openDatabase(databaseFile);

/** What a service needs to know: which advisories hold for which package version. */
function decide({ packages }) {
  let found = 0;
  for (const one of packages) {
    const { ecosystem, name, version } = coordinatesOf(one, os);
    found += database.ask(ecosystem, name, keyedVersion(ecosystem, version), false).length;
  }
  return found;
}
const work = { decisions: decide, findings: (inventory) => match(inventory, database).findings.length }[what];

let found = 0;
const round = () => { found = 0; for (const inventory of inventories) found += work(inventory); };
const turns = what === 'decisions' ? 20 : 5;
for (let warm = 0; warm < 3; warm++) round();
let best = Infinity;
for (let turn = 0; turn < turns; turn++) {
  const before = process.cpuUsage();
  round();
  const { user, system } = process.cpuUsage(before);
  best = Math.min(best, (user + system) / 1000 / inventories.length);
}
const memory = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? Number.NaN) * 1024;
console.log(JSON.stringify({ milliseconds: best, found: found / inventories.length, memory }));
