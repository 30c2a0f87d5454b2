import { describe, expect, it } from 'vitest';
import { osRelease } from './os-release.ts';

const os = (path: string, text: string) => osRelease.catalog({ path, bytes: Buffer.from(text) }).os;

describe('os-release', () => {
  it.each([
    ['etc/os-release', 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n', { id: 'debian', version_id: '12', name: 'Debian GNU/Linux 12 (bookworm)', codename: 'bookworm' }],
    ['etc/os-release', 'ID=debian\nPRETTY_NAME="Debian GNU/Linux trixie/sid"\nVERSION_CODENAME=trixie\n', { id: 'debian', name: 'Debian GNU/Linux trixie/sid', codename: 'trixie' }],
    ['etc/os-release', 'ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION="9.1 (Lime Lynx)"\nVERSION_ID="9.1"\nPRETTY_NAME="AlmaLinux 9.1 (Lime Lynx)"\n', { id: 'almalinux', version_id: '9.1', name: 'AlmaLinux 9.1 (Lime Lynx)', id_like: ['rhel', 'centos', 'fedora'] }],
    ['usr/lib/os-release', "ID='wolfi'\nNAME=\"W \\\"x\\\"\"\n", { id: 'wolfi', name: 'W "x"' }],
    ['etc/os-release', 'NAME="openEuler"\nVERSION="22.03 (LTS-SP1)"\nID="openEuler"\nVERSION_ID="22.03"\nPRETTY_NAME="openEuler 22.03 (LTS-SP1)"\n', { id: 'openEuler', version_id: '22.03', name: 'openEuler 22.03 (LTS-SP1)' }],
    ['etc/alpine-release', '3.15.0\n', { id: 'alpine', version_id: '3.15.0', name: 'Alpine Linux 3.15.0' }],
    ['etc/debian_version', '11.7\n', { id: 'debian', version_id: '11', name: 'Debian GNU/Linux 11.7' }],
    ['etc/debian_version', 'trixie/sid\n', { id: 'debian', name: 'Debian GNU/Linux trixie/sid', codename: 'trixie' }],
    ['etc/redhat-release', 'Red Hat Enterprise Linux Server release 6.10 (Santiago)\n', { id: 'rhel', version_id: '6.10', name: 'Red Hat Enterprise Linux Server release 6.10 (Santiago)', codename: 'Santiago' }],
    ['etc/centos-release', 'CentOS release 6.10 (Final)\n', { id: 'centos', version_id: '6.10', name: 'CentOS release 6.10 (Final)', codename: 'Final' }],
    ['etc/SuSE-release', 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n', { id: 'sles', version_id: '11.4', name: 'SUSE Linux Enterprise Server 11 (x86_64)' }],
    ['etc/photon-release', 'VMware Photon Linux v1.0\nPHOTON_BUILD_NUMBER=c4ad2a9\n', { id: 'photon', version_id: '1.0', name: 'VMware Photon Linux v1.0' }],
    ['etc/oracle-release', 'Oracle Linux Server release 6.8\n', { id: 'ol', version_id: '6.8', name: 'Oracle Linux Server release 6.8' }],
    ['etc/system-release', 'Amazon Linux AMI release 2017.03\n', { id: 'amzn', version_id: '2017.03', name: 'Amazon Linux AMI release 2017.03' }],
    ['etc/gentoo-release', 'Gentoo Base System release 2.14\n', { id: 'gentoo', version_id: '2.14', name: 'Gentoo Base System release 2.14' }],
    ['etc/kylin-release', 'Kylin Linux Advanced Server release V10 (Sword)\n', { id: 'kylin', version_id: '10', name: 'Kylin Linux Advanced Server release V10 (Sword)', codename: 'Sword' }],
    ['etc/slackware-version', 'Slackware 15.0\n', { id: 'slackware', version_id: '15.0', name: 'Slackware 15.0' }],
    ['etc/openwrt_release', "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.2'\nDISTRIB_DESCRIPTION='OpenWrt 23.05.2 r23630'\n", { id: 'openwrt', version_id: '23.05.2', name: 'OpenWrt 23.05.2 r23630' }],
    ['etc/arch-release', '', { id: 'arch', name: 'Arch Linux' }],
    ['etc/lsb-release', 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\nDISTRIB_DESCRIPTION="Ubuntu 14.04 LTS"\n', { id: 'ubuntu', version_id: '14.04', name: 'Ubuntu 14.04 LTS', codename: 'trusty' }],
  ])('%s: %j', (path, text, expected) => expect(os(path, text)).toEqual(expected));

  it('says when an os-release says nothing', () => {
    expect(osRelease.catalog({ path: 'etc/os-release', bytes: Buffer.from('HELLO=1\n') }).problems).toMatchObject([{ code: 'os-release-unreadable' }]);
  });
});
