import type { Check, CheckView, Evidence } from './check.ts';

/** What the image configuration says of how it will run. */
export const configChecks: readonly Check[] = [
  {
    id: 'CIS-DI-0001', severity: 'medium', title: 'The image runs as root',
    why: 'A process that breaks out of its container, or writes to a mounted directory, does it as root.',
    fix: 'Add USER with a numeric id other than 0 at the end of the Dockerfile.',
    find: ofImage(({ config: { User = '' } }) => (/^(?:|root|0+)(?::|$)/.test(User) ? [{ what: User === '' ? 'no USER is set' : `USER ${User}` }] : [])),
  },
  {
    id: 'CIS-DI-0005', severity: 'low', title: 'The image is named by a tag, not by its digest',
    why: 'A tag can be moved: what was scanned need not be what is run.',
    fix: 'Deploy by digest (NAME@sha256:…), or verify a signature at admission.',
    find: ofImage(({ fromRegistry, reference }) => (fromRegistry && !reference.includes('@') ? [{ what: reference }] : [])),
  },
  {
    id: 'CIS-DI-0006', severity: 'low', title: 'There is no HEALTHCHECK',
    why: 'Docker and Swarm cannot tell a hanging process from a working one. (Kubernetes uses its own probes.)',
    fix: 'Add HEALTHCHECK CMD … to the Dockerfile, or probes to the workload.',
    find: ofImage(({ config: { Healthcheck } }) => (Healthcheck.length === 0 || Healthcheck[0] === 'NONE' ? [{ what: Healthcheck[0] === 'NONE' ? 'HEALTHCHECK NONE' : 'no HEALTHCHECK is set' }] : [])),
  },
  {
    id: 'DKL-DI-0002', severity: 'high', title: 'A directory of the kernel is declared a volume',
    why: 'Writing to /dev, /proc or /sys reaches the host.',
    fix: 'Remove the VOLUME.',
    find: ofImage(({ config: { Volumes } }) => Volumes.filter((path) => /^\/(?:dev|proc|sys)(?:\/|$)/.test(path)).map((path) => ({ what: `VOLUME ${path}` }))),
  },
  {
    id: 'DKL-DI-0006', severity: 'low', title: 'The tag is `latest`',
    why: 'Nobody can tell which version runs, and a restart may change it.',
    fix: 'Tag with a version, and deploy by digest.',
    find: ofImage(({ fromRegistry, reference, base }) => [...fromRegistry && reference.endsWith(':latest') ? [{ what: reference }] : [], ...base?.digest === undefined && base?.name.endsWith(':latest') ? [{ what: `base ${base.name}` }] : []]),
  },
  {
    id: 'PLM-DI-0002', severity: 'low', title: 'The base image is named without a digest',
    why: 'The next build may start from something else.',
    fix: 'FROM NAME:TAG@sha256:…, and let a bot raise it.',
    find: ofImage(({ base }) => (base?.told === 'claimed' && base.digest === undefined ? [{ what: base.name }] : [])),
  },
  {
    id: 'PLM-DI-0003', severity: 'low', title: 'A privileged port is exposed',
    why: 'Listening below 1024 takes root or an extra capability on many hosts; port 22 is a way in.',
    fix: 'Listen on a port from 1024 on, and map it; use `kubectl exec` or `docker exec` instead of SSH.',
    find: ofImage(({ config: { ExposedPorts } }) => ExposedPorts.filter((port) => Number.parseInt(port, 10) < 1024).map((port) => ({ what: `EXPOSE ${port}` }))),
  },
  {
    id: 'PLM-DI-0004', severity: 'low', title: 'Labels that tell where the image comes from are missing',
    why: 'When something is found in it, nobody can tell whose it is or which commit made it.',
    fix: 'LABEL org.opencontainers.image.source=…, org.opencontainers.image.revision=….',
    find: ofImage(({ config: { Labels } }) => ['source', 'revision'].map((name) => `org.opencontainers.image.${name}`).filter((name) => !Labels[name] && !(name.endsWith('.source') && Labels['org.label-schema.vcs-url']) && !(name.endsWith('.revision') && Labels['org.label-schema.vcs-ref'])).map((name) => ({ what: name }))),
  },
  {
    id: 'PLM-DI-0006', severity: 'high', title: 'A variable turns verification off or loads foreign code',
    why: 'Every process of the container inherits it.',
    fix: 'Remove the variable; add the missing certificate authority to the trust store.',
    find: ofImage(({ config: { Env } }) => Env.filter((variable) => dangerous.some((shape) => shape.test(variable))).map((variable) => ({ what: `ENV ${variable.split('=', 1)[0]}` }))),
  },
];

const dangerous = [/^NODE_TLS_REJECT_UNAUTHORIZED=0$/, /^PYTHONHTTPSVERIFY=0$/, /^GIT_SSL_NO_VERIFY=(?!0$|false$|$)/i, /^CURL_INSECURE=1$/, /^GODEBUG=.*x509ignoreCN=1/, /^GONOSUMDB=\*$/, /^GOINSECURE=\*$/, /^GONOSUMCHECK=1$/, /^LD_PRELOAD=\/(?:tmp|var\/tmp|dev\/shm)\//];

function ofImage(find: (image: NonNullable<CheckView['image']>) => readonly Evidence[]): (view: CheckView) => readonly Evidence[] {
  return ({ image }) => (image ? find(image) : []);
}
