import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/** Kinds of lines that uPlot offers to whoever asks for them; the page draws straight ones only. */
const UNUSED = /\(?paths\.(?:stepped|bars|spline)\s*=\s*\w+\)?;/g;

/** Leaves out of the bundle what the page never uses of uPlot: esbuild cannot see that by itself, because it hangs on one object. */
export const leanUplot: Plugin = {
  name: 'lean-uplot',
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(UNUSED, ''),
    }));
  },
};
