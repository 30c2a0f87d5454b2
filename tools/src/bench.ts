import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './repository.ts';

/** `npm run bench [NAME…] [-- --rounds N]`: see bench/run.ts. */
const { status } = spawnSync(process.execPath, ['--conditions=@plimsoll/source', '--disable-warning=ExperimentalWarning', join(repository, 'bench', 'run.ts'), ...process.argv.slice(2)], { cwd: repository, stdio: 'inherit' });
process.exit(status ?? 1);
