import { operations, type Version } from '@plimsoll/contracts';
import { Controller } from '@nestjs/common';
import { docsPage } from './docs-page.ts';
import { FeedRevision } from './feed-revision.ts';
import { openApi } from './openapi.ts';
import { Serves } from './serves.ts';

/** What the platform says of itself. */
@Controller()
export class PlatformInfo {
  private readonly document = JSON.stringify(openApi());
  private readonly page = docsPage();
  constructor(private readonly feedRevision: FeedRevision) {}

  @Serves(operations.getVersion)
  async version(): Promise<Version> {
    return { name: 'plimsoll', version: '0.1.0', api: 'v1', feed_revision: await this.feedRevision.current() };
  }

  @Serves(operations.getOpenApi)
  openApi(): string { return this.document; }

  @Serves(operations.getDocs)
  docs(): string { return this.page; }
}
