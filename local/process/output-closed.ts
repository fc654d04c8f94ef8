/** Calls back, once, when nobody reads standard output any more, as in `… | head`. What is written after that is dropped. */
export function onOutputClosed(callback: () => void): void {
  let isClosed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!isClosed) callback();
    isClosed = true;
  });
}
