import type { Check, CheckView, Evidence } from './check.ts';
import type { Step } from './steps.ts';

/** What the steps say by which an image was built. */
export const historyChecks: readonly Check[] = [
  {
    id: 'CIS-DI-0007', severity: 'medium', title: 'The package index is updated in a step of its own',
    why: 'The step is cached: later builds install from an old index, without the fixes published since.',
    fix: 'Update and install in one RUN: apt-get update && apt-get install -y PACKAGE.',
    find: runs((text) => /\b(?:apt-get|apt|aptitude|apk|zypper)\s+(?:-\S+\s+)*(?:update|refresh)\b/.test(text) && !/\b(?:install|add|upgrade|dist-upgrade|full-upgrade|build-dep|in|up|dup)\b/.test(text)),
  },
  {
    id: 'CIS-DI-0009', severity: 'low', title: 'ADD is used where COPY would do',
    why: 'ADD fetches URLs without verifying them and unpacks archives unasked.',
    fix: 'Use COPY; fetch with curl in a RUN that compares a checksum, or ADD --checksum.',
    find: steps(({ instruction, text }, isFirst) => instruction === 'ADD' && !/--checksum=/.test(text) && !(isFirst && /(?:\sin\s+|\s)\/\s*$/.test(text))),
  },
  {
    id: 'CIS-DI-0011', severity: 'high', title: 'Packages are installed without verifying who made them',
    why: 'Whoever sits between the build and the mirror decides what is installed.',
    fix: 'Remove the option, and install the publisher\'s key instead.',
    find: runs((text) => /--allow-unauthenticated|--force-yes|--allow-untrusted|--nogpgcheck|--no-gpg-checks|gpgcheck=0|--trusted-host\b|\bAPT::Get::AllowUnauthenticated\b|\[[^\]]*trusted=yes[^\]]*\]/.test(text)),
  },
  {
    id: 'PLM-DI-0005', severity: 'medium', title: 'A script from the network is run unseen, or TLS is not verified',
    why: 'The build runs whatever the server, or somebody on the way, answers at that moment.',
    fix: 'Download to a file over verified TLS, compare its checksum, then run it.',
    find: runs((text) => /\b(?:curl|wget)\b[^|;&]*\|\s*(?:sudo\s+)?(?:\S*\/)?(?:ba|da|a|z|k)?sh\b/.test(text) || /\bcurl\b[^|;&]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)\b/.test(text) || /\bwget\b[^|;&]*--no-check-certificate\b/.test(text)),
  },
  {
    id: 'DKL-DI-0001', severity: 'medium', title: 'sudo is used or installed',
    why: 'It lets a process become root, and behaves unpredictably without a terminal.',
    fix: 'Build as root, then set USER; to step down when starting use setpriv, gosu or su-exec.',
    *find(view) {
      yield* runs((text) => /(?:^|[\s;&|(])sudo\s/.test(text) && !/\b(?:install|add)\b[^;&|]*\bsudo\b/.test(text))(view);
      for (const { path, layer, fact } of view.files) if (fact.is === 'sudo') yield { what: path, ...(layer && { layer }) };
    },
  },
  {
    id: 'DKL-DI-0003', severity: 'medium', title: 'The whole distribution is upgraded in a build step',
    why: 'The same Dockerfile gives another image every day, and packages the base was tested with are replaced.',
    fix: 'Move to a newer base image instead.',
    find: runs((text) => /\b(?:apt-get|apt|aptitude)\s+(?:-\S+\s+)*(?:dist-upgrade|full-upgrade)\b/.test(text)),
  },
  {
    id: 'DKL-DI-0004', severity: 'low', title: 'apk add without --no-cache',
    why: 'The index stays in the layer.',
    fix: 'apk add --no-cache PACKAGE.',
    find: runs((text) => /\bapk\s+(?:-\S+\s+)*add\b/.test(text) && !/--no-cache\b|rm\s+-\S*r\S*\s[^;&|]*\/var\/cache\/apk|--mount=type=cache/.test(text)),
  },
  {
    id: 'DKL-DI-0005', severity: 'low', title: 'Caches of package managers are left in the image',
    why: 'They make every pull slower and are never read again.',
    fix: 'In the same RUN: apt-get clean && rm -rf /var/lib/apt/lists/* (dnf clean all, pip --no-cache-dir).',
    *find(view) {
      yield* runs((text) => /\b(?:apt-get|apt|aptitude)\s+(?:-\S+\s+)*install\b/.test(text) && !/rm\s+-\S*r\S*\s[^;&|]*\/var\/(?:lib\/apt|cache)|--mount=type=cache/.test(text))(view);
      for (const { path, layer, fact } of view.files) if (fact.is === 'package-cache') yield { what: path, ...(layer && { layer }) };
    },
  },
];

function runs(isWrong: (command: string) => boolean): (view: CheckView) => Generator<Evidence> {
  return steps(({ instruction, text }) => instruction === 'RUN' && isWrong(text));
}

function steps(isWrong: (step: Step, isFirst: boolean) => boolean): (view: CheckView) => Generator<Evidence> {
  return function* ({ image }) {
    let made = 0;
    for (const step of image?.steps ?? []) {
      if (isWrong(step, made === 0)) yield stepEvidence(step);
      if (step.layer !== undefined || step.instruction === 'ADD' || step.instruction === 'COPY' || step.instruction === 'RUN') made++;
    }
  };
}

/** A step in the words of a Dockerfile, on one line that fits a report. */
export function stepEvidence({ number, instruction, text, layer }: Step): Evidence {
  const line = `${instruction} ${text}`.trim().replace(/\s+/g, ' ');
  return { what: `step ${number}: ${line.length > 160 ? `${line.slice(0, 159)}…` : line}`, ...(layer && { layer }) };
}
