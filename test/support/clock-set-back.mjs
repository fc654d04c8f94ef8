/** For `node --import`: SIGUSR2 sets this process's wall clock back by an hour. The steady clock goes on, as it does on a real machine. */
const HOUR_MS = 3_600_000;

let setBackMs = 0;
process.on('SIGUSR2', () => {
  setBackMs += HOUR_MS;
});

const TrueDate = Date;
globalThis.Date = class extends TrueDate {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(TrueDate.now() - setBackMs);
  }

  static now() {
    return TrueDate.now() - setBackMs;
  }
};
