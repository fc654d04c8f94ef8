import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A file of the page, as it is served. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** The files of the page, by the path under which they are served. */
export type Assets = ReadonlyMap<string, Asset>;

const PAGE = new URL('../../page/', import.meta.url);
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' } as const;

/** Bundles the page's script and style from source. Takes about 100 ms. @throws an Error that says what is wrong with a file */
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
    logLevel: 'silent',
  });
  const built = outputFiles.map(({ path, contents }) => assetOf(path, Buffer.from(contents)));
  const copied = ['index.html', 'icon.svg'].map(async (name) =>
    assetOf(`/${name}`, await readFile(new URL(name, PAGE))),
  );
  return new Map([...built, ...(await Promise.all(copied))]);
}

/** What is served under a path. */
export function assetOf(path: string, body: Buffer): [string, Asset] {
  const type = TYPES[path.slice(path.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return [path === '/index.html' ? '/' : path, { type: `${type}; charset=utf-8`, body }];
}
