import type { FileCataloger } from './cataloger.ts';
import { composerLock } from './lockfiles/composer-lock.ts';
import { gemfileLock } from './lockfiles/gemfile-lock.ts';
import { goMod } from './lockfiles/go-mod.ts';
import { npmLock } from './lockfiles/npm-lock.ts';
import { nugetLock } from './lockfiles/nuget-lock.ts';
import { pnpmLock } from './lockfiles/pnpm-lock.ts';
import { pipfileLock, requirements } from './lockfiles/python-locks.ts';
import { cargoLock, pdmLock, poetryLock, uvLock } from './lockfiles/toml-locks.ts';
import { yarnLock } from './lockfiles/yarn-lock.ts';

/** Lock files that may be a target themselves. To add one: one file, one line here. */
export const lockfiles: readonly FileCataloger[] = [npmLock, yarnLock, pnpmLock, requirements, pipfileLock, poetryLock, uvLock, pdmLock, goMod, cargoLock, gemfileLock, composerLock, nugetLock];
