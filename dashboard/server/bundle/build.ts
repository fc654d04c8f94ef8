/** Builds the page for an image: bundled, into dashboard/dist/page, where the built server looks for it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { bundlePage } from './bundle.ts';

const TARGET = new URL('../../dist/page/', import.meta.url);

await mkdir(TARGET, { recursive: true });
for (const [path, { body }] of await bundlePage())
  await writeFile(new URL(path === '/' ? 'index.html' : path.slice(1), TARGET), body);
