import { jetstreamTransport } from '@plimsoll/bus';

/** Whether a handler hears events or answers services, and so is reached by our own services alone. */
export const isJetStreamHandler = (handler: object): boolean =>
  Reflect.getMetadata('microservices:transport', handler) === jetstreamTransport;
