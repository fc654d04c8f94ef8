import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { marked, type Token } from 'marked';
import type { Results } from '../../compare/measure/result.ts';
import { brokenIn, failuresOf, lossesOf, patternsOf } from '../../compare/report/digest.ts';
import { markdown, table } from '../../compare/report/text/markdown.ts';
import { renderSummary } from '../../compare/report/text/summary.ts';

/** Of a run. */
const sample: Results = JSON.parse(readFileSync(new URL('../report/results.json', import.meta.url), 'utf8'));

const HOSTILE = [
  '7.0 | more | <img src=x onerror=alert(1)> <!-- /compare --> &lt; **b** _i_ ~~s~~ `c` ``d`` $m$ \\',
  '# heading',
  '---',
  '\\[x\\](http://evil.example) \\<b\\> - item [link](http://evil.example) ![image](x) <http://evil.example> http://evil.example www.evil.example a@evil.example',
  '\u001b[31m \u202e \u2028 ```',
].join('\n');

/** The kinds of all tokens of a document, with those within others. */
const kindsIn = (text: string): string[] => {
  const kinds: string[] = [];
  marked.walkTokens(marked.lexer(text), ({ type }: Token) => void kinds.push(type));
  return kinds;
};

/** Puts a text in place of every text that a server, a peer or a machine could have written, or that explains something. */
const forged = (results: Results): Results => {
  const failed = { 'peer-1': HOSTILE };
  const experiments = results.experiments.map((experiment) => ({
    ...experiment,
    question: HOSTILE,
    failed,
    patterns: Object.fromEntries(
      Object.entries(experiment.patterns).map(([name, measurement]) => [
        name,
        {
          ...measurement,
          headline: HOSTILE,
          causes: measurement.causes.map((cause) => ({ ...cause, cause: HOSTILE })),
          claims: measurement.claims.map((claim) => ({ ...claim, text: HOSTILE })),
        },
      ]),
    ),
  }));
  return {
    ...results,
    experiments,
    again: `npm run ${HOSTILE}`,
    machine: { ...results.machine, redis: HOSTILE, cpu: HOSTILE, system: HOSTILE, node: `v${HOSTILE}` },
  };
};

describe('the summary in Markdown', () => {
  const text = renderSummary(forged(sample)).text;

  test('has no links, images, HTML, emphasis or code but its own, whatever the texts of a run say', () => {
    const usual = new Set(kindsIn(renderSummary(sample).text));
    const ours = new Set([...usual, 'escape', 'br', 'html']); // the only HTML is a line break
    expect([...new Set(kindsIn(text))].filter((kind) => !ours.has(kind))).toEqual([]);
    expect(new Set(text.replace(/`[^`\n]*`/g, '').match(/(?<!\\)<[^>]*>/g))).toEqual(new Set(['<br>']));
    const codes = kindsIn(text).filter((kind) => kind === 'codespan');
    expect(codes).toHaveLength(patternsOf(forged(sample)).length + 1);
  });

  test('has its own headings and list items, and as many rows and cells as there are questions and patterns', () => {
    const tokens = marked.lexer(text);
    const headings = tokens.flatMap((token) => (token.type === 'heading' ? token.text : []));
    expect(headings).toEqual(['Redis messaging patterns, compared', 'Failed', 'Not delivered, and why', 'Broken']);
    const [found] = tokens.flatMap((token) => (token.type === 'table' ? [token] : []));
    expect(found?.rows).toHaveLength(sample.experiments.length);
    expect(found?.header).toHaveLength(1 + patternsOf(forged(sample)).length);
    const items = [failuresOf, lossesOf, brokenIn].flatMap((list) => list(forged(sample)));
    const lists = tokens.flatMap((token) => (token.type === 'list' ? token.items : []));
    expect(lists).toHaveLength(items.length);
  });

  test('shows such texts as they are, without what could act on a terminal', () => {
    const html = marked.parse(text, { async: false });
    expect(html).toContain(
      '7.0 | more | &lt;img src=x onerror=alert(1)&gt; &lt;!-- /compare --&gt; &amp;lt; **b** _i_',
    );
    expect(html).toContain('\\u001b[31m \\u202e \\u2028 ```');
    for (const character of ['\u001b', '\u202e', '\u2028']) expect(text).not.toContain(character);
  });
});

describe('Markdown that is made of a template', () => {
  test('takes Markdown as it is, and leaves texts readable', () => {
    expect(markdown`${markdown`**${1}**`} DEDUPE_TTL, 5 < 6, a.b-c #1`.text).toBe('**1** DEDUPE_TTL, 5 < 6, a.b-c #1');
    expect(markdown`${'DEDUPE_TTL (p99 54 ms) – 127,226/s; 48 to 52 % each'}`.text).toBe(
      'DEDUPE_TTL (p99 54 ms) – 127,226/s; 48 to 52 % each',
    );
  });

  test('makes no mathematics of dollars, as GitHub would', () => {
    expect(markdown`${'$x$'}`.text).toBe('\\$x\\$');
  });

  test('keeps a cell of a table in one', () => {
    expect(table(['a'], [['x | y\nz']]).text).toBe('| a |\n| --- |\n| x \\| y<br>z |');
  });
});
