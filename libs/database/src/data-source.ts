import { DataSource, type EntitySchema, type MixedList } from 'typeorm';
import pg from 'pg';

export interface DatabaseSettings {
  /** `postgres://svc_scanner:…@host:5432/plimsoll`: the service's own role, which can only read and write its own schema. */
  readonly url: string;
  /** Service name; also the schema. */
  readonly schema: string;
  readonly entities?: MixedList<Function | string | EntitySchema>;
  /** Connections at most; small, because there are many services and one Postgres. */
  readonly poolSize?: number;
}

/** Opens the one data source of a service. Tables are made by migrations, never from here. */
export const openDatabase = ({ url, schema, entities = [], poolSize = 8 }: DatabaseSettings): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    // The driver is handed over, because TypeORM's own require() of it breaks inside bundles.
    driver: pg,
    url, schema, entities, poolSize,
    applicationName: schema,
    extra: {
      options: `-c search_path=${schema} -c statement_timeout=60000 -c idle_in_transaction_session_timeout=120000`,
      idleTimeoutMillis: 30_000,
      connectionTimeoutMillis: 10_000,
    },
    synchronize: false,
    migrationsRun: false,
  }).initialize();
