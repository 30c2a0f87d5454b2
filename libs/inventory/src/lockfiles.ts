import type { FileCataloger } from './cataloger.ts';
import { packageResolved, podfileLock } from './lockfiles/apple-locks.ts';
import { mixLock, rebarLock } from './lockfiles/beam-locks.ts';
import { bunLock } from './lockfiles/bun-lock.ts';
import { composerLock } from './lockfiles/composer-lock.ts';
import { conanLock } from './lockfiles/conan-lock.ts';
import { condaEnvironment, condaLock, pixiLock } from './lockfiles/conda-locks.ts';
import { cpanfileSnapshot } from './lockfiles/cpanfile-snapshot.ts';
import { denoLock } from './lockfiles/deno-lock.ts';
import { gemfileLock } from './lockfiles/gemfile-lock.ts';
import { goMod } from './lockfiles/go-mod.ts';
import { goSum } from './lockfiles/go-sum.ts';
import { cabalFreeze, stackLock } from './lockfiles/haskell-locks.ts';
import { gradleLock, sbtLock } from './lockfiles/java-locks.ts';
import { npmLock } from './lockfiles/npm-lock.ts';
import { nugetAssets, nugetLock, packagesConfig } from './lockfiles/nuget-locks.ts';
import { pnpmLock } from './lockfiles/pnpm-lock.ts';
import { pom } from './lockfiles/pom.ts';
import { pubspecLock } from './lockfiles/pubspec-lock.ts';
import { pipfileLock, requirements } from './lockfiles/python-locks.ts';
import { renvLock } from './lockfiles/renv-lock.ts';
import { cargoLock, pdmLock, poetryLock, pylock, uvLock } from './lockfiles/toml-locks.ts';
import { yarnLock } from './lockfiles/yarn-lock.ts';

/** Files of a directory of sources that say what would be installed, and targets themselves. To add one: one file, one line here. */
export const lockfiles: readonly FileCataloger[] = [
  npmLock, yarnLock, pnpmLock, bunLock, denoLock,
  requirements, pipfileLock, poetryLock, uvLock, pdmLock, pylock, condaEnvironment, condaLock, pixiLock,
  pom, gradleLock, sbtLock,
  goMod, cargoLock, gemfileLock, composerLock,
  nugetLock, nugetAssets, packagesConfig,
  pubspecLock, mixLock, rebarLock, packageResolved, podfileLock, conanLock, renvLock, cabalFreeze, stackLock, cpanfileSnapshot,
];

/** Those that are asked only when they are the target. */
export const targetLockfiles: readonly FileCataloger[] = [...lockfiles, goSum];
