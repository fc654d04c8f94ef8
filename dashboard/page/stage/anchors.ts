/** A rectangle on the stage, in CSS pixels from its upper left corner. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A point on the stage, in CSS pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where the boxes of the page are that the canvas draws on: each element with `data-anchor`, by what that says. */
export class Anchors {
  readonly #stage: HTMLElement;
  #boxes = new Map<string, Box>();
  #isStale = true;

  constructor(stage: HTMLElement) {
    this.#stage = stage;
  }

  /** The boxes have moved, or there are others. They are measured again when one is asked for. */
  forget(): void {
    this.#isStale = true;
  }

  get(name: string): Box | undefined {
    if (this.#isStale) this.#measure();
    return this.#boxes.get(name);
  }

  #measure(): void {
    this.#isStale = false;
    const origin = this.#stage.getBoundingClientRect();
    this.#boxes = new Map();
    for (const element of this.#stage.querySelectorAll<HTMLElement>('[data-anchor]')) {
      const { left, top, width, height } = element.getBoundingClientRect();
      const box = { x: left - origin.left, y: top - origin.top, width, height };
      this.#boxes.set(element.dataset.anchor as string, box);
    }
  }
}
