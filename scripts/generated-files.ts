import { withComposeVariables } from './compose-variables.ts';
import { tables, withTablesOf } from './document-tables.ts';
import { envExample } from './env-example.ts';

const documents = new Set(Object.values(tables).map(({ document }) => document));

/** The files that are made from the code, wholly or in part: what each one is to be, from what it is now. */
export const generatedFiles: Readonly<Record<string, (now: string) => string>> = {
  ...Object.fromEntries([...documents].map((document) => [document, withTablesOf(document)])),
  '.env.example': envExample,
  'docker-compose.yml': withComposeVariables,
};
