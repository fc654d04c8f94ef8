import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Results } from '../result.ts';
import { renderHtml } from './html.ts';
import { renderSummary } from './summary.ts';

/** Writes results.json, summary.md and index.html into a folder, which is made if need be. @returns their paths from here */
export async function writeReport(folder: string, results: Results): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files = {
    'index.html': await renderHtml(results),
    'results.json': `${JSON.stringify(results, null, 2)}\n`,
    'summary.md': renderSummary(results),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return Object.keys(files).map((name) => relative(process.cwd(), join(folder, name)) || name);
}
