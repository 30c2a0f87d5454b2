import { runService } from '@plimsoll/service';
import { IdentityModule } from './identity.module.ts';
import { manifest } from './manifest.ts';

await runService({ manifest, module: IdentityModule });
