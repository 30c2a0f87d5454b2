import { runService } from '@plimsoll/service';
import { FeedsModule } from './feeds.module.ts';
import { manifest } from './manifest.ts';

await runService({ manifest, module: FeedsModule });
