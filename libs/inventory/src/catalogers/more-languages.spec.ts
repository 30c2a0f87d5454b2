import type { Entry } from '@plimsoll/oci';
import { describe, expect, it } from 'vitest';
import { catalogSafely } from '../catalog-visitor.ts';
import type { ReadingCataloger } from '../cataloger.ts';
import { beam } from './beam.ts';
import { bitnami } from './bitnami.ts';
import { conan } from './conan.ts';
import { conda } from './conda.ts';
import { cpan } from './cpan.ts';
import { cran } from './cran.ts';
import { ghc } from './ghc.ts';
import { javaRuntime } from './java-runtime.ts';
import { otpRelease } from './otp-release.ts';
import { pythonSboms } from './python-sboms.ts';

const entry = (path: string): Entry => ({ path, type: 'file', size: 500, mode: 0o644, uid: 0, gid: 0, link: '' });
const spdx = JSON.stringify({
  spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'nginx', documentDescribes: ['SPDXRef-nginx'],
  packages: [{ SPDXID: 'SPDXRef-nginx', name: 'nginx', versionInfo: '1.25.3-1', licenseDeclared: 'BSD-2-Clause', externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: 'pkg:bitnami/nginx@1.25.3-1?arch=amd64&distro=debian-11' }] }],
});

describe('packages as languages and makers leave them', () => {
  it.each<[ReadingCataloger, string, string, string[]]>([
    [conda, 'opt/conda/conda-meta/numpy-1.21.0-py39h1.json', '{"name":"numpy","version":"1.21.0","build":"py39h1","license":"BSD-3-Clause"}', ['conda numpy 1.21.0 BSD-3-Clause']],
    [conda, 'opt/conda/conda-meta/pixi_env_prefix.json', '{"manifest_path":"x"}', []],
    [cran, 'usr/lib/R/site-library/Rcpp/DESCRIPTION', 'Package: Rcpp\nVersion: 1.0.10\nTitle: Seamless\n  Version: no\nLicense: GPL (>= 2)\nBuilt: R 4.2.2; x86_64-pc-linux-gnu; 2023-01-22; unix\n', ['cran Rcpp 1.0.10 GPL (>= 2)']],
    [cran, 'src/mypkg/DESCRIPTION', 'Package: mypkg\nVersion: 0.1\n', []],
    [ghc, 'var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf', 'name:                 aeson\nversion:              2.0.3.0\nlicense:              BSD-3-Clause\n', ['hackage aeson 2.0.3.0 BSD-3-Clause']],
    [cpan, 'usr/local/lib/perl5/site_perl/5.38.0/x86_64-linux-gnu/.meta/JSON-XS-4.03/install.json', '{"dist":"JSON-XS-4.03","name":"JSON::XS","version":"4.03"}', ['cpan JSON-XS 4.03']],
    [beam, 'app/lib/jason-1.4.1/ebin/jason.app', '{application,jason,\n             [{config_mtime,1},\n              {vsn,"1.4.1"},\n              {modules,[]}]}.\n', ['hex jason 1.4.1']],
    [beam, 'app/lib/ssl-11.0/ebin/ssl.app', '{application, ssl, [{vsn, "11.0"}]}.', []],
    [conan, 'root/.conan/data/zlib/1.2.11/_/_/package/0123/conaninfo.txt', '[settings]\n', ['conan zlib 1.2.11']],
    [bitnami, 'opt/bitnami/nginx/.spdx-nginx.spdx', spdx, ['bitnami nginx 1.25.3-1 BSD-2-Clause']],
    [pythonSboms, 'lib/pip-25.3.dist-info/sboms/bom.cdx.json', '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"idna","version":"3.18","purl":"pkg:pypi/idna@3.18"},{"type":"library","name":"unnamed"},{"type":"library","name":"libgfortran","version":"8","purl":"pkg:rpm/almalinux/libgfortran@8"}]}', ['pypi idna 3.18']],
    [javaRuntime, 'opt/java/openjdk/release', 'IMPLEMENTOR="Eclipse Adoptium"\nJAVA_VERSION="17.0.9"\nJAVA_RUNTIME_VERSION="17.0.9+9"\n', ['generic openjdk 17.0.9']],
    [javaRuntime, 'etc/other/release', 'RELEASE=1\n', []],
    [otpRelease, 'usr/local/lib/erlang/releases/26/OTP_VERSION', '26.1.2\n', ['generic erlang-otp 26.1.2']],
  ])('%# %s', (cataloger, path, content, expected) => {
    expect(cataloger.wants(path, entry(path))).toBe(true);
    const { packages, problems } = catalogSafely(cataloger, path, Buffer.from(content))!;
    expect(problems).toBeUndefined();
    expect(packages.map(({ type, name, version, licences = [] }) => [type, name, version, ...licences].join(' '))).toEqual(expected);
  });

  it.each<[ReadingCataloger, string, string, string]>([
    [conda, 'conda-meta/x.json', '{', 'conda-meta-invalid'], [cran, 'x/DESCRIPTION', 'Built: R\n', 'r-description-incomplete'], [ghc, 'package.db/x.conf', 'a', 'ghc-package-incomplete'],
    [cpan, 'x/.meta/y/install.json', '{}', 'cpan-install-invalid'], [beam, 'x/ebin/x.app', 'x', 'beam-application-invalid'], [bitnami, 'opt/bitnami/x/.spdx-x.spdx', '{}', 'sbom-invalid'], [otpRelease, 'x/releases/1/OTP_VERSION', 'x', 'otp-version-unreadable'],
  ])('%# names what it cannot read', (cataloger, path, content, code) => expect(catalogSafely(cataloger, path, Buffer.from(content))!.problems).toMatchObject([{ code }]));
});
