import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { leanUplot } from './lean-uplot.ts';

/** A file of the page, as it is served. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** The files of the page, by the path under which they are served. */
export type Assets = ReadonlyMap<string, Asset>;

const PAGE = new URL('../../page/', import.meta.url);
/** The files of a built page. */
const COPIED = ['index.html', 'icon.svg'];
const BUILT = [...COPIED, 'page.js', 'page.css'];
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' } as const;

/** The page: as it was built for an image; else bundled from source, which takes about 100 ms. */
export async function pageAssets(): Promise<Assets> {
  return existsSync(new URL('page.js', PAGE)) ? await readBuilt() : await bundlePage();
}

/** Reads what `build.ts` wrote. */
async function readBuilt(): Promise<Assets> {
  const read = BUILT.map(async (name) => assetOf(`/${name}`, await readFile(new URL(name, PAGE))));
  return new Map(await Promise.all(read));
}

/** Bundles the page's script and style from source. @throws an Error that says what is wrong with a file */
export async function bundlePage(): Promise<Assets> {
  const { build } = await import('esbuild'); // where the page is built already, it is not installed
  const { outputFiles } = await build({
    entryPoints: { page: fileURLToPath(new URL('main.tsx', PAGE)) },
    outdir: '/',
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'inline',
    plugins: [leanUplot],
    logLevel: 'silent',
  });
  const built = outputFiles.map(({ path, contents }) => assetOf(path, Buffer.from(contents)));
  const copied = COPIED.map(async (name) => assetOf(`/${name}`, await readFile(new URL(name, PAGE))));
  return new Map([...built, ...(await Promise.all(copied))]);
}

/** What is served under a path. */
function assetOf(path: string, body: Buffer): [string, Asset] {
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return [path === '/index.html' ? '/' : path, { type: `${type}; charset=utf-8`, body }];
}
