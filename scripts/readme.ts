/** `npm run readme`: writes the README's tables anew from the code. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withTables } from './tables.ts';

const README = new URL('../README.md', import.meta.url);
writeFileSync(README, withTables(readFileSync(README, 'utf8')));
