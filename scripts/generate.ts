/** `npm run generate`: writes what is made from the code: the tables of README.md and docs, .env.example, the variables in docker-compose.yml. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedFiles } from './generated-files.ts';

for (const [path, generate] of Object.entries(generatedFiles)) {
  const file = new URL(`../${path}`, import.meta.url);
  writeFileSync(file, generate(readFileSync(file, 'utf8')));
}
