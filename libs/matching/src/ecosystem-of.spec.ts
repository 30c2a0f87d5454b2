import { describe, expect, it } from 'vitest';
import { coordinatesOf, ecosystemOf } from './ecosystem-of.ts';
import { aPackage } from './samples.spec-helper.ts';

describe('ecosystemOf', () => {
  it.each<[string, string, string | undefined, string?]>([
    ['debian', '11', 'Debian:11'], ['debian', '12.5', 'Debian:12'], ['debian', '', undefined],
    ['ubuntu', '20.04', 'Ubuntu:20.04'],
    ['alpine', '3.15.0', 'Alpine:v3.15'], ['alpine', '3.21.0_alpha20240923', 'Alpine:edge'],
    ['wolfi', '20230201', 'Wolfi'], ['chainguard', '20230214', 'Chainguard'],
    ['almalinux', '9.1', 'AlmaLinux:9'], ['rocky', '8.9', 'Rocky Linux:8'], ['rhel', '9.4', 'Red Hat:enterprise_linux:9'], ['ol', '8.10', 'Oracle Linux:8'],
    ['centos', '7', 'Red Hat:enterprise_linux:7', 'CentOS Linux 7 (Core)'], ['centos', '8', undefined, 'CentOS Stream 8'], ['centos', '9', undefined, 'CentOS Stream 9'],
    ['fedora', '43', 'Fedora:43'],
    ['amzn', '2018.03', 'Amazon Linux:1'], ['amzn', '2', 'Amazon Linux:2'], ['amzn', '2023', 'Amazon Linux:2023'],
    ['photon', '5.0', 'Photon OS:5.0'], ['mariner', '2.0', 'Azure Linux:2'], ['azurelinux', '3.0', 'Azure Linux:3'], ['mageia', '9', 'Mageia:9'],
    ['sles', '15.3', 'SUSE:Linux Enterprise Server 15 SP3'], ['sles', '15', 'SUSE:Linux Enterprise Server 15'], ['sles', '12.5', 'SUSE:Linux Enterprise Server 12 SP5'], ['sles', '16.0', 'SUSE:Linux Enterprise Server 16.0'],
    ['sles_sap', '15.5', 'SUSE:Linux Enterprise Server 15 SP5'], ['sle-micro', '5.5', 'SUSE:Linux Enterprise Micro 5.5'], ['sl-micro', '6.0', 'SUSE:Linux Micro 6.0'],
    ['opensuse-leap', '15.6', 'openSUSE:Leap 15.6'], ['opensuse-tumbleweed', '20260101', 'openSUSE:Tumbleweed'],
    ['openEuler', '22.03', 'openEuler:22.03-LTS-SP3', 'openEuler 22.03 (LTS-SP3)'], ['openEuler', '24.03', 'openEuler:24.03-LTS', 'openEuler 24.03 LTS'],
    ['arch', '', 'Arch Linux'], ['gentoo', '2.17', 'Gentoo'],
    // Built again from another distribution, with versions of their own and nobody's advisories.
    ['raspbian', '12', undefined], ['linuxmint', '22', undefined], ['kali', '2026.1', undefined], ['eurolinux', '9.4', undefined], ['cloudlinux', '8.9', undefined], ['manjaro', '', undefined], ['toString', '1', undefined],
  ])('%s %s is %s', (id, version, ecosystem, name = '') => {
    expect(ecosystemOf({ id, name, ...(version === '' ? {} : { version_id: version }) })).toBe(ecosystem);
  });
  it('knows Debian in the making by its code name', () => {
    expect(ecosystemOf({ id: 'debian', name: '', codename: 'forky' })).toBe('Debian:14');
  });
});

describe('coordinatesOf', () => {
  it("of Oracle's packages for patching and for FIPS are in streams of their own", () => {
    const ecosystem = (version: string) => coordinatesOf(aPackage('rpm', 'openssl', version), { id: 'ol', name: '', version_id: '8.10' });
    expect(['1:1.1.1k-12.el8_9', '2:1.1.1k-12.ksplice1.el8_9', '10:1.1.1k-12.el8_9_fips'].map(ecosystem)).toMatchObject([{ ecosystem: 'Oracle Linux:8' }, { ecosystem: 'Oracle Linux:8:ksplice' }, { ecosystem: 'Oracle Linux:8:fips' }]);
  });
  it.each([
    ['its own, when it is the source', '1:2.0-1.cm2', '2.0-1.cm2', '1:2.0-1.cm2'], ['with the epoch it was read with', '1:2.0-1.cm2', '1:2.0-1.cm2', '1:2.0-1.cm2'], ["the source's, when the two differ", '1.30-488.cm2', '5.34.1-488.cm2', '5.34.1-488.cm2'],
  ])('of a source package have its version: %s', (_, version, source, expected) => {
    expect(coordinatesOf(aPackage('rpm', 'perl-Errno', version, { source: { name: 'perl', version: source } }), { id: 'mariner', name: '', version_id: '2.0' })).toMatchObject({ ecosystem: 'Azure Linux:2', name: 'perl', version: expected });
  });
  it('leave out epochs where the advisories do', () => {
    expect(coordinatesOf(aPackage('rpm', 'vim-minimal', '2:9.0-33.oe2203sp3', { source: { name: 'vim', version: '9.0-33.oe2203sp3' } }), { id: 'openEuler', name: 'openEuler 22.03 (LTS-SP3)', version_id: '22.03' })).toMatchObject({ ecosystem: 'openEuler:22.03-LTS-SP3', name: 'vim', version: '9.0-33.oe2203sp3' });
  });
  it.each([['deb', 'rpm'], ['rpm', 'deb']] as const)('are unknown for a %s on a system of %s', (type, other) => {
    expect(coordinatesOf(aPackage(type, 'bash', '1'), { id: other === 'deb' ? 'debian' : 'rocky', name: '', version_id: '9' })).toBe('system-unknown');
  });
});
