import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documents, foundIn, pages, pathOf, proseOf, sourcesIn } from './documents.ts';

const linksOf = (document: string) =>
  foundIn(proseOf(document), /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(document: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => {
    const anchor = (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** What is wrong with a link of a document; `undefined` if it leads somewhere. */
function problemOf(document: string, link: string): string | undefined {
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? document : posix.join(posix.dirname(document), path);
  if (!existsSync(pathOf(target))) return `${link}: no file ${target}`;
  if (anchor === undefined) return undefined;
  return anchorsOf(target).includes(anchor) ? undefined : `${link}: no heading #${anchor} in ${target}`;
}

describe('links', () => {
  test.each(documents)('every link of %s leads to a file, and to a heading', (document) => {
    expect(
      linksOf(document)
        .map((link) => problemOf(document, link))
        .filter(Boolean),
    ).toEqual([]);
  });

  test('there are links and anchors to check', () => {
    const links = documents.flatMap(linksOf);
    expect(links.length).toBeGreaterThan(60);
    expect(links.filter((link) => link.includes('#')).length).toBeGreaterThan(10);
  });

  test('the README leads to every page of docs/', () => {
    expect(linksOf('README.md')).toEqual(expect.arrayContaining([...pages]));
  });

  test('the README has what messages of the code name: (see README, "Configuration")', () => {
    const code = sourcesIn(
      'shared/src',
      'publisher/src',
      'subscriber/src',
      'local',
      'compare',
      'chaos',
      'bench',
      'scripts',
    );
    const named = foundIn(code, /README, "([^"]+)"/g);
    expect(named).toContain('Configuration');
    for (const name of named)
      expect(proseOf('README.md')).toMatch(new RegExp(`^(#+ ${name}|\\*\\*${name}\\.\\*\\*.*)$`, 'm'));
  });
});
