import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OptionsError } from '../../local/process/command.ts';
import type { Results } from '../measure/result.ts';
import { renderPage } from './page/page.ts';
import { renderSummary } from './text/summary.ts';

/** Makes the folder of a report, if need be. @throws OptionsError if it cannot be written to */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new OptionsError(`--out ${folder}: expected a folder that can be written to (${(error as Error).message})`);
  }
}

/** Writes results.json, summary.md and index.html into a folder. @returns their paths from here */
export async function writeReport(folder: string, results: Results): Promise<string[]> {
  const files = {
    'index.html': await renderPage(results),
    'results.json': `${JSON.stringify(results, null, 2)}\n`,
    'summary.md': renderSummary(results).text,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return Object.keys(files).map((name) => relative(process.cwd(), join(folder, name)) || name);
}
