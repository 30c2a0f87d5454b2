import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectNats, listDead, replayDead } from '@plimsoll/bus';
import { repository } from './repository.ts';
import { localSecrets } from './secrets.ts';

/** `plimsoll dead list|replay SEQ`: dead letters of the platform that runs here. */
const [action, seq] = process.argv.slice(2).filter((word) => word !== '--json');
const home = resolve(process.env['PLIMSOLL_HOME'] ?? join(repository, '.plimsoll'));
const connection = join(home, 'connection.json');
if (!existsSync(connection)) {
  console.error('plimsoll: no platform runs here; start one with `plimsoll up`.');
  process.exit(1);
}
const { nats: url } = JSON.parse(readFileSync(connection, 'utf8')) as { nats: string };
const admin = await connectNats({ url, name: 'admin', seed: localSecrets(home).nats['admin']!.seed });
try {
  if (action === 'replay' && seq) {
    await replayDead(admin, Number(seq));
    console.log(`sent again: ${seq}`);
  } else {
    const letters = await listDead(admin);
    if (process.argv.includes('--json')) console.log(JSON.stringify(letters, null, 2));
    else if (letters.length === 0) console.log('No dead letters.');
    else for (const { seq: number, service, subject, problem, buried_at } of letters) console.log(`${String(number).padStart(6)}  ${buried_at.slice(0, 19)}  ${service} could not hear ${subject}: ${problem.detail}${problem.code ? ` (${problem.code})` : ''}`);
  }
} catch (error) {
  console.error(`plimsoll: ${(error as Error).message}`);
  process.exitCode = 1;
}
await admin.close();
