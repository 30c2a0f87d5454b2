import { Bus } from '@plimsoll/bus';
import { FindInventory, GetFindings, ListBases, type Answer, type RegisteredBase } from '@plimsoll/contracts';
import { Inventory, withBase } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { Injectable } from '@nestjs/common';

type Findings = Answer<typeof GetFindings>;

/** What of an image comes from an approved base: told when it is read, because approvals change and inventories do not. */
@Injectable()
export class ApprovedBases {
  constructor(private readonly bus: Bus) {}

  /** The inventory of an image, as the project sees it. */
  async inventory(project: string, digest: string): Promise<unknown> {
    const [bases, { inventory }] = await Promise.all([this.of(project), this.bus.ask(FindInventory, { digest })]);
    const document = await this.bus.documents.get(inventory);
    return bases.length ? withBase(Inventory.parse(document), bases) : document;
  }

  /** Findings, each told whether it comes from the base. Costs a project without bases one question. */
  async marked(project: string, digest: string, findings: Findings): Promise<Findings> {
    const bases = findings.items.length ? await this.of(project) : [];
    if (bases.length === 0) return findings;
    const { packages } = Inventory.parse(await this.inventory(project, digest));
    const isBase = new Map(packages.flatMap(({ purl, base }) => (base === undefined ? [] : [[purl, base] as const])));
    return { ...findings, items: findings.items.map((finding) => ({ ...finding, package: { ...finding.package, ...(isBase.has(finding.package.purl) && { base: isBase.get(finding.package.purl)! }) } })) };
  }

  /** While the scanners are away nothing is known of bases, and everything else is told all the same. */
  private async of(project: string): Promise<readonly RegisteredBase[]> {
    try {
      return (await this.bus.ask(ListBases, { project })).items;
    } catch (error) {
      if (Problem.from(error).kind !== 'unavailable') throw error;
      return [];
    }
  }
}
