import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { permissionsOf } from '@plimsoll/bus';
import { durableName, type EventContract, type Manifest, type RequestContract, ScanReport } from '@plimsoll/contracts';
import { checks, Inventory, notOnBase, secretRules } from '@plimsoll/inventory';
import { z } from 'zod';
import { repository } from './repository.ts';
import { manifests } from './services.ts';

/** Files that are made from declarations: name → content. */
const files: Readonly<Record<string, () => string>> = {
  'docs/messages.md': messages,
  'docs/checks.md': checksAndSecrets,
  'docs/schemas/inventory.schema.json': () => schema(Inventory),
  'docs/schemas/scan-report.schema.json': () => schema(ScanReport),
};

const schema = (of: z.ZodType): string => `${JSON.stringify(z.toJSONSchema(of, { target: 'draft-2020-12' }), null, 2)}\n`;

/** Writes every generated file, or only names the ones that differ. */
export async function generated({ check }: { check: boolean }): Promise<string[]> {
  const stale: string[] = [];
  for (const [name, make] of Object.entries(files)) {
    const path = join(repository, name), content = make();
    if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
    stale.push(name);
    if (!check) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }
  return stale;
}

function checksAndSecrets(): string {
  return [
    '# What images are checked for', '', 'Made by `npm run generate` from the tables in libs/inventory/src/checks and libs/inventory/src/secrets; do not edit. How it works, and how to add to it: [how-to/checks-and-secrets.md](how-to/checks-and-secrets.md).', '',
    `## Configuration: ${checks.length + 1} checks`, '', '`CIS-DI` are those of section 4 of the CIS Docker Benchmark, `DKL` Dockle\'s checkpoints, `PLM` our own. CIS-DI-0002 needs approved base images (`plimsoll bases`).', '',
    '| id | severity | what | why | how to fix |', '|-|-|-|-|-|', ...[...checks, notOnBase].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, severity, title, why, fix }) => `| ${[id, severity, title, why, fix].map(cell).join(' | ')} |`), '',
    `## Secrets: ${secretRules.length} kinds`, '', '| rule | severity | what |', '|-|-|-|', ...secretRules.map(({ rule, severity, title }) => `| ${[`\`${rule}\``, severity, title].map(cell).join(' | ')} |`), '',
  ].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function messages(): string {
  return [
    '# Messages', '', 'Made by `npm run generate` from the manifests and contracts; do not edit. Headers: `Nats-Msg-Id` (the event\'s id), `traceparent`.', '',
    ...manifests.flatMap(service),
  ].join('\n');
}

const service = (manifest: Manifest): string[] => [
  `## ${manifest.name}`, '', manifest.does, '',
  list('Hears', manifest.hears.map((contract) => `\`${contract.subject}\` by the consumer \`${durableName(manifest.name, contract)}\``)),
  list('Asks', manifest.asks.map(({ subject }) => `\`${subject}\``)),
  list('Documents', [manifest.documents]),
  ...manifest.says.flatMap((contract) => message('says', contract)),
  ...manifest.answers.flatMap((contract) => [...message('answers', contract)]),
  '<details><summary>What NATS allows it</summary>', '', '```', `publish   ${permissionsOf(manifest).publish.join('\n          ')}`, `subscribe ${permissionsOf(manifest).subscribe.join('\n          ')}`, '```', '', '</details>', '',
];

const list = (title: string, items: readonly string[]): string => items.length ? `${title}: ${items.join(', ')}\n` : `${title}: nothing\n`;

function message(verb: string, contract: EventContract | RequestContract): string[] {
  const rows = fields(z.toJSONSchema(contract.body, { io: 'input', unrepresentable: 'any' }) as Schema);
  const answer = 'answer' in contract ? fields(z.toJSONSchema(contract.answer, { unrepresentable: 'any' }) as Schema) : undefined;
  return [`### ${verb} \`${contract.subject}\``, '', ...table(rows), ...(answer ? ['', 'and gets', '', ...table(answer)] : []), ''];
}

interface Schema { type?: string | string[]; properties?: Record<string, Schema>; required?: string[]; items?: Schema; enum?: unknown[]; const?: unknown; anyOf?: Schema[]; format?: string; pattern?: string; $ref?: string }

const fields = ({ properties = {}, required = [] }: Schema): string[][] =>
  Object.entries(properties).map(([name, schema]) => [`\`${name}\``, kind(schema), required.includes(name) ? 'yes' : '']);

const kind = (schema: Schema): string => {
  if (schema.enum) return schema.enum.map(String).join(' \\| ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf) return schema.anyOf.map(kind).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? kind(schema.items) : 'anything'}`;
  if (schema.type === 'object' && schema.properties) return `{${Object.keys(schema.properties).join(', ')}}`;
  return [schema.type ?? 'anything', schema.format].filter(Boolean).join(', ');
};

const table = (rows: string[][]): string[] => rows.length ? ['| field | what | needed |', '|-|-|-|', ...rows.map((row) => `| ${row.join(' | ')} |`)] : ['(no fields)'];
