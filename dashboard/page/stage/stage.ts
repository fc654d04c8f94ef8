import { effect } from '@preact/signals';
import type { Happened } from '../../wire/wire.ts';
import { rateOfService, ratesOf, statsOf } from '../state/accounts.ts';
import { patterns, selected, services } from '../state/store.ts';
import { Anchors } from './anchors.ts';
import { Brush } from './brush.ts';
import { type Colours, readColours } from './colours.ts';
import { kindOf } from './lane-kind.ts';
import { type Drawn, type LaneFigures, paintLane } from './painter.ts';
import { Scene } from './scene.ts';

/** How long a message moves from one place to the next, at the pace 1: ms. */
const TRAVEL_MS = 560;
/** What the services tell within this time is put in order: ms. */
const TOGETHER_MS = 120;
/** Above this many messages per second they move faster, and have no numbers. */
const MANY_PER_SECOND = 25;
/** Above this many a lane is a flow. Services say then how many, not which. */
const FLOW_PER_SECOND = 200;
/** A click finds a token that is this near: CSS pixels. */
const REACH = 16;

const stillness = matchMedia('(prefers-reduced-motion: reduce)');

/** The canvas that lies over the lanes, and all that moves on it. */
export class Stage {
  readonly #scenes = new Map<string, Scene>();
  #canvas: HTMLCanvasElement | undefined;
  #anchors: Anchors | undefined;
  #brush: Brush | undefined;
  #colours: Colours | undefined;
  #figures = new Map<string, LaneFigures>();
  #drawn: Drawn[] = [];
  #told: Happened[] = [];
  #isScheduled = false;
  #pace = 1;
  #lastIds = '';

  /** Draws on a canvas that lies over its parent. @returns ends it */
  attach(canvas: HTMLCanvasElement): () => void {
    const stage = canvas.parentElement as HTMLElement;
    this.#canvas = canvas;
    this.#anchors = new Anchors(stage);
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#brush = new Brush(context, getComputedStyle(stage).fontFamily);
    const resized = new ResizeObserver(() => this.moved());
    resized.observe(stage);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => {
      this.#colours = readColours(stage);
      this.wake();
    };
    dark.addEventListener('change', recolour);
    recolour();
    const end = effect(() => {
      selected.value;
      this.#look();
    });
    return () => {
      end();
      resized.disconnect();
      dark.removeEventListener('change', recolour);
      this.#canvas = undefined;
    };
  }

  /** Boxes have moved. */
  moved(): void {
    this.#anchors?.forget();
    this.wake();
  }

  /** All is new. */
  began(recent: readonly Happened[]): void {
    this.#scenes.clear();
    for (const each of recent) this.#sceneOf(each.lane)?.take(each, -1, 0);
    for (const scene of this.#scenes.values()) {
      scene.tidy(0);
      scene.signs = [];
    }
    this.wake();
  }

  /** Shows it a moment later, so that what several services tell comes in its order. */
  happened(happened: readonly Happened[]): void {
    this.#told.push(...happened);
    setTimeout(() => this.#show(), TOGETHER_MS);
  }

  #show(): void {
    const told = this.#told.sort((one, other) => one.at - other.at);
    this.#told = [];
    const now = performance.now();
    const travelMs = this.#travelMs();
    for (const each of told) this.#sceneOf(each.lane)?.take(each, now, travelMs);
    this.wake();
  }

  /** Draws the next frame, and goes on while anything moves. */
  wake(): void {
    if (this.#isScheduled || !this.#canvas) return;
    this.#isScheduled = true;
    requestAnimationFrame((now) => {
      this.#isScheduled = false;
      if (this.#paint(now)) this.wake();
    });
  }

  /** The message that was drawn at a point of the stage. */
  find(x: number, y: number): Drawn | undefined {
    const distance = (drawn: Drawn) => Math.hypot(drawn.x - x, drawn.y - y);
    const near = this.#drawn.filter((drawn) => drawn.key !== '' && distance(drawn) < REACH);
    return near.sort((one, other) => distance(one) - distance(other))[0];
  }

  #sceneOf(lane: string): Scene | undefined {
    const known = this.#scenes.get(lane);
    if (known) return known;
    const pattern = patterns.peek().find(({ name }) => name === lane);
    if (!pattern) return undefined;
    const scene = new Scene(lane, kindOf(pattern.guarantees));
    this.#scenes.set(lane, scene);
    return scene;
  }

  #travelMs(): number {
    if (stillness.matches) return 0;
    const fastest = Math.max(0, ...[...this.#figures.values()].map(({ rate }) => rate));
    return (fastest > MANY_PER_SECOND ? TRAVEL_MS / 2 : TRAVEL_MS) / this.#pace ** 0.6;
  }

  /** What the services say changes what is drawn. */
  #look(): void {
    const all = services.value;
    const subscribers = all.filter(({ snapshot }) => snapshot.service === 'subscriber');
    for (const pattern of patterns.value) {
      const scene = this.#sceneOf(pattern.name);
      const { name } = pattern;
      const theirs = subscribers.filter((state) => statsOf(state, name));
      const rateOf = new Map(theirs.map((state) => [state.snapshot.instance, rateOfService(name, state)]));
      const rate = ratesOf(name, all).in;
      const isFlow = rate > FLOW_PER_SECOND || [...rateOf.values()].some((each) => each > FLOW_PER_SECOND);
      if (isFlow) scene?.becomeFlow();
      const behind = new Map<string, number>();
      if (pattern.guarantees.groups)
        for (const state of theirs.filter(({ status }) => status !== 'gone'))
          behind.set(state.snapshot.group ?? '', statsOf(state, name)?.waiting ?? 0);
      const instances = theirs.filter(({ status }) => status !== 'gone').map(({ snapshot }) => snapshot.instance);
      for (const { status, snapshot } of theirs)
        if (status === 'gone') scene?.ended(snapshot.instance, performance.now());
      const newest = all.filter((state) => state.status === 'up' && statsOf(state, name)).at(-1);
      const held = newest && statsOf(newest, name);
      const waiting = held?.waiting ?? null;
      scene?.reconcile(waiting, held?.inFlight ?? null, performance.now());
      this.#figures.set(name, { rate, rateOf, instances, waiting, inFlight: held?.inFlight ?? null, behind, isFlow });
    }
    const publisher = all.find(({ snapshot }) => snapshot.service === 'publisher');
    this.#pace = publisher?.snapshot.settings.pace || 1;
    const ids = all.map(({ snapshot, status }) => `${snapshot.instance} ${status}`).join();
    if (ids !== this.#lastIds) this.#anchors?.forget(); // boxes come and go
    this.#lastIds = ids;
    this.wake();
  }

  /** @returns whether anything moves */
  #paint(now: number): boolean {
    const { brush, anchors, colours } = { brush: this.#brush, anchors: this.#anchors, colours: this.#colours };
    if (!this.#canvas || !brush || !anchors || !colours) return false;
    this.#fit(this.#canvas, brush.context);
    this.#drawn = [];
    const isStill = stillness.matches;
    let isMoving = false;
    for (const [index, { name }] of patterns.peek().entries()) {
      const scene = this.#sceneOf(name);
      const figures = this.#figures.get(name);
      if (!scene || !figures) continue;
      scene.tidy(now);
      const areDots = figures.rate > MANY_PER_SECOND;
      const frame = {
        brush,
        anchors,
        colours,
        now,
        selected: selected.peek()?.key,
        areDots,
        isStill,
        drawn: this.#drawn,
      };
      paintLane(scene, colours.lanes[index % colours.lanes.length] as string, figures, frame);
      isMoving ||= scene.isMoving(now) || (figures.isFlow && !isStill) || isGliding(scene, now);
    }
    return isMoving;
  }

  #fit(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): void {
    const ratio = devicePixelRatio;
    const { clientWidth, clientHeight } = canvas;
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
  }
}

/** Whether tokens have yet to reach their places: some frames after something has come or gone. */
function isGliding(scene: Scene, now: number): boolean {
  for (const { from, until, takenAt } of scene.chips.values()) {
    for (const at of [from, until, takenAt]) if (at > now - 500 && at !== Number.POSITIVE_INFINITY) return true;
  }
  for (const held of scene.hands.values())
    for (const { from, until } of held.values())
      if (from > now - 500 || until !== Number.POSITIVE_INFINITY) return true;
  return false;
}
