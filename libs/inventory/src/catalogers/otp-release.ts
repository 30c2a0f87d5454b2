import type { FileCataloger, Found } from '../cataloger.ts';

/** Erlang/OTP by `releases/MAJOR/OTP_VERSION` (Erlang System Principles, section "Versions"): one line; `**` at its end means patched since. */
export const otpRelease: FileCataloger = {
  name: 'otp-release',
  version: 1,
  maxBytes: 4096,
  wants: (path) => path.charCodeAt(path.length - 1) === 78 && /\/releases\/\d+\/OTP_VERSION$/.test(path),
  catalog({ bytes }): Found {
    const version = /^(\d+(?:\.\d+)*(?:-rc\d+)?)(?:\*\*)?\s*$/.exec(bytes.toString('utf8'))?.[1];
    return version ? { packages: [{ type: 'generic', name: 'erlang-otp', version }] } : { packages: [], problems: [{ code: 'otp-version-unreadable', detail: 'no version' }] };
  },
};
