import { perSecond } from '../state/text.ts';
import type { Anchors, Box, Point } from './anchors.ts';
import { along, type Brush, type TokenStyle, tokenWidth } from './brush.ts';
import type { Colours } from './colours.ts';
import type { Chip, Mover, Scene } from './scene.ts';

/** From one token to the next: CSS pixels. */
const GAP = 5;
/** How much of its way to its place a token goes in a frame: it glides there. */
const GLIDE = 0.22;
/** So far from the publisher's box a message begins its way, so that it covers nothing there: CSS pixels. */
const START = 9;
/** What has been in Redis for this long is in the figures of the services, too: ms. */
const SETTLED_MS = 1500;

/** How a lane stands, besides what moves in it. */
export interface LaneFigures {
  /** Messages per second that are made, and that each instance is given. */
  readonly rate: number;
  readonly rateOf: ReadonlyMap<string, number>;
  /** Instances in the order of their boxes. */
  readonly instances: readonly string[];
  /** Messages that wait in Redis, as the services tell; `null` = not known. */
  readonly waiting: number | null;
  /** Messages that are with subscribers, as Redis tells; `null` = not known. */
  readonly inFlight: number | null;
  /** A log's groups, and how many messages each has yet to be given. */
  readonly behind: ReadonlyMap<string, number>;
  /** Whether single messages are told: not above 200 per second. */
  readonly isFlow: boolean;
}

/** A token that was drawn: where a click finds it. */
export interface Drawn {
  readonly key: string;
  readonly count: number;
  readonly x: number;
  readonly y: number;
}

/** All that a frame is drawn from. */
export interface Frame {
  readonly brush: Brush;
  readonly anchors: Anchors;
  readonly colours: Colours;
  /** ms of the page's steady clock. */
  readonly now: number;
  readonly selected: string | undefined;
  /** Whether there are so many that numbers could not be read. */
  readonly areDots: boolean;
  readonly isStill: boolean;
  readonly drawn: Drawn[];
}

/** Draws one lane: its lines, what Redis holds, what moves, and what subscribers have in their hands. */
export function paintLane(scene: Scene, colour: string, figures: LaneFigures, frame: Frame): void {
  paintPaths(scene, colour, figures, frame);
  if (scene.kind === 'log') paintLog(scene, colour, figures, frame);
  else if (scene.kind !== 'channel') paintList(scene, colour, figures, frame);
  for (const [instance, held] of scene.hands) {
    const box = frame.anchors.get(`hand:${scene.name}:${instance}`);
    const shown = [...held.values()].filter(({ from, until }) => from <= frame.now && frame.now < until);
    const style = { fill: colour, ink: frame.colours.card, isHollow: true };
    if (box) paintRow(shown, box, 'left', style, frame, untold(shown.length + scene.movers.length, figures));
  }
  for (const mover of scene.movers) paintMover(mover, scene.kind === 'channel', colour, frame);
  paintSigns(scene, colour, frame);
}

/** How many more a subscriber has in flight than was told one by one: known where there is one, and Redis keeps account of it. @param told those that are seen, on their way included */
function untold(told: number, { inFlight, instances }: LaneFigures): number {
  return instances.length === 1 ? Math.max(0, (inFlight ?? 0) - told) : 0;
}

function paintPaths(
  { name }: Scene,
  colour: string,
  { rate, rateOf, instances, isFlow }: LaneFigures,
  frame: Frame,
): void {
  const { anchors, brush, colours, now, isStill } = frame;
  const holds = placeOf(anchors, `holds:${name}`);
  const publisher = anchors.get(`publisher:${name}`);
  if (!holds) return;
  const draw = (from: Point, to: Point, perSecondHere: number) => {
    const phase = isStill ? 0 : (now / 1000) * Math.min(220, 60 + 40 * Math.log10(1 + perSecondHere));
    const flow =
      isFlow && perSecondHere > 0 ? { phase, width: 1.5 + Math.min(4, Math.log10(perSecondHere)) } : undefined;
    brush.path(from, to, flow ? colour : colours.line, flow);
    if (flow) brush.text(perSecond(perSecondHere), { x: to.x - 8, y: to.y - 9 }, colour, 'right', 600);
  };
  if (publisher) draw(rightOf(publisher), leftOf(holds), rate);
  for (const instance of instances) {
    const box = anchors.get(`sub:${name}:${instance}`);
    if (box) draw(rightOf(holds), leftOf(box), rateOf.get(instance) ?? 0);
  }
}

/** A list: its head is at the right, next to the subscribers. What is in processing lists stands in those. */
function paintList(scene: Scene, colour: string, figures: LaneFigures, frame: Frame): void {
  const { waiting, isFlow } = figures;
  const box = frame.anchors.get(`holds:${scene.name}`);
  if (!box) return;
  const { now, colours } = frame;
  const there = [...scene.chips.values()].filter(({ from, until }) => from <= now && now < until);
  const unread = isFlow ? [] : there.filter(({ takenAt }) => now < takenAt);
  paintRow(
    unread,
    box,
    'right',
    { fill: colour, ink: colours.card },
    frame,
    Math.max(0, (waiting ?? 0) - unread.length),
  );
  if (scene.kind !== 'leased') return;
  for (const instance of new Set(there.map(({ takenBy }) => takenBy))) {
    const row = frame.anchors.get(`processing:${scene.name}:${instance}`);
    const chips = there.filter(({ takenBy, takenAt }) => takenBy === instance && takenAt <= now);
    const style = { fill: colour, ink: colours.card, isHollow: true, isDashed: true };
    if (row) paintRow(chips, row, 'left', style, frame, untold(chips.length + scene.movers.length, figures));
  }
}

/** A log: the newest entry is at the left; each group has a marker in front of what it was given last. */
function paintLog(scene: Scene, colour: string, { behind, isFlow }: LaneFigures, frame: Frame): void {
  const box = frame.anchors.get(`holds:${scene.name}`);
  if (!box) return;
  const { now, colours, brush } = frame;
  const newestFirst = [...scene.chips.values()].filter(({ from }) => from <= now).reverse();
  const edges: number[] = [box.x];
  const y = box.y + box.height / 2;
  let x = box.x;
  let position = 0;
  const mostBehind = Math.max(0, ...behind.values());
  for (const chip of isFlow ? [] : newestFirst) {
    const width = tokenWidth(chip.count);
    if (x + width > box.x + box.width) break;
    chip.x = glide(chip, x + width / 2, box.x);
    // Who has ended, or stands still, has not told of what it took: the group's position does.
    const isUnread = now < chip.takenAt && (position++ < mostBehind || now < chip.from + SETTLED_MS);
    const isDone = chip.until <= now;
    const style = { fill: colour, ink: colours.card, isHollow: !isUnread, isDashed: !isUnread && !isDone };
    token(chip, chip.x, y, { ...style, alpha: isDone ? 0.65 : 1 }, frame);
    x += width + GAP;
    edges.push(x - GAP / 2);
  }
  let row = 0;
  for (const [group, messages] of behind) {
    const edge = edges[messages];
    const at = edge ?? box.x + box.width;
    const label = messages === 0 ? group : `${group}: ${messages} behind`;
    marker({ x: Math.max(box.x + 1, at - 1), y: box.y - 1 }, box, label, row++, colours, brush);
  }
}

/** A pin at a group's position, with its name above it. */
function marker(at: Point, box: Box, label: string, row: number, colours: Colours, brush: Brush): void {
  const { context } = brush;
  context.strokeStyle = colours.ink;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(at.x, at.y - 2);
  context.lineTo(at.x, box.y + box.height + 1);
  context.stroke();
  context.beginPath();
  context.moveTo(at.x - 3.5, at.y - 6);
  context.lineTo(at.x + 3.5, at.y - 6);
  context.lineTo(at.x, at.y - 1);
  context.fillStyle = colours.ink;
  context.fill();
  const isRight = at.x > box.x + box.width / 2;
  const x = at.x + (isRight ? -6 : 6);
  brush.text(label, { x, y: at.y - 6 - 12 * row }, colours.soft, isRight ? 'right' : 'left', 600);
}

/** Tokens in a row, with how many more there are than fit. */
function paintRow(
  tokens: readonly (Pick<Chip, 'key' | 'count' | 'x'> & { attempt?: number })[],
  box: Box,
  side: 'left' | 'right',
  style: TokenStyle,
  frame: Frame,
  unknown = 0,
): void {
  const y = box.y + box.height / 2;
  const room = box.width - 44; // for how many more there are
  const sign = side === 'left' ? 1 : -1;
  let used = 0;
  let shown = 0;
  for (const each of tokens) {
    const width = tokenWidth(each.count);
    const isLast = shown === tokens.length - 1 && unknown === 0;
    if (used + width > (isLast ? box.width : room)) break;
    const target = (side === 'left' ? box.x : box.x + box.width) + sign * (used + width / 2);
    const x = side === 'right' ? glide(each, target, box.x) : target;
    if (side === 'right') each.x = x;
    const fill = (each.attempt ?? 1) > 1 ? frame.colours.again : style.fill;
    token(each, x, y, { ...style, fill }, frame);
    used += width + GAP;
    shown++;
  }
  const more = tokens.length - shown + unknown;
  if (more <= 0) return;
  const x = (side === 'left' ? box.x : box.x + box.width) + sign * used;
  const text = shown === 0 ? `${more.toLocaleString('en')}` : `+${more.toLocaleString('en')}`;
  frame.brush.text(text, { x, y }, frame.colours.soft, side, 600);
}

function glide(chip: { x?: number }, target: number, from: number): number {
  const x = chip.x ?? from;
  return Math.abs(target - x) < 0.5 ? target : x + (target - x) * GLIDE;
}

function token(
  { key, count }: { key: string; count: number },
  x: number,
  y: number,
  style: TokenStyle,
  frame: Frame,
): void {
  frame.brush.token({ x, y }, count, { ...style, ring: key === frame.selected ? frame.colours.marked : undefined });
  frame.drawn.push({ key, count, x, y });
}

/** @param passes whether what comes to Redis goes through it, to its other end */
function paintMover(mover: Mover, passes: boolean, colour: string, frame: Frame): void {
  const { key, count, from, to, start, end, tone } = mover;
  const { anchors, brush, colours, now, areDots } = frame;
  const [source, target] = [placeOf(anchors, from), placeOf(anchors, to)];
  if (!source || !target || now < start) return;
  const part = ease(Math.min(1, (now - start) / (end - start)));
  const out = rightOf(source);
  const leaves = { x: out.x + (from.startsWith('publisher:') ? START : 0), y: out.y };
  const [a, b] = [leaves, passes && to.startsWith('holds:') ? rightOf(target) : leftOf(target)];
  const at = along(a, b, part);
  const fill = tone === 'again' ? colours.again : tone === 'bad' ? colours.bad : colour;
  const ring = key === frame.selected ? colours.marked : undefined;
  brush.trail(along(a, b, Math.max(0, part - 0.16)), at, fill);
  if (areDots) brush.dot(at, { fill, ink: colours.card, ring });
  else brush.token(at, count, { fill, ink: colours.card, ring });
  frame.drawn.push({ key, count, ...at });
}

function paintSigns({ signs }: Scene, colour: string, { anchors, brush, colours, now }: Frame): void {
  for (const { at, until, anchor, what, count } of signs) {
    const box = placeOf(anchors, anchor);
    if (!box || now < at) continue;
    const age = Math.min(1, (now - at) / (until - at));
    if (what === 'handled') {
      if (age < 0.5) brush.ripple(leftOf(box), colour, age * 2);
      continue;
    }
    const isLost = what === 'lost';
    const isInRedis = anchor.startsWith('holds:');
    const place = isInRedis ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : leftOf(box);
    const point = { x: place.x - (isInRedis ? 0 : 14), y: place.y + 12 * age };
    const tone = isLost ? colours.lost : colours.bad;
    brush.cross(point, tone, age);
    const isNewest =
      signs.findLast((other) => other.anchor === anchor && other.what !== 'handled' && other.at <= now)?.at === at;
    if (!isNewest) continue;
    const words = { lost: 'lost', failed: 'failed', dead: 'dead letter' }[what];
    brush.text(`${count || ''} ${words}`, { x: point.x - 9, y: point.y }, tone, 'right', 600, 1 - age ** 3);
  }
}

/** Where messages come and go: what stands in Redis is as wide as its box, and has a track of its own in it, under the words. */
function placeOf(anchors: Anchors, name: string): Box | undefined {
  const track = anchors.get(name);
  const box = name.startsWith('holds:') ? anchors.get(name.replace('holds:', 'redis:')) : undefined;
  return track && box ? { ...track, x: box.x, width: box.width } : track;
}

const rightOf = ({ x, y, width, height }: Box): Point => ({ x: x + width, y: y + height / 2 });
const leftOf = ({ x, y, height }: Box): Point => ({ x, y: y + height / 2 });

/** Slow at both ends. */
const ease = (part: number): number => (part < 0.5 ? 2 * part * part : 1 - (2 - 2 * part) ** 2 / 2);
