import { describe, expect, test } from '@jest/globals';
import { createClock, nowMicros } from '@redis-messaging/shared/accounting/clock';

const AGREES_MICROS = 100;

/** A machine whose clocks a test moves: ms. */
class Machine {
  elapsed = 5;
  wallAtStart = 1_800_000_000_000.25;
  /** Passes whenever the steady clock has been read. */
  readingTakes = 0.01;

  readonly steady = () => {
    const now = this.elapsed;
    this.elapsed += this.readingTakes;
    return now;
  };
  readonly wall = () => Math.floor(this.wallAtStart + this.elapsed);

  /** How far from the truth a clock is: µs. */
  errorOf(clock: () => number): number {
    return clock() - (this.wallAtStart + this.elapsed - this.readingTakes) * 1000;
  }

  /** Reads a clock now and then for some ms. */
  use(clock: () => number, ms = 50): void {
    for (const end = this.elapsed + ms; this.elapsed < end; this.elapsed += 0.0973) clock();
  }
}

describe('the wall clock in µs', () => {
  test('is that of Date', () => {
    expect(Math.abs(nowMicros() / 1000 - Date.now())).toBeLessThan(1000);
  });

  test.each([0.01, 0.24, 0.5, 0.99])('is exact from the start, %d ms after a tick', (afterTick) => {
    const machine = new Machine();
    machine.wallAtStart = Math.floor(machine.wallAtStart) + afterTick;
    const clock = createClock(machine.steady, machine.wall);
    expect(Math.abs(machine.errorOf(clock))).toBeLessThan(AGREES_MICROS);
  });

  test('being held up between two readings does no harm', () => {
    const machine = new Machine();
    const clock = createClock(machine.steady, machine.wall);
    machine.readingTakes = 7;
    machine.use(clock);
    expect(Math.abs(machine.errorOf(clock))).toBeLessThan(AGREES_MICROS);
  });

  test('being held up at the start is made up for in use', () => {
    const machine = new Machine();
    machine.readingTakes = 4;
    const clock = createClock(machine.steady, machine.wall);
    machine.readingTakes = 0.01;
    machine.use(clock);
    expect(Math.abs(machine.errorOf(clock))).toBeLessThan(AGREES_MICROS);
  });

  test.each([-3_600_000, -3, 3, 3_600_000])('a wall clock that is set by %d ms is followed at once', (by) => {
    const machine = new Machine();
    const clock = createClock(machine.steady, machine.wall);
    machine.wallAtStart += by;
    expect(Math.abs(machine.errorOf(clock))).toBeLessThanOrEqual(1000);
    machine.use(clock);
    expect(Math.abs(machine.errorOf(clock))).toBeLessThan(AGREES_MICROS);
  });
});
