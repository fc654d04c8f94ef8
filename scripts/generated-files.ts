import { withComposeVariables } from './compose-variables.ts';
import { envExample } from './env-example.ts';
import { withTables } from './readme-tables.ts';

/** The files that are made from the code, wholly or in part: what each one is to be, from what it is now. */
export const generatedFiles: Readonly<Record<string, (now: string) => string>> = {
  'README.md': withTables,
  '.env.example': envExample,
  'docker-compose.yml': withComposeVariables,
};
