import { setTimeout as sleep } from 'node:timers/promises';
import { renderTable } from '@redis-messaging/shared/text/table';
import type { Example } from '../example.ts';
import { readObject } from '../read-object.ts';

const SCORES = 'leaderboard';
const CHANNEL = 'leaderboard:updates';
const TOP = 10;
const PAUSE_MS = 900;

const START = 'ada bob cyd dan eve fay gus hal ivy joe kim lou'.split(' ');
const GAMES = [
  ['joe', 35],
  ['lou', 105],
  ['ada', 15],
  ['kim', 2],
  ['max', 62],
] as const;

interface Update {
  readonly player: string;
  readonly score: number;
  /** From 1. */
  readonly rank: number;
  /** Places won: positive is up. `null` for a player who had no place. */
  readonly delta: number | null;
}

/** A sorted set keeps the scores in order; the broadcast only says that it changed, and viewers read the set. */
export const leaderboard: Example = {
  about: 'scores in a sorted set, changes broadcast with rank and delta, a live top ten',

  async run({ connect, own, until, say, signal }) {
    await own(SCORES);
    const game = await connect('game');
    await game.zAdd(
      SCORES,
      START.map((value, index) => ({ value, score: 120 - 10 * index })),
    );

    /** Rank, points, rank in one transaction: else points of others come between, and the delta is wrong. */
    async function score(player: string, points: number): Promise<void> {
      const [before, now, after] = await game
        .multi()
        .zRevRank(SCORES, player)
        .zIncrBy(SCORES, points, player)
        .zRevRank(SCORES, player)
        .execTyped();
      const rank = Number(after) + 1;
      const update: Update = { player, score: Number(now), rank, delta: before === null ? null : before + 1 - rank };
      await game.publish(CHANNEL, JSON.stringify(update));
    }

    const display = new Display(say);
    const screen = await connect('screen');
    const news = await connect('screen:news'); // a connection that subscribes can do nothing else
    const drawn = new Set<string | undefined>();

    /** The updates are hints: each drawing reads the set, so the next one makes up for a lost one. */
    async function draw(update?: Update): Promise<void> {
      const top = await screen.zRangeWithScores(SCORES, 0, TOP - 1, { REV: true });
      display.show(top, update);
      drawn.add(update?.player);
    }
    let drawing = Promise.resolve();
    /** One drawing after the other. */
    function redraw(update?: Update): void {
      drawing = drawing.then(() => draw(update));
    }

    // First subscribe, then draw the present state: else a change between the two is on no screen.
    await news.subscribe(CHANNEL, (text) => {
      const update = updateIn(text);
      if (update) redraw(update);
    });
    redraw();

    await until('the first drawing', () => drawn.has(undefined));
    for (const [player, points] of GAMES) {
      if (process.stdout.isTTY) await sleep(PAUSE_MS, undefined, { signal });
      await score(player, points);
      await until(`${player}'s points on the screen`, () => drawn.has(player));
    }
  },
};

/** The update in a text; `undefined` if it is not one. */
function updateIn(text: string): Update | undefined {
  const update = readObject(text) as Update | undefined;
  const isUpdate =
    typeof update?.player === 'string' && [update.score, update.rank, update.delta ?? 0].every(Number.isFinite);
  return isUpdate ? update : undefined;
}

/** The top ten: redrawn in place in a terminal, appended elsewhere. */
class Display {
  readonly #say: (who: string, line: string) => void;
  #height = 0;

  constructor(say: (who: string, line: string) => void) {
    this.#say = say;
  }

  show(top: readonly { value: string; score: number }[], update?: Update): void {
    if (process.stdout.isTTY && this.#height > 0) process.stdout.write(`\u001b[${this.#height}A\u001b[J`);
    const rows = top.map(({ value, score }, index) => [
      value,
      `${index + 1}`,
      `${score}`,
      value === update?.player ? move(update.delta) : '',
    ]);
    const lines = [headline(update), ...renderTable(['player', 'rank', 'score', 'move'], rows).split('\n')];
    for (const line of lines) this.#say('screen', line.trimEnd());
    this.#height = lines.length;
  }
}

const headline = (update?: Update): string =>
  update ? `${update.player} has ${update.score}: rank ${update.rank} (${move(update.delta)})` : `top ${TOP}`;

function move(delta: number | null): string {
  if (delta === null) return 'new';
  if (delta === 0) return 'stays';
  return delta > 0 ? `up ${delta}` : `down ${-delta}`;
}
