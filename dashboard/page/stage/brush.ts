import { short } from '../state/text.ts';
import type { Point } from './anchors.ts';

/** How a token is drawn. */
export interface TokenStyle {
  readonly fill: string;
  readonly ink: string;
  /** Colour of a ring around it, for the one that is marked. */
  readonly ring?: string | undefined;
  readonly isHollow?: boolean;
  /** Dashed outline: in somebody's hands. */
  readonly isDashed?: boolean;
  readonly alpha?: number;
}

export const TOKEN_HEIGHT = 18;

/** Width of a token with a number: CSS pixels. */
export const tokenWidth = (count: number): number => Math.max(TOKEN_HEIGHT, short(count).length * 6.6 + 11);

/** Draws what the page is made of on a canvas. Units are CSS pixels. */
export class Brush {
  readonly context: CanvasRenderingContext2D;
  readonly font: string;

  constructor(context: CanvasRenderingContext2D, font: string) {
    this.context = context;
    this.font = font;
  }

  /** A pill with the message's number, its centre at a point. */
  token({ x, y }: Point, count: number, style: TokenStyle): void {
    const { context } = this;
    const width = tokenWidth(count);
    context.globalAlpha = style.alpha ?? 1;
    this.#pill(x, y, width, TOKEN_HEIGHT);
    if (style.isHollow) {
      context.fillStyle = style.ink;
      context.globalAlpha *= 0.06;
      context.fill();
      context.globalAlpha = style.alpha ?? 1;
      context.lineWidth = 1.25;
      context.strokeStyle = style.fill;
      if (style.isDashed) context.setLineDash([3, 2.5]);
      context.stroke();
      context.setLineDash([]);
    } else {
      context.fillStyle = style.fill;
      context.fill();
    }
    if (style.ring) this.#ring(x, y, width, style.ring);
    context.font = `600 11px ${this.font}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = style.isHollow ? style.fill : style.ink;
    context.fillText(short(count), x, y + 0.75);
    context.globalAlpha = 1;
  }

  /** A dot without a number, for where there are many. */
  dot({ x, y }: Point, style: TokenStyle): void {
    this.context.globalAlpha = style.alpha ?? 1;
    this.context.beginPath();
    this.context.arc(x, y, style.ring ? 6 : 3.5, 0, 7);
    this.context.fillStyle = style.ring ?? style.fill;
    this.context.fill();
    this.context.globalAlpha = 1;
  }

  /** The trail behind something that moves. */
  trail(from: Point, to: Point, colour: string): void {
    const { context } = this;
    const gradient = context.createLinearGradient(from.x, from.y, to.x, to.y);
    gradient.addColorStop(0, 'transparent');
    gradient.addColorStop(1, colour);
    context.globalAlpha = 0.4;
    context.strokeStyle = gradient;
    context.lineWidth = 5;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** The thin line along which messages go; dashes that move are a flow. @param phase in pixels */
  path(from: Point, to: Point, colour: string, flow?: { readonly phase: number; readonly width: number }): void {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = flow?.width ?? 1;
    context.lineCap = 'butt';
    if (flow) {
      context.setLineDash([9, 6]);
      context.lineDashOffset = -flow.phase;
    }
    context.beginPath();
    curve(context, from, to);
    context.stroke();
    context.setLineDash([]);
  }

  text(text: string, { x, y }: Point, colour: string, align: CanvasTextAlign = 'left', weight = 500, alpha = 1): void {
    const { context } = this;
    context.font = `${weight} 11px ${this.font}`;
    context.textAlign = align;
    context.textBaseline = 'middle';
    context.fillStyle = colour;
    context.globalAlpha = alpha;
    context.fillText(text, x, y);
    context.globalAlpha = 1;
  }

  /** A cross: something is lost. @param age 0 to 1 */
  cross({ x, y }: Point, colour: string, age: number): void {
    const { context } = this;
    const size = 5;
    context.globalAlpha = 1 - age;
    context.strokeStyle = colour;
    context.lineWidth = 2.25;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.stroke();
    context.globalAlpha = 1;
  }

  /** A ring that grows: something is done. @param age 0 to 1 */
  ripple({ x, y }: Point, colour: string, age: number): void {
    const { context } = this;
    context.globalAlpha = (1 - age) ** 2;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 6 + 9 * age, 0, 7);
    context.stroke();
    context.globalAlpha = 1;
  }

  #ring(x: number, y: number, width: number, colour: string): void {
    this.#pill(x, y, width + 7, TOKEN_HEIGHT + 7);
    this.context.lineWidth = 2.5;
    this.context.strokeStyle = colour;
    this.context.stroke();
  }

  #pill(x: number, y: number, width: number, height: number): void {
    this.context.beginPath();
    this.context.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
  }
}

/** A curve that leaves and arrives level. */
function curve(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  const middle = (from.x + to.x) / 2;
  context.moveTo(from.x, from.y);
  context.bezierCurveTo(middle, from.y, middle, to.y, to.x, to.y);
}

/** The point of that curve at `part`, 0 to 1. */
export function along(from: Point, to: Point, part: number): Point {
  const rest = 1 - part;
  const middle = (from.x + to.x) / 2;
  const [a, b, c, d] = [rest ** 3, 3 * rest ** 2 * part, 3 * rest * part ** 2, part ** 3];
  return { x: a * from.x + (b + c) * middle + d * to.x, y: (a + b) * from.y + (c + d) * to.y };
}
