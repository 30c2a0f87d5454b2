import { runService } from '@plimsoll/service';
import { manifest } from './manifest.ts';
import { PolicyModule } from './policy.module.ts';

await runService({ manifest, module: PolicyModule });
