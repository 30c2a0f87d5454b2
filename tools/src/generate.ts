import { generated } from './generated.ts';

/** `npm run generate`: writes every file that is made from declarations. */
for (const file of await generated({ check: false })) console.log(`wrote ${file}`);
