import { spawnSync } from 'node:child_process';
import { generated } from './generated.ts';
import { breaches } from './rings.ts';
import { repository } from './repository.ts';

/** `npm run lint`: the rings, the generated files, the linter. */
const found = breaches(repository);
for (const { file, imports, why } of found) console.error(`${file}: imports ${imports}: ${why}`);
const stale = await generated({ check: true });
for (const file of stale) console.error(`${file} is not what \`npm run generate\` makes`);
const linter = spawnSync('oxlint', ['--quiet', 'apps', 'libs', 'e2e', 'tools', 'bench'], { cwd: repository, stdio: 'inherit' });
process.exit(found.length || stale.length || linter.status ? 1 : 0);
