import { sum } from '../account/sum.ts';
import type { Experiment } from '../experiments/experiment.ts';
import type { ExperimentResult } from '../measure/result.ts';

/** Prints which experiment runs, and the time left: by the experiments' own estimates, and this machine's speed so far. */
export class Progress {
  readonly #all: readonly Experiment[];
  readonly #repeat: number;
  readonly #say: (line: string) => void;
  #estimated = 0;
  #spent = 0;
  #number = 0;

  constructor(all: readonly Experiment[], repeat: number, say: (line: string) => void) {
    this.#all = all;
    this.#repeat = repeat;
    this.#say = say;
  }

  begin({ name, question }: Experiment): void {
    const pace = this.#estimated === 0 ? 1 : this.#spent / this.#estimated;
    const left = this.#repeat * sum(this.#all.slice(this.#number).map(({ seconds }) => seconds));
    this.#number++;
    const place = `[${String(this.#number).padStart(2)}/${this.#all.length}]`;
    this.#say(`${place} ${name}: ${question} (about ${Math.max(1, Math.round(pace * left))} s left)`);
  }

  end({ seconds, skipped, failed = {} }: ExperimentResult): void {
    if (skipped) this.#say(`        ${skipped}`);
    for (const [name, reason] of Object.entries(failed)) this.#say(`        ${name} failed: ${reason}`);
    this.#spent += seconds;
    this.#estimated += (this.#all[this.#number - 1] as Experiment).seconds * this.#repeat;
  }
}
