import { fileURLToPath } from 'node:url';
import { groups, protoFolder } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { currentTraceId, Metrics, type Log } from '@plimsoll/telemetry';
import { nestLogger } from '@plimsoll/service';
import { ReflectionService } from '@grpc/reflection';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { Server as GrpcServer } from '@grpc/grpc-js';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { trace } from '@opentelemetry/api';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { HealthImplementation } from 'grpc-health-check';
import type { GatewayConfig } from './gateway.config.ts';
import { grpcMeter } from './grpc-meter.ts';
import { problemDocument } from './problems.ts';

/** Both doors of the application: Fastify for REST, Nest's gRPC transport beside it. Neither listens yet. */
export async function buildDoors(root: DynamicModule, log: Log, config: GatewayConfig): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: config.PLIMSOLL_GATEWAY_BODY_BYTES,
    requestTimeout: config.PLIMSOLL_GATEWAY_RECEIVE_SECONDS * 1000,
    trustProxy: config.PLIMSOLL_GATEWAY_TRUST_PROXY?.split(',') ?? false,
    exposeHeadRoutes: false,
    // What the router itself refuses reaches neither hooks nor filters.
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const isLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
      const problem = new Problem('invalid', isLong ? 'a part of the path is longer than is taken here' : 'the path cannot be decoded', { code: isLong ? 'url-too-long' : 'url-malformed' });
      const document = problemDocument(problem, request.url.slice(0, 1024));
      reply.status(document.status).headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).type('application/problem+json').send(JSON.stringify(document));
    },
    routerOptions: { maxParamLength: 256 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, { logger: nestLogger(log), abortOnError: false, bodyParser: false });
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] } },
    xFrameOptions: { action: 'deny' },
  });
  readJson(app);
  measure(app, app.get(Metrics));
  app.connectMicroservice<MicroserviceOptions>(grpcOptions(config, app.get(Metrics)), { inheritAppConfig: true });
  return app;
}

/** Every JSON media type, with the bytes kept: signatures are over what was sent, not over what was understood. */
function readJson(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(/^application\/(?:[\w.-]+\+)?json(?:;|$)/, { parseAs: 'buffer' }, (request, body, done) => {
    (request as { rawBody?: Buffer }).rawBody = body as Buffer;
    try {
      done(null, body.length ? JSON.parse(body.toString('utf8')) : undefined);   // a POST that needs nothing said may say nothing
    } catch (error) {
      done(Object.assign(new Problem('invalid', `the request body is not JSON: ${(error as Error).message}`, { code: 'json-malformed' }), { statusCode: 400 }));
    }
  });
}

/** Names the span of a request by its route, tells the caller his trace, and counts seconds by route: never by path, which has no end. */
function measure(app: NestFastifyApplication, metrics: Metrics): void {
  const seconds = metrics.histogram('plimsoll_http_request_seconds', 'Time to answer an HTTP request', ['route', 'method', 'status_class']);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    const span = trace.getActiveSpan(), route = request.routeOptions.url;
    if (span && route) span.updateName(`${request.method} ${route}`).setAttribute('http.route', route);
    const id = currentTraceId();
    if (span && id) reply.headers({ 'x-trace-id': id, traceparent: `00-${id}-${span.spanContext().spanId}-${span.spanContext().traceFlags.toString(16).padStart(2, '0')}` });
    reply.header('cache-control', 'no-store');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    seconds.observe({ route: request.routeOptions.url ?? 'none', method: request.method, status_class: `${Math.floor(reply.statusCode / 100)}xx` }, reply.elapsedTime / 1000);
    done();
  });
}

export const protoFiles = ['common', ...Object.keys(groups).map((group) => group.toLowerCase())].map((name) => `plimsoll/v1/${name}.proto`);
/** `keepCase`: the fields of the messages are the fields of the JSON. */
export const protoLoader = { includeDirs: [fileURLToPath(protoFolder)], keepCase: true, longs: Number, enums: String, defaults: false, oneofs: false };

const grpcOptions = (config: GatewayConfig, metrics: Metrics): MicroserviceOptions => ({
  transport: Transport.GRPC,
  options: {
    package: 'plimsoll.v1', protoPath: protoFiles, loader: protoLoader,
    url: `${config.PLIMSOLL_GRPC_HOST.includes(':') ? `[${config.PLIMSOLL_GRPC_HOST}]` : config.PLIMSOLL_GRPC_HOST}:${config.PLIMSOLL_GRPC_PORT}`,
    maxReceiveMessageLength: config.PLIMSOLL_GATEWAY_BODY_BYTES,
    maxSendMessageLength: 512 * 2 ** 20,   // an inventory is one message
    channelOptions: { interceptors: [grpcMeter(metrics)] } as object,
    onLoadPackageDefinition: (definition: PackageDefinition, server: GrpcServer) => {
      new ReflectionService(definition).addToServer(server);
      new HealthImplementation({ '': 'SERVING', ...Object.fromEntries(Object.keys(groups).map((group) => [`plimsoll.v1.${group}`, 'SERVING' as const])) }).addToServer(server);
    },
  },
});
