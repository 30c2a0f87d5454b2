import { createServer, type AddressInfo } from 'node:net';

/** A loopback port nobody listens on: the preferred one when free, else one the system picks. */
export const freePort = async (preferred = 0): Promise<number> => {
  for (const port of [preferred, 0]) {
    const found = await tryPort(port);
    if (found !== undefined) return found;
  }
  throw new Error('no free port on 127.0.0.1');
};

const tryPort = (port: number): Promise<number | undefined> => new Promise((resolve) => {
  const probe = createServer();
  probe.once('error', () => resolve(undefined));
  probe.listen(port, '127.0.0.1', () => {
    const taken = (probe.address() as AddressInfo).port;
    probe.close(() => resolve(taken));
  });
});
