import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { invalid, Problem } from '@plimsoll/problem';

/** Container engines of this machine whose images can be read. */
export type Engine = 'docker' | 'podman' | 'containerd';

interface EngineDoor {
  /** The environment variable that names the socket, as the engine's own client reads it. */
  readonly variable: string;
  /** Where it is otherwise; the first that exists. */
  readonly sockets: readonly string[];
}

const userSockets = (name: string): string[] => process.env['XDG_RUNTIME_DIR'] ? [join(process.env['XDG_RUNTIME_DIR'], name)] : [];

const doors: Readonly<Record<Engine, () => EngineDoor>> = {
  docker: () => ({ variable: 'DOCKER_HOST', sockets: ['/var/run/docker.sock', ...userSockets('docker.sock')] }),
  podman: () => ({ variable: 'CONTAINER_HOST', sockets: [...userSockets('podman/podman.sock'), '/run/podman/podman.sock'] }),
  containerd: () => ({ variable: 'CONTAINERD_ADDRESS', sockets: ['/run/containerd/containerd.sock'] }),
};

export const engines = Object.keys(doors) as readonly Engine[];

/** The socket of an engine. Another machine's engine is not read: what it holds can be had from its registry. Problem `engine-address`. */
export function engineSocket(engine: Engine): string {
  const { variable, sockets } = doors[engine]();
  const named = process.env[variable];
  if (!named) return sockets.find((path) => existsSync(path)) ?? sockets[0]!;
  const path = named.replace(/^unix:\/\//, '');
  if (!path.startsWith('/')) throw invalid('engine-address', `${variable} is ${JSON.stringify(named.slice(0, 200))}; only unix sockets of this machine are read (unix:///path)`);
  return path;
}

/** What a failed connection to an engine means, and what to do. */
export function engineAway(engine: Engine, socket: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'EACCES' || error.code === 'EPERM') return new Problem('denied', `${socket} may not be used by this user; run as root or join the socket's group`, { code: 'engine-denied', cause: error });
  const why = error.code === 'ENOENT' ? 'does not exist' : error.code === 'ECONNREFUSED' ? 'has nobody behind it' : `cannot be used: ${error.code ?? error.message}`;
  return new Problem('unavailable', `${socket} ${why}; is ${engine} running? ${doors[engine]().variable} names another socket`, { code: 'engine-unreachable', cause: error });
}
