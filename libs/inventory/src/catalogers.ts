import { type Cataloger, catalogerKey } from './cataloger.ts';
import { apk } from './catalogers/apk.ts';
import { beam } from './catalogers/beam.ts';
import { bitnami } from './catalogers/bitnami.ts';
import { cargoAuditable } from './catalogers/cargo-auditable.ts';
import { chisel } from './catalogers/chisel.ts';
import { composerInstalled } from './catalogers/composer-installed.ts';
import { conan } from './catalogers/conan.ts';
import { conda } from './catalogers/conda.ts';
import { cpan } from './catalogers/cpan.ts';
import { cran } from './catalogers/cran.ts';
import { dotnetDeps } from './catalogers/dotnet-deps.ts';
import { dpkg } from './catalogers/dpkg.ts';
import { gem } from './catalogers/gem.ts';
import { ghc } from './catalogers/ghc.ts';
import { goBinary } from './catalogers/go-binary.ts';
import { jar } from './catalogers/jar.ts';
import { javaRuntime } from './catalogers/java-runtime.ts';
import { knownPrograms } from './catalogers/known-programs.ts';
import { npm } from './catalogers/npm.ts';
import { opkg } from './catalogers/opkg.ts';
import { osRelease } from './catalogers/os-release.ts';
import { otpRelease } from './catalogers/otp-release.ts';
import { pacman } from './catalogers/pacman.ts';
import { portage } from './catalogers/portage.ts';
import { pypi } from './catalogers/pypi.ts';
import { rpmManifest } from './catalogers/rpm-manifest.ts';
import { pythonEgg } from './catalogers/python-egg.ts';
import { pythonSboms } from './catalogers/python-sboms.ts';
import { rpm } from './catalogers/rpm.ts';
import { accounts } from './checks/accounts.ts';
import { fileFacts } from './checks/file-facts.ts';
import { dpkgCopyright, dpkgDocumentation } from './licences/dpkg-copyright.ts';
import { secretsInFiles } from './secrets/secrets-in-files.ts';
import { yarnCache } from './catalogers/yarn-cache.ts';

/** Everything read out of an image or a root filesystem. To add a cataloger: one file, one line here. */
export const catalogers: readonly Cataloger[] = [
  osRelease,
  dpkg,
  chisel,
  apk,
  rpm,
  rpmManifest,
  pacman,
  portage,
  opkg,
  npm,
  yarnCache,
  pypi,
  pythonEgg,
  pythonSboms,
  gem,
  jar,
  goBinary,
  cargoAuditable,
  composerInstalled,
  dotnetDeps,
  conda,
  cran,
  ghc,
  cpan,
  beam,
  conan,
  bitnami,
  knownPrograms,
  javaRuntime,
  otpRelease,
  accounts,
  fileFacts,
  secretsInFiles,
  dpkgCopyright,
  dpkgDocumentation,
];

/** Those of these keys (`name@version`). */
export const withKeys = (keys: readonly string[]): Cataloger[] => catalogers.filter((one) => keys.includes(catalogerKey(one)));
